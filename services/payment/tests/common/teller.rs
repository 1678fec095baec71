//! Tells random histories to a service.

use std::collections::BTreeMap;

use niva_access::{Caller, Role};
use niva_proto::common::v1::job;
use niva_proto::payment::v1 as pb;

use super::World;
use super::steps::{Kind, Step, Told};
use super::told::{approved_by, cost_approved_by, imported};

/// Whoever tells: it remembers which revision of a fact is the newest.
pub(crate) struct Teller<'w> {
    world: &'w World,
    newest: BTreeMap<String, (pb::create_import_request::Record, i64)>,
    applied: BTreeMap<String, i64>,
}

impl<'w> Teller<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world, newest: BTreeMap::new(), applied: BTreeMap::new() }
    }

    pub(crate) async fn step(&mut self, step: &Step) {
        self.world.assessed(&step.assessed).await;
        self.world.chosen(&step.chosen).await;
        self.told(&step.told).await;
    }

    /// Takes back first, then imports, then what goes by rpcs of its own.
    pub(crate) async fn told(&mut self, told: &[Told]) {
        for told in told {
            if let Told::Withdrawn(kind, id) = told {
                self.withdraw(*kind, id).await;
            }
        }
        let records: Vec<_> = told
            .iter()
            .filter_map(|told| match told {
                Told::Record(record) => Some(record.clone()),
                _ => None,
            })
            .collect();
        self.import(records).await;
        for told in told {
            match told {
                Told::Record(_) | Told::Withdrawn(..) => {}
                Told::Applied(special) => self.apply(special).await,
                Told::Approved(kind, id) => self.approve(*kind, id).await,
                Told::Decided(id, granted) => self.decide(id, *granted).await,
            }
        }
    }

    async fn import(&mut self, records: Vec<pb::create_import_request::Record>) {
        if records.is_empty() {
            return;
        }
        for record in &records {
            let known = self.newest.get(id(record)).map_or((None, 0), |(said, n)| (Some(said), *n));
            if known.0 != Some(record) {
                self.newest.insert(id(record).to_owned(), (record.clone(), known.1 + 1));
            }
        }
        let (import, errors) =
            imported(self.world, &self.world.request(), "told otherwise", records).await.unwrap();
        assert_eq!((import.job.unwrap().state(), errors), (job::State::Done, vec![]));
    }

    async fn approve(&mut self, kind: Kind, id: &str) {
        let (_, revision) = self.newest.get_mut(id).unwrap();
        match kind {
            Kind::PremisesCost => {
                cost_approved_by(self.world, "second", id, *revision).await.map(drop).unwrap();
            }
            _ => approved_by(self.world, "second", id, *revision).await.map(drop).unwrap(),
        }
        *revision += 1;
    }

    async fn apply(&mut self, special: &pb::SpecialCompensation) {
        let (request_id, special_compensation) = (self.world.request(), Some(special.clone()));
        let mut client = self.world.maker().special_compensations;
        let revision = self.applied.entry(special.special_compensation_id.clone()).or_default();
        if *revision == 0 {
            let request = pb::RecordSpecialCompensationRequest {
                request_id,
                special_compensation,
                ..Default::default()
            };
            client.record_special_compensation(request).await.unwrap();
        } else {
            let request = pb::CorrectSpecialCompensationRequest {
                request_id,
                expected_revision: *revision,
                reason: "told otherwise".to_owned(),
                special_compensation,
                ..Default::default()
            };
            client.correct_special_compensation(request).await.unwrap();
        }
        *revision += 1;
    }

    async fn decide(&mut self, id: &str, granted: bool) {
        let mut client = self.world.by(Caller::new("second", [Role::FinanceApprover])).special_compensations;
        let revision = self.applied.get_mut(id).unwrap();
        let request = pb::DecideSpecialCompensationRequest {
            request_id: self.world.request(),
            expected_revision: *revision,
            reason: "as the plan says".to_owned(),
            special_compensation_id: id.to_owned(),
            granted,
            ..Default::default()
        };
        client.decide_special_compensation(request).await.unwrap();
        *revision += 1;
    }

    async fn withdraw(&mut self, kind: Kind, id: &str) {
        let known = self.newest.get(id).map(|(_, revision)| *revision);
        let expected_revision = known.or_else(|| self.applied.get(id).copied()).unwrap();
        let by = self.world.maker();
        macro_rules! withdraw {
            ($client:ident.$rpc:ident($request:ident, $id:ident)) => {{
                let request = pb::$request {
                    request_id: self.world.request(),
                    expected_revision,
                    reason: "of another person".to_owned(),
                    $id: id.to_owned(),
                    ..Default::default()
                };
                let mut client = by.$client;
                client.$rpc(request).await.map(drop).unwrap();
            }};
        }
        match kind {
            Kind::Schedule => withdraw!(schedules.withdraw_schedule(WithdrawScheduleRequest, schedule_id)),
            Kind::Occasion => withdraw!(occasions.withdraw_occasion(WithdrawOccasionRequest, occasion_id)),
            Kind::Absence => withdraw!(absences.withdraw_absence(WithdrawAbsenceRequest, absence_id)),
            Kind::Agreement => {
                withdraw!(agreements.withdraw_agreement(WithdrawAgreementRequest, agreement_id));
            }
            Kind::Transition => {
                withdraw!(transitions.withdraw_transition(WithdrawTransitionRequest, transition_id));
            }
            Kind::PremisesCost => {
                withdraw!(
                    premises_costs.withdraw_premises_cost(WithdrawPremisesCostRequest, premises_cost_id)
                );
            }
            Kind::Visit => withdraw!(visits.withdraw_visit(WithdrawVisitRequest, visit_id)),
            Kind::Special => {
                withdraw!(special_compensations.withdraw_special_compensation(
                    WithdrawSpecialCompensationRequest,
                    special_compensation_id
                ));
            }
        }
    }
}

fn id(record: &pb::create_import_request::Record) -> &str {
    use pb::create_import_request::Record as R;
    match record {
        R::Schedule(fact) => &fact.schedule_id,
        R::Occasion(fact) => &fact.occasion_id,
        R::Absence(fact) => &fact.absence_id,
        R::Agreement(fact) => &fact.agreement_id,
        R::Transition(fact) => &fact.transition_id,
        R::PremisesCost(fact) => &fact.premises_cost_id,
        R::Visit(fact) => &fact.visit_id,
    }
}
