//! Steps that assessment is told.

use niva_journeys::{steps, world::Role};
use niva_proto::{
    assessment::v1::{
        ChangeGrantScopeRequest, CorrectGrantRequest, CorrectLevelDecisionRequest, DecideLevelRequest,
        EndGrantRequest, GetPersonRequest, Grant, LevelDecision, Measurement, MergeDifference,
        MergePersonsRequest, MovePersonRequest, RecordDeathRequest, RecordGrantRequest,
        RecordLevelDecisionRequest, RecordMeasurementRequest, RecordPersonRequest, ResidencePeriod,
        ScopePeriod, WithdrawGrantRequest, WithdrawLevelDecisionRequest, WithdrawPersonMergeRequest,
        level_decision::Kind,
    },
    common::v1::{Date, Level},
};

use super::play::{Fact, Play, REASON, call, refusal, revision};
use super::words::{Done, Words, number};

const NOTHING: &str = "the answer is empty";

impl Play {
    /// `grant G1 P1 supported_housing Farsta from 2024-01-01 to 2024-06-30 sessions 3`. A person not known lives in the
    /// district that grants.
    pub(super) async fn grant(&mut self, w: &mut Words<'_>) -> Done {
        let (id, person, service, district) = (w.next()?, w.next()?, w.next()?, w.next()?);
        let officer = || self.world.assessment(Role::CaseOfficer);
        if !self.services.contains_key(person) {
            let lives = Some(steps::living(person, district));
            call!(officer(), persons.record_person, RecordPersonRequest { person: lives } => person);
        }
        let valid = w.days()?;
        let first = valid.and_then(|valid| valid.first);
        let scopes = w.scope()?.map(|scope| ScopePeriod { valid_from: first, scope: Some(scope) });
        let grant = Grant {
            grant_id: id.to_owned(),
            person_id: person.to_owned(),
            service: service.to_owned(),
            district: district.to_owned(),
            valid,
            scopes: scopes.into_iter().collect(),
            ..Default::default()
        };
        let grant = call!(officer(), grants.record_grant, RecordGrantRequest { grant: Some(grant) } => grant);
        self.services.insert(person.to_owned(), service.to_owned());
        self.keep(id, Fact::Grant(grant.ok_or(NOTHING)?));
        Ok(())
    }

    /// `scope G1 from 2024-03-01 sessions 4`.
    pub(super) async fn scope(&mut self, w: &mut Words<'_>) -> Done {
        let (id, valid_from) = (w.next()?, w.day("from")?);
        let scope = Some(ScopePeriod { valid_from, scope: w.scope()? });
        let officer = self.world.assessment(Role::CaseOfficer);
        let grant = call!(officer, grants.change_grant_scope, ChangeGrantScopeRequest { grant_id: id.to_owned(), scope: scope } => grant);
        self.keep(id, Fact::Grant(grant.ok_or(NOTHING)?));
        Ok(())
    }

    pub(super) async fn end_grant(&mut self, id: &str, last: Option<Date>) -> Done<Fact> {
        let officer = self.world.assessment(Role::CaseOfficer);
        let grant = call!(officer, grants.end_grant, EndGrantRequest { grant_id: id.to_owned(), last: last } => grant);
        Ok(Fact::Grant(grant.ok_or(NOTHING)?))
    }

    /// `level L1 P1 3 from 2024-03-01`, stated by the city; `preliminary L1 P1 1 from …`.
    pub(super) async fn level(&mut self, text: &str, w: &mut Words<'_>) -> Done {
        let kind = if text.starts_with("preliminary") { Kind::Preliminary } else { Kind::Stated };
        let (id, person, level) = (w.next()?, w.next()?, number(w.next()?)?);
        let decision = self.decision(id, person, level, w.day("from")?, kind)?;
        self.decide(id, decision).await
    }

