//! A dozen new people the whole way over RPC, each step by the caller whose work it is.

use std::sync::Arc;

use niva_access::{Caller, Role};
use niva_calendar::{NaiveDate, day_after, is_working_day, plus_days};
use niva_names::{DistrictId, GrantId, PersonId, stockholm};
use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::payment::v1 as payment;

use super::plans::{Answer, Measured, PLANS, Plan};
use super::scores::{Wanted, measure};
use super::summary::Newcomer;
use super::world::World;
use super::{Progress, dates};
use crate::failure::{Asked, Failure};
use crate::wire;
use niva_city::Clients;
use niva_city::import::choice_has_caught_up;

/// The new people, between the steps.
pub(super) struct Newcomers(Vec<Person>);

struct Person {
    plan: &'static Plan,
    person_id: PersonId,
    grant_id: GrantId,
    district: DistrictId,
    /// Begins every request id about the person.
    request: String,
    officer: Clients,
    decision: Option<assessment::LevelDecision>,
    offer: choice::Offer,
    placement: Option<choice::Placement>,
}

impl Newcomers {
    /// Registers, grants, measures, wishes and offers.
    pub(super) async fn arrive(world: &World, progress: &Progress, prefix: &str) -> Result<Self, Failure> {
        let assessor = world.clients(&Caller::new("assessor", [Role::Assessor]));
        let importer = world.importer();
        let mut people = Vec::new();
        let of = i64::try_from(PLANS.len()).unwrap_or(0);
        for (number, plan) in (1..).zip(&PLANS) {
            progress.at(number, of);
            let mut person = Person::new(world, plan, number, prefix);
            person.register().await?;
            if let Measured::First(level) = plan.measured {
                person.decision = Some(person.measure(world, &assessor, level, dates::day0(), None).await?);
            }
            people.push(person);
        }
        choice_has_caught_up(&importer).await.map_err(Failure::failed)?;
        for (number, person) in people.iter_mut().enumerate() {
            person.wish_and_be_offered(number).await?;
        }
        Ok(Self(people))
    }

    /// Yes, no, or nothing.
    pub(super) async fn answer(&mut self) -> Result<(), Failure> {
        for person in &mut self.0 {
            person.answer().await?;
        }
        Ok(())
    }

    /// Offers without an answer lapse; the service does this by itself too.
    pub(super) async fn lapse(&mut self) -> Result<(), Failure> {
        for person in self.0.iter_mut().filter(|p| p.plan.answer == Answer::Nothing) {
            let request_id = format!("{}-lapse", person.request);
            let request = choice::LapseOffersRequest { request_id, ..Default::default() };
            person.officer.choice.clone().offers.lapse_offers(request).await.to("let offers lapse")?;
            person.offer = person.offers().await?.into_iter().next().to("find the lapsed offer")?;
            if person.offer.state() != choice::offer::State::Lapsed {
                return Err(Failure::failed(format_args!(
                    "the offer {} has not lapsed",
                    person.offer.offer_id
                )));
            }
        }
        Ok(())
    }

    /// Those who said yes come on the ordered day.
    pub(super) async fn start(&mut self) -> Result<(), Failure> {
        for person in &mut self.0 {
            let Some(placement) = &person.placement else { continue };
            let request = choice::StartPlacementRequest {
                request_id: format!("{}-start", person.request),
                placement_id: placement.placement_id.clone(),
                actual_start: placement.ordered_start,
                ..choice::StartPlacementRequest::default()
            };
            let started = person
                .officer
                .choice
                .clone()
                .placements
                .start_placement(request)
                .await
                .to("start a placement")?;
            person.placement = started.placement;
        }
        Ok(())
    }

    /// The providers say on which day the granted course session is: on Wednesdays.
    pub(super) async fn attend(&self, world: &World) -> Result<(), Failure> {
        for person in self.0.iter().filter(|p| p.plan.service == stockholm::STUDY_CIRCLE) {
            let Some(placement) = &person.placement else { continue };
            let request = choice::GetUnitRequest { unit_id: placement.unit_id.clone(), as_of: None };
            let unit = person
                .officer
                .choice
                .clone()
                .units
                .get_unit(request)
                .await
                .to("read a unit")?
                .unit
                .to("read a unit")?;
            let provider = unit.periods.into_iter().next_back().to("read its provider")?.provider_id;
            let teacher = Caller {
                provider: Some(provider.clone()),
                ..Caller::new(format!("provider-{provider}"), [Role::Provider])
            };
            let schedule = payment::Schedule {
                placement_id: placement.placement_id.clone(),
                valid_from: Some(wire::date(dates::ordered_start())),
                week: Some(payment::WeeklySchedule { wednesday: 1, ..payment::WeeklySchedule::default() }),
                ..payment::Schedule::default()
            };
            let request = payment::RecordScheduleRequest {
                min_positions: Vec::new(),
                request_id: format!("{}-attend", person.request),
                validate_only: false,
                schedule: Some(schedule),
            };
            world
                .clients(&teacher)
                .payment
                .clone()
                .schedules
                .record_schedule(request)
                .await
                .to("set a schedule")?;
        }
        Ok(())
    }

