//! Steps that payment is told.

use niva_journeys::world::Role;
use niva_proto::payment::v1::{
    Agreement, ApproveAgreementRequest, ApprovePremisesCostRequest, Component, CorrectAgreementRequest,
    CorrectOccasionRequest, CorrectPremisesCostRequest, CorrectScheduleRequest,
    CorrectSpecialCompensationRequest, DecideSpecialCompensationRequest, Occasion, PremisesCost, PriceUnit,
    RecordAgreementRequest, RecordOccasionsRequest, RecordPremisesCostRequest, RecordScheduleRequest,
    RecordSpecialCompensationRequest, Schedule, SpecialCompensation, WeeklySchedule,
    WithdrawAgreementRequest, WithdrawOccasionRequest, WithdrawPremisesCostRequest, WithdrawScheduleRequest,
    WithdrawSpecialCompensationRequest,
};

use super::play::{Fact, Play, REASON, call, revision};
use super::words::{Done, Words, number};

const NOTHING: &str = "the answer is empty";

/// Who approves what the finance maker tells; runs are approved by somebody else.
const SECOND: &str = "second-person";

/// `1-0-1-0-1`: sessions from Monday to Friday.
fn week(word: &str) -> Done<Option<WeeklySchedule>> {
    let days: Vec<i32> = word.split('-').map(number).collect::<Done<_>>()?;
    let [monday, tuesday, wednesday, thursday, friday] = days[..] else {
        return Err("a week has five numbers".to_owned());
    };
    Ok(Some(WeeklySchedule { monday, tuesday, wednesday, thursday, friday }))
}

fn price_unit(word: &str) -> Done<i32> {
    let units = [PriceUnit::CalendarDay, PriceUnit::Weekday, PriceUnit::Month, PriceUnit::CourseSession];
    let named =
        |unit: &&PriceUnit| unit.as_str_name().trim_start_matches("PRICE_UNIT_").eq_ignore_ascii_case(word);
    units.iter().find(named).map(|unit| i32::from(*unit)).ok_or_else(|| format!("{word} is no unit"))
}

impl Play {
    fn maker(&self) -> niva_proto::payment::v1::Clients<niva_rpc::client::Channel> {
        self.world.payment(Role::FinanceMaker)
    }

    /// `schedule S1 PL1 from 2024-03-01 week 1-0-1-0-1`.
    pub(super) async fn schedule(&mut self, w: &mut Words<'_>) -> Done {
        let (id, placement) = (w.next()?, w.next()?);
        self.heard().await;
        let schedule = Schedule {
            schedule_id: id.to_owned(),
            placement_id: placement.to_owned(),
            valid_from: w.day("from")?,
            week: week(w.must("week")?)?,
            ..Default::default()
        };
        let told = call!(self.maker(), schedules.record_schedule, RecordScheduleRequest { schedule: Some(schedule) } => schedule);
        self.keep(id, Fact::Schedule(told.ok_or(NOTHING)?));
        Ok(())
    }

    /// `occasions O1 PL1 on 2024-03-05 count 2`: evenings or nights.
    pub(super) async fn occasions(&mut self, w: &mut Words<'_>) -> Done {
        let (id, placement) = (w.next()?, w.next()?);
        self.heard().await;
        let occasion = Occasion {
            occasion_id: id.to_owned(),
            placement_id: placement.to_owned(),
            date: w.day("on")?,
            component: Component::EveningNight.into(),
            count: w.number("count")?.unwrap_or_default(),
            ..Default::default()
        };
        let told = call!(self.maker(), occasions.record_occasions, RecordOccasionsRequest { occasions: vec![occasion] } => occasions);
        self.keep(id, Fact::Occasion(told.into_iter().next().ok_or(NOTHING)?));
        Ok(())
    }