    /// `measured L1 P1 points 20 level 2 from 2024-03-01`: the total of a measurement, and the level it gives.
    pub(super) async fn measured(&mut self, w: &mut Words<'_>) -> Done {
        let (id, person) = (w.next()?, w.next()?);
        let (points, level, valid_from) = (w.number("points")?, w.number("level")?, w.day("from")?);
        let visited = w.named("visited").map(super::words::day).transpose()?.flatten();
        let measurement = Measurement {
            measurement_id: format!("M-{id}"),
            person_id: person.to_owned(),
            service: self.service(person)?,
            visit_date: visited.or(valid_from),
            total: points,
            ..Default::default()
        };
        let assessor = || self.world.assessment(Role::Assessor);
        call!(assessor(), measurements.record_measurement, RecordMeasurementRequest { measurement: Some(measurement) } => measurement);
        let decision = call!(assessor(), level_decisions.decide_level, DecideLevelRequest {
            measurement_id: format!("M-{id}"),
            valid_from: valid_from,
            expected_level: level.map(|value| Level { value }),
            level_decision_id: id.to_owned(),
        } => level_decision);
        self.keep(id, Fact::Level(decision.ok_or(NOTHING)?));
        Ok(())
    }

    /// `converted L2 P1 of L1 level 1 from 2024-03-16`: the same points by the scale of a later day.
    pub(super) async fn converted(&mut self, w: &mut Words<'_>) -> Done {
        let (id, person, of) = (w.next()?, w.next()?, w.must("of")?);
        let (level, valid_from) = (w.number("level")?.unwrap_or_default(), w.day("from")?);
        let mut decision = self.decision(id, person, level, valid_from, Kind::Conversion)?;
        decision.measurement_id = format!("M-{of}");
        self.decide(id, decision).await
    }

    fn service(&self, person: &str) -> Done<String> {
        self.services.get(person).cloned().ok_or_else(|| format!("{person} has no grant"))
    }

    fn decision(
        &self,
        id: &str,
        person: &str,
        level: i32,
        valid_from: Option<Date>,
        kind: Kind,
    ) -> Done<LevelDecision> {
        Ok(LevelDecision {
            level_decision_id: id.to_owned(),
            person_id: person.to_owned(),
            service: self.service(person)?,
            level: Some(Level { value: level }),
            valid_from,
            kind: kind.into(),
            ..Default::default()
        })
    }

    async fn decide(&mut self, id: &str, decision: LevelDecision) -> Done {
        let assessor = self.world.assessment(Role::Assessor);
        let decision = call!(assessor, level_decisions.record_level_decision, RecordLevelDecisionRequest {
            level_decision: Some(decision),
        } => level_decision);
        self.keep(id, Fact::Level(decision.ok_or(NOTHING)?));
        Ok(())
    }

    /// `move P1 to Bromma from 2024-03-16`.
    pub(super) async fn moved(&mut self, w: &mut Words<'_>) -> Done {
        let (person, district, valid_from) = (w.next()?, w.must("to")?.to_owned(), w.day("from")?);
        let officer = self.world.assessment(Role::CaseOfficer);
        call!(officer, persons.move_person, MovePersonRequest {
            person_id: person.to_owned(),
            residence: Some(ResidencePeriod { valid_from, district }),
        } => person);
        self.unheard = true;
        Ok(())
    }

    /// `death P1 on 2024-03-10`.
    pub(super) async fn died(&mut self, w: &mut Words<'_>) -> Done {
        let (person, death_date) = (w.next()?, w.day("on")?);
        let officer = self.world.assessment(Role::CaseOfficer);
        call!(officer, persons.record_death, RecordDeathRequest { person_id: person.to_owned(), death_date: death_date } => person);
        self.unheard = true;
        Ok(())
    }

    /// `merge M1 P2 into P1 accepting grants levels`: P2 is P1, whatever their grants and levels say.
    pub(super) async fn merge(&mut self, w: &mut Words<'_>) -> Done {
        let (id, from, into) = (w.next()?, w.next()?, w.must("into")?);
        let accepting = w.has("accepting");
        let differences = [
            ("residence", MergeDifference::Residence),
            ("grants", MergeDifference::Grants),
            ("levels", MergeDifference::Levels),
        ];
        let accepted = differences.into_iter().filter(|(name, _)| accepting && w.has(name));
        let accepted = accepted.map(|(_, difference)| difference.into()).collect();
        let expected = [self.person_revision(from).await?, self.person_revision(into).await?];
        let lead = self.world.assessment(Role::AssessmentLead);
        let merge = call!(lead, merges.merge_persons, MergePersonsRequest {
            person_merge_id: id.to_owned(),
            from_person_id: from.to_owned(),
            expected_from_revision: expected[0],
            into_person_id: into.to_owned(),
            expected_into_revision: expected[1],
            reason: "two records of one person".to_owned(),
            accepted_differences: accepted,
        } => person_merge);
        self.keep(id, Fact::Merge(merge.ok_or(NOTHING)?));
        Ok(())
    }