    /// Who began without a measurement is measured now, back in time. The placements it concerns.
    pub(super) async fn measure_late(
        &mut self,
        world: &World,
        visit: NaiveDate,
    ) -> Result<Vec<String>, Failure> {
        let assessor = world.clients(&Caller::new("assessor", [Role::Assessor]));
        let mut late = Vec::new();
        for person in &mut self.0 {
            let Measured::Late(level) = person.plan.measured else { continue };
            let from = Some(dates::march().first_day());
            person.decision = Some(person.measure(world, &assessor, level, visit, from).await?);
            late.extend(person.placement.as_ref().map(|p| p.placement_id.clone()));
        }
        Ok(late)
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The last day to answer.
    pub(super) fn answer_by(&self) -> String {
        let days = self.0.iter().filter_map(|p| wire::day(p.offer.answer_by));
        days.max().map_or_else(String::new, |last| {
            let all = niva_calendar::Interval { first: day_after(dates::day0()), last };
            let working = (0..all.days()).filter(|i| is_working_day(plus_days(all.first, *i))).count();
            format!("{last} ({working} working days)")
        })
    }

    /// What they said, in words.
    pub(super) fn answers(&self) -> String {
        let said = |answer| self.0.iter().filter(|p| p.plan.answer == answer).count();
        format!(
            "{} say yes and start on {}, {} says no, {} says nothing",
            said(Answer::Yes),
            dates::ordered_start(),
            said(Answer::No),
            said(Answer::Nothing)
        )
    }

    /// For the summary. `paid` says what was paid for a placement.
    pub(super) fn summary(&self, paid: impl Fn(&str) -> i64) -> Vec<Newcomer> {
        let summary = |p: &Person| Newcomer {
            person_id: p.person_id.clone(),
            service: p.plan.service.to_string(),
            district: p.district.clone(),
            points: p.decision.as_ref().and_then(|d| d.points),
            level: p.decision.as_ref().and_then(|d| d.level).map(|l| l.value),
            unit_id: p.offer.unit_id.clone().into(),
            answer_by: wire::day(p.offer.answer_by).map_or_else(String::new, |d| d.to_string()),
            offer: wire::plain(p.offer.state().as_str_name(), "STATE_"),
            started: wire::day(p.placement.as_ref().and_then(|p| p.actual_start)).map(|d| d.to_string()),
            paid_ore: p.placement.as_ref().map_or(0, |p| paid(&p.placement_id)),
        };
        self.0.iter().map(summary).collect()
    }
}

impl Person {
    fn new(world: &World, plan: &'static Plan, number: i64, prefix: &str) -> Self {
        let districts: Vec<&DistrictId> =
            world.city.districts_on(dates::march().first_day()).map(|d| &d.id).collect();
        let at = usize::try_from(number).unwrap_or(0) * 3 % districts.len().max(1);
        let district = districts.get(at).map(ToString::to_string).unwrap_or_default();
        let officer = Caller {
            districts: vec![district.clone()],
            ..Caller::new(format!("case-officer-{}", at + 1), [Role::CaseOfficer])
        };
        Self {
            plan,
            // An officer gives ids that begin with the district.
            person_id: format!("{district}-{number:02}").into(),
            grant_id: format!("{district}-{number:02}-G").into(),
            district: district.into(),
            request: format!("{prefix}-new-{number:02}"),
            officer: world.clients(&officer),
            decision: None,
            offer: choice::Offer::default(),
            placement: None,
        }
    }

    async fn register(&self) -> Result<(), Failure> {
        let mut client = self.officer.assessment.clone();
        let residence = assessment::ResidencePeriod { valid_from: None, district: self.district.to_string() };
        let person = assessment::Person {
            person_id: self.person_id.to_string(),
            residences: vec![residence],
            ..Default::default()
        };
        let record = assessment::RecordPersonRequest {
            request_id: format!("{}-register", self.request),
            person: Some(person),
            ..Default::default()
        };
        client.persons.record_person(record).await.to("record a person")?;
        let scope = assessment::ScopePeriod {
            valid_from: Some(wire::date(dates::day0())),
            scope: Some(wire::scope(&self.plan.scope)),
        };
        let grant = assessment::Grant {
            grant_id: self.grant_id.to_string(),
            person_id: self.person_id.to_string(),
            service: self.plan.service.into(),
            district: self.district.to_string(),
            valid: Some(wire::dates(dates::day0(), None)),
            scopes: vec![scope],
            ..Default::default()
        };
        let grant = assessment::RecordGrantRequest {
            request_id: format!("{}-grant", self.request),
            grant: Some(grant),
            ..Default::default()
        };
        client.grants.record_grant(grant).await.to("record a grant")?;
        Ok(())
    }