    /// `agreement A1 PL1 from … to … price 410.00 per calendar_day`; it counts when it is approved.
    pub(super) async fn agreement(&mut self, w: &mut Words<'_>) -> Done {
        let (id, placement) = (w.next()?, w.next()?);
        self.heard().await;
        let agreement = Agreement {
            agreement_id: id.to_owned(),
            placement_id: placement.to_owned(),
            valid: w.days()?,
            price: w.money("price")?,
            unit: price_unit(w.must("per")?)?,
            agreed_by: "officer-1".to_owned(),
            ..Default::default()
        };
        let told = call!(self.maker(), agreements.record_agreement, RecordAgreementRequest { agreement: Some(agreement) } => agreement);
        self.keep(id, Fact::Agreement(told.ok_or(NOTHING)?));
        Ok(())
    }

    /// `approve A1`: a second person approves an agreement or a premises cost, or grants a special compensation.
    pub(super) async fn approve(&mut self, w: &mut Words<'_>) -> Done {
        let id = w.next()?;
        let second = self.world.payment_as(SECOND, &[Role::FinanceApprover]);
        let fact = match self.fact(id)? {
            Fact::Agreement(agreement) => {
                let agreement = call!(second, agreements.approve_agreement, ApproveAgreementRequest {
                    expected_revision: revision(agreement.info.as_ref()),
                    agreement_id: id.to_owned(),
                } => agreement);
                Fact::Agreement(agreement.ok_or(NOTHING)?)
            }
            Fact::PremisesCost(cost) => {
                let cost = call!(second, premises_costs.approve_premises_cost, ApprovePremisesCostRequest {
                    expected_revision: revision(cost.info.as_ref()),
                    premises_cost_id: id.to_owned(),
                } => premises_cost);
                Fact::PremisesCost(cost.ok_or(NOTHING)?)
            }
            Fact::Special(special) => {
                let special = call!(second, special_compensations.decide_special_compensation, DecideSpecialCompensationRequest {
                    expected_revision: revision(special.info.as_ref()),
                    reason: "needed".to_owned(),
                    special_compensation_id: id.to_owned(),
                    granted: true,
                } => special_compensation);
                Fact::Special(special.ok_or(NOTHING)?)
            }
            _ => return Err(format!("{id} needs no approval")),
        };
        self.keep(id, fact);
        Ok(())
    }

    /// `premises C1 PL1 from … month 3100.00`: the actual premises cost of a sold place.
    pub(super) async fn premises(&mut self, w: &mut Words<'_>) -> Done {
        let (id, placement) = (w.next()?, w.next()?);
        self.heard().await;
        let cost = PremisesCost {
            premises_cost_id: id.to_owned(),
            placement_id: placement.to_owned(),
            valid: w.days()?,
            per_month: w.money("month")?,
            ..Default::default()
        };
        let told = call!(self.maker(), premises_costs.record_premises_cost, RecordPremisesCostRequest { premises_cost: Some(cost) } => premises_cost);
        self.keep(id, Fact::PremisesCost(told.ok_or(NOTHING)?));
        Ok(())
    }

    /// `special X1 PL1 from … to … amount 3000.00 applied 2024-03-01`.
    pub(super) async fn special(&mut self, w: &mut Words<'_>) -> Done {
        let (id, placement) = (w.next()?, w.next()?);
        self.heard().await;
        let special = SpecialCompensation {
            special_compensation_id: id.to_owned(),
            placement_id: placement.to_owned(),
            valid: w.days()?,
            amount: w.money("amount")?,
            apply_date: w.day("applied")?,
            purpose: "more staff for a time".to_owned(),
            ..Default::default()
        };
        let told = call!(self.maker(), special_compensations.record_special_compensation, RecordSpecialCompensationRequest {
            special_compensation: Some(special),
        } => special_compensation);
        self.keep(id, Fact::Special(told.ok_or(NOTHING)?));
        Ok(())
    }

    pub(super) async fn correct_schedule(&mut self, mut schedule: Schedule, w: &mut Words<'_>) -> Done<Fact> {
        w.put_day("from", &mut schedule.valid_from)?;
        if let Some(word) = w.named("week") {
            schedule.week = week(word)?;
        }
        let told = call!(self.maker(), schedules.correct_schedule, CorrectScheduleRequest {
            expected_revision: revision(schedule.info.as_ref()),
            reason: REASON.to_owned(),
            schedule: Some(schedule),
        } => schedule);
        Ok(Fact::Schedule(told.ok_or(NOTHING)?))
    }

