//! Steps that choice is told.

use niva_journeys::{values, world::Role};
use niva_proto::{
    choice::v1::{
        ChangeUnitRequest, CorrectPlacementRequest, CorrectUnitRequest, EndPlacementRequest,
        GiveNoticeRequest, Placement, Provider, RecordPlacementRequest, RecordProviderRequest,
        RecordUnitRequest, SetUnitCapacityRequest, StartPlacementRequest, Unit, UnitChange, UnitPeriod,
        WithdrawPlacementRequest, WithdrawUnitRequest, placement::Beside,
    },
    common::v1::Date,
};

use super::play::{Fact, Play, REASON, call, revision};
use super::words::{Done, Words, regime};

const NOTHING: &str = "the answer is empty";

impl Play {
    /// `unit U1 supported_housing Farsta municipal provider A places 5`, from 2010 on.
    pub(super) async fn unit(&mut self, w: &mut Words<'_>) -> Done {
        let (id, service, district, regime) = (w.next()?, w.next()?, w.next()?, regime(w.next()?)?);
        let (provider, capacity) = (w.must("provider")?, w.number("places")?.unwrap_or(5));
        self.provider(provider).await?;
        let period = UnitPeriod {
            valid_from: values::day("2010-01-01"),
            provider_id: provider.to_owned(),
            district: district.to_owned(),
            regime,
            capacity,
            ..Default::default()
        };
        let unit = Unit {
            unit_id: id.to_owned(),
            name: id.to_owned(),
            service: service.to_owned(),
            periods: vec![period],
            ..Default::default()
        };
        let registrar = self.world.choice(Role::Administrator);
        let unit = call!(registrar, units.record_unit, RecordUnitRequest { unit: Some(unit) } => unit);
        self.keep(id, Fact::Unit(unit.ok_or(NOTHING)?));
        Ok(())
    }

    /// A provider is made known the first time somebody names it.
    async fn provider(&mut self, id: &str) -> Done {
        let known = |fact: &Fact| matches!(fact, Fact::Unit(unit) if unit.periods.iter().any(|p| p.provider_id == id));
        if !self.facts.values().any(known) {
            let provider = Provider { provider_id: id.to_owned(), name: id.to_owned(), ..Default::default() };
            let registrar = self.world.choice(Role::Administrator);
            call!(registrar, providers.record_provider, RecordProviderRequest { provider: Some(provider) } => provider);
        }
        Ok(())
    }

    /// `change U1 from 2024-03-16 provider B regime private district Bromma`, or `change U1 from … places 2`.
    pub(super) async fn change_unit(&mut self, w: &mut Words<'_>) -> Done {
        let (id, valid_from) = (w.next()?, w.day("from")?);
        let registrar = || self.world.choice(Role::Administrator);
        if let Some(capacity) = w.number("places")? {
            let unit = call!(registrar(), units.set_unit_capacity, SetUnitCapacityRequest {
                reason: REASON.to_owned(),
                unit_id: id.to_owned(),
                valid_from: valid_from,
                capacity: capacity,
            } => unit);
            self.keep(id, Fact::Unit(unit.ok_or(NOTHING)?));
            return Ok(());
        }
        let provider = w.named("provider");
        if let Some(provider) = provider {
            self.provider(provider).await?;
        }
        let change = UnitChange {
            valid_from,
            provider_id: provider.map(str::to_owned),
            district: w.named("district").map(str::to_owned),
            regime: w.named("regime").map(regime).transpose()?,
            ..Default::default()
        };
        let registrar = self.world.choice(Role::Administrator);
        let unit = call!(registrar, units.change_unit, ChangeUnitRequest {
            reason: REASON.to_owned(),
            unit_id: id.to_owned(),
            change: Some(change),
        } => unit);
        self.keep(id, Fact::Unit(unit.ok_or(NOTHING)?));
        Ok(())
    }

    /// `correct U1 from 2024-03-16 regime private`: the unit told anew, with a period that begins on the day.
    pub(super) async fn correct_unit(&mut self, mut unit: Unit, w: &mut Words<'_>) -> Done<Fact> {
        let from = w.day("from")?;
        let key = |date: Option<Date>| date.map(|d| (d.year, d.month, d.day));
        let at = unit
            .periods
            .iter()
            .rposition(|p| key(p.valid_from) <= key(from))
            .ok_or("the unit is not so old")?;
        let mut period = unit.periods[at].clone();
        if let Some(provider) = w.named("provider") {
            self.provider(provider).await?;
            provider.clone_into(&mut period.provider_id);
        }
        if let Some(district) = w.named("district") {
            district.clone_into(&mut period.district);
        }
        if let Some(word) = w.named("regime") {
            period.regime = regime(word)?;
        }
        if key(period.valid_from) == key(from) {
            unit.periods[at] = period;
        } else {
            period.valid_from = from;
            unit.periods.insert(at + 1, period);
        }
        let registrar = self.world.choice(Role::Administrator);
        let unit = call!(registrar, units.correct_unit, CorrectUnitRequest {
            expected_revision: revision(unit.info.as_ref()),
            reason: REASON.to_owned(),
            unit: Some(unit),
        } => unit);
        Ok(Fact::Unit(unit.ok_or(NOTHING)?))
    }