    async fn person_revision(&self, person: &str) -> Done<i64> {
        let mut lead = self.world.assessment(Role::AssessmentLead);
        let request = GetPersonRequest { person_id: person.to_owned(), as_of: None };
        let answer = lead.persons.get_person(request).await.map_err(|status| refusal(&status))?;
        Ok(revision(answer.into_inner().person.and_then(|person| person.info).as_ref()))
    }

    pub(super) async fn correct_grant(&mut self, mut grant: Grant, w: &mut Words<'_>) -> Done<Fact> {
        w.put_days(&mut grant.valid)?;
        if let Some(district) = w.named("district") {
            district.clone_into(&mut grant.district);
        }
        if let (Some(scope), Some(first)) = (w.scope()?, grant.scopes.first_mut()) {
            first.scope = Some(scope);
        }
        if let (Some(valid), Some(first)) = (grant.valid, grant.scopes.first_mut()) {
            first.valid_from = valid.first;
        }
        let officer = self.world.assessment(Role::CaseOfficer);
        let grant = call!(officer, grants.correct_grant, CorrectGrantRequest {
            expected_revision: revision(grant.info.as_ref()),
            reason: REASON.to_owned(),
            grant: Some(grant),
        } => grant);
        Ok(Fact::Grant(grant.ok_or(NOTHING)?))
    }

    pub(super) async fn correct_level(
        &mut self,
        mut decision: LevelDecision,
        w: &mut Words<'_>,
    ) -> Done<Fact> {
        if let Some(value) = w.number("level")? {
            decision.level = Some(Level { value });
        }
        w.put_day("from", &mut decision.valid_from)?;
        let assessor = self.world.assessment(Role::Assessor);
        let decision = call!(assessor, level_decisions.correct_level_decision, CorrectLevelDecisionRequest {
            expected_revision: revision(decision.info.as_ref()),
            reason: REASON.to_owned(),
            level_decision: Some(decision),
        } => level_decision);
        Ok(Fact::Level(decision.ok_or(NOTHING)?))
    }

    pub(super) async fn withdraw_assessed(&mut self, fact: Fact) -> Done<Fact> {
        match fact {
            Fact::Grant(grant) => {
                let officer = self.world.assessment(Role::CaseOfficer);
                let grant = call!(officer, grants.withdraw_grant, WithdrawGrantRequest {
                    expected_revision: revision(grant.info.as_ref()),
                    reason: REASON.to_owned(),
                    grant_id: grant.grant_id,
                } => grant);
                Ok(Fact::Grant(grant.ok_or(NOTHING)?))
            }
            Fact::Level(decision) => {
                let assessor = self.world.assessment(Role::Assessor);
                let decision = call!(assessor, level_decisions.withdraw_level_decision, WithdrawLevelDecisionRequest {
                    expected_revision: revision(decision.info.as_ref()),
                    reason: REASON.to_owned(),
                    level_decision_id: decision.level_decision_id,
                } => level_decision);
                Ok(Fact::Level(decision.ok_or(NOTHING)?))
            }
            Fact::Merge(merge) => {
                let lead = self.world.assessment(Role::AssessmentLead);
                let merge = call!(lead, merges.withdraw_person_merge, WithdrawPersonMergeRequest {
                    expected_revision: revision(merge.info.as_ref()),
                    reason: REASON.to_owned(),
                    person_merge_id: merge.person_merge_id,
                } => person_merge);
                Ok(Fact::Merge(merge.ok_or(NOTHING)?))
            }
            _ => Err("assessment was not told it".to_owned()),
        }
    }
}