    async fn measure(
        &self,
        world: &World,
        assessor: &Clients,
        level: u8,
        visit: NaiveDate,
        valid_from: Option<NaiveDate>,
    ) -> Result<assessment::LevelDecision, Failure> {
        let wanted = Wanted {
            request: self.request.clone(),
            person_id: &self.person_id,
            service: self.plan.service,
            level,
            visit,
            valid_from,
        };
        measure(assessor, &Arc::clone(&world.catalogue), &wanted).await
    }

    async fn offers(&self) -> Result<Vec<choice::Offer>, Failure> {
        let request = choice::ListOffersRequest {
            person_id: self.person_id.to_string(),
            ..choice::ListOffersRequest::default()
        };
        Ok(self.officer.choice.clone().offers.list_offers(request).await.to("list offers")?.offers)
    }

    async fn wish_and_be_offered(&mut self, number: usize) -> Result<(), Failure> {
        // An earlier demo on the same data got this far.
        if let Some(offer) = self.offers().await?.into_iter().next() {
            self.offer = offer;
            return Ok(());
        }
        let wishes = self.wishes(number).await?;
        let mut client = self.officer.choice.clone();
        let wish = choice::RecordWishRequest {
            request_id: format!("{}-wish", self.request),
            wish: Some(choice::Wish {
                grant_id: self.grant_id.to_string(),
                unit_ids: wishes.clone(),
                ..choice::Wish::default()
            }),
            ..choice::RecordWishRequest::default()
        };
        client.wishes.record_wish(wish).await.to("record wishes")?;
        let mut full = Vec::new();
        for (rank, unit_id) in (1..).zip(wishes) {
            let request = choice::MakeOfferRequest {
                request_id: format!("{}-offer-{rank}", self.request),
                grant_id: self.grant_id.to_string(),
                unit_id: unit_id.clone(),
                ..choice::MakeOfferRequest::default()
            };
            match client.offers.make_offer(request).await {
                Err(status) if niva_rpc::reasons(&status).iter().any(|r| r == "NO_FREE_PLACE") => {
                    full.push(unit_id);
                }
                answer => {
                    self.offer = answer.to("offer a place")?.offer.to("offer a place")?;
                    return Ok(());
                }
            }
        }
        Err(Failure::failed(format_args!(
            "cannot offer {} a place: {} have none free",
            self.person_id,
            full.join(", ")
        )))
    }

    /// Three units, those of the own district first.
    async fn wishes(&self, number: usize) -> Result<Vec<String>, Failure> {
        let request = |district: &str| choice::ListUnitsRequest {
            service: self.plan.service.into(),
            district: district.to_owned(),
            page_size: 1000,
            ..choice::ListUnitsRequest::default()
        };
        let mut client = self.officer.choice.clone();
        let near = client.units.list_units(request(self.district.as_str())).await.to("list units")?.units;
        let mut units: Vec<String> = near.into_iter().map(|u| u.unit_id).collect();
        if self.plan.service != stockholm::HOUSING_SUPPORT {
            let far = client.units.list_units(request("")).await.to("list units")?.units;
            let far: Vec<String> =
                far.into_iter().map(|u| u.unit_id).filter(|id| !units.contains(id)).collect();
            let turned = if far.is_empty() { 0 } else { number % far.len() };
            units.extend(far.iter().cycle().skip(turned).take(far.len()).cloned());
        }
        units.truncate(3);
        if units.is_empty() {
            return Err(Failure::failed(format_args!(
                "the city has no unit for {} in {}",
                self.plan.service, self.district
            )));
        }
        Ok(units)
    }

    async fn answer(&mut self) -> Result<(), Failure> {
        let mut client = self.officer.choice.clone();
        let (request_id, offer_id) = (format!("{}-answer", self.request), self.offer.offer_id.clone());
        match self.plan.answer {
            Answer::Nothing => {}
            Answer::No => {
                let request = choice::DeclineOfferRequest { request_id, offer_id, ..Default::default() };
                self.offer = client.offers.decline_offer(request).await.to("say no")?.offer.to("say no")?;
            }
            Answer::Yes => {
                let request = choice::AcceptOfferRequest {
                    request_id,
                    offer_id,
                    ordered_start: Some(wire::date(dates::ordered_start())),
                    ..choice::AcceptOfferRequest::default()
                };
                let answer = client.offers.accept_offer(request).await.to("say yes")?;
                self.offer = answer.offer.to("say yes")?;
                self.placement = answer.placement;
            }
        }
        Ok(())
    }
}