    /// `place PL1 P1 at U1 from 2024-03-01`: ordered for the day, and the person came; `order …`: ordered only.
    pub(super) async fn placement(&mut self, text: &str, w: &mut Words<'_>) -> Done {
        let (id, person, unit) = (w.next()?, w.next()?, w.must("at")?);
        let (ordered_start, exception) = (w.day("from")?, w.named("exception"));
        let beside = if w.has("switch") { Beside::Switch } else { Beside::Unspecified };
        self.heard().await;
        let placement = Placement {
            placement_id: id.to_owned(),
            person_id: person.to_owned(),
            service: self.services.get(person).cloned().unwrap_or_default(),
            unit_id: unit.to_owned(),
            ordered_start,
            actual_start: ordered_start.filter(|_| text.starts_with("place")),
            beside: if exception.is_some() { Beside::Exception.into() } else { beside.into() },
            beside_reason: exception.unwrap_or_default().to_owned(),
            ..Default::default()
        };
        let officer = self.world.choice(Role::CaseOfficer);
        let placement = call!(officer, placements.record_placement, RecordPlacementRequest { placement: Some(placement) } => placement);
        self.keep(id, Fact::Placement(placement.ok_or(NOTHING)?));
        Ok(())
    }

    /// `start PL1 on 2024-03-04`, `notice PL1 on 2024-03-10`.
    pub(super) async fn happened(&mut self, text: &str, w: &mut Words<'_>) -> Done {
        let (id, day) = (w.next()?, w.day("on")?);
        let (placement_id, officer) = (id.to_owned(), self.world.choice(Role::CaseOfficer));
        let placement = if text.starts_with("start") {
            call!(officer, placements.start_placement, StartPlacementRequest { placement_id: placement_id, actual_start: day } => placement)
        } else {
            call!(officer, placements.give_notice, GiveNoticeRequest { placement_id: placement_id, notice_date: day } => placement)
        };
        self.keep(id, Fact::Placement(placement.ok_or(NOTHING)?));
        Ok(())
    }

    pub(super) async fn end_placement(&mut self, id: &str, day: Option<Date>) -> Done<Fact> {
        let officer = self.world.choice(Role::CaseOfficer);
        let placement = call!(officer, placements.end_placement, EndPlacementRequest {
            placement_id: id.to_owned(),
            end_date: day,
        } => placement);
        Ok(Fact::Placement(placement.ok_or(NOTHING)?))
    }

    /// `correct PL1 ordered … started … notice … end … unit …`, `none` for a day that was none.
    pub(super) async fn correct_placement(
        &mut self,
        mut placement: Placement,
        w: &mut Words<'_>,
    ) -> Done<Fact> {
        w.put_day("ordered", &mut placement.ordered_start)?;
        w.put_day("started", &mut placement.actual_start)?;
        w.put_day("notice", &mut placement.notice_date)?;
        w.put_day("end", &mut placement.end_date)?;
        if let Some(unit) = w.named("unit") {
            unit.clone_into(&mut placement.unit_id);
        }
        let officer = self.world.choice(Role::CaseOfficer);
        let placement = call!(officer, placements.correct_placement, CorrectPlacementRequest {
            expected_revision: revision(placement.info.as_ref()),
            reason: REASON.to_owned(),
            placement: Some(placement),
        } => placement);
        Ok(Fact::Placement(placement.ok_or(NOTHING)?))
    }

    pub(super) async fn withdraw_chosen(&mut self, fact: Fact, mistake: bool) -> Done<Fact> {
        match fact {
            Fact::Placement(placement) => {
                let officer = self.world.choice(Role::CaseOfficer);
                let placement = call!(officer, placements.withdraw_placement, WithdrawPlacementRequest {
                    expected_revision: revision(placement.info.as_ref()),
                    reason: REASON.to_owned(),
                    placement_id: placement.placement_id,
                    told_by_mistake: mistake,
                } => placement);
                Ok(Fact::Placement(placement.ok_or(NOTHING)?))
            }
            Fact::Unit(unit) => {
                let registrar = self.world.choice(Role::Administrator);
                let unit = call!(registrar, units.withdraw_unit, WithdrawUnitRequest {
                    expected_revision: revision(unit.info.as_ref()),
                    reason: REASON.to_owned(),
                    unit_id: unit.unit_id,
                } => unit);
                Ok(Fact::Unit(unit.ok_or(NOTHING)?))
            }
            _ => Err("choice was not told it".to_owned()),
        }
    }
}