    pub(super) async fn correct_occasion(&mut self, mut occasion: Occasion, w: &mut Words<'_>) -> Done<Fact> {
        w.put_day("on", &mut occasion.date)?;
        occasion.count = w.number("count")?.unwrap_or(occasion.count);
        let told = call!(self.maker(), occasions.correct_occasion, CorrectOccasionRequest {
            expected_revision: revision(occasion.info.as_ref()),
            reason: REASON.to_owned(),
            occasion: Some(occasion),
        } => occasion);
        Ok(Fact::Occasion(told.ok_or(NOTHING)?))
    }

    pub(super) async fn correct_agreement(
        &mut self,
        mut agreement: Agreement,
        w: &mut Words<'_>,
    ) -> Done<Fact> {
        w.put_days(&mut agreement.valid)?;
        agreement.price = w.money("price").ok().flatten().or(agreement.price);
        let told = call!(self.maker(), agreements.correct_agreement, CorrectAgreementRequest {
            expected_revision: revision(agreement.info.as_ref()),
            reason: REASON.to_owned(),
            agreement: Some(agreement),
        } => agreement);
        Ok(Fact::Agreement(told.ok_or(NOTHING)?))
    }

    pub(super) async fn correct_premises(&mut self, mut cost: PremisesCost, w: &mut Words<'_>) -> Done<Fact> {
        w.put_days(&mut cost.valid)?;
        cost.per_month = w.money("month").ok().flatten().or(cost.per_month);
        let told = call!(self.maker(), premises_costs.correct_premises_cost, CorrectPremisesCostRequest {
            expected_revision: revision(cost.info.as_ref()),
            reason: REASON.to_owned(),
            premises_cost: Some(cost),
        } => premises_cost);
        Ok(Fact::PremisesCost(told.ok_or(NOTHING)?))
    }

    pub(super) async fn correct_special(
        &mut self,
        mut special: SpecialCompensation,
        w: &mut Words<'_>,
    ) -> Done<Fact> {
        w.put_days(&mut special.valid)?;
        special.amount = w.money("amount").ok().flatten().or(special.amount);
        let told = call!(self.maker(), special_compensations.correct_special_compensation, CorrectSpecialCompensationRequest {
            expected_revision: revision(special.info.as_ref()),
            reason: REASON.to_owned(),
            special_compensation: Some(special),
        } => special_compensation);
        Ok(Fact::Special(told.ok_or(NOTHING)?))
    }

    pub(super) async fn withdraw_reported(&mut self, fact: Fact) -> Done<Fact> {
        macro_rules! withdrawn {
            ($fact:ident, $kind:ident, $service:ident.$rpc:ident, $request:ident, $id:ident => $out:ident) => {{
                let told = call!(self.maker(), $service.$rpc, $request {
                    expected_revision: revision($fact.info.as_ref()),
                    reason: REASON.to_owned(),
                    $id: $fact.$id,
                } => $out);
                Ok(Fact::$kind(told.ok_or(NOTHING)?))
            }};
        }
        match fact {
            Fact::Schedule(f) => {
                withdrawn!(f, Schedule, schedules.withdraw_schedule, WithdrawScheduleRequest, schedule_id => schedule)
            }
            Fact::Occasion(f) => {
                withdrawn!(f, Occasion, occasions.withdraw_occasion, WithdrawOccasionRequest, occasion_id => occasion)
            }
            Fact::Agreement(f) => {
                withdrawn!(f, Agreement, agreements.withdraw_agreement, WithdrawAgreementRequest, agreement_id => agreement)
            }
            Fact::PremisesCost(f) => {
                withdrawn!(f, PremisesCost, premises_costs.withdraw_premises_cost, WithdrawPremisesCostRequest, premises_cost_id => premises_cost)
            }
            Fact::Special(f) => {
                withdrawn!(f, Special, special_compensations.withdraw_special_compensation, WithdrawSpecialCompensationRequest, special_compensation_id => special_compensation)
            }
            _ => Err("payment was not told it".to_owned()),
        }
    }
}
