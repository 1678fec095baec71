//! What payment is told of a placement.

use niva_journeys::{
    values::{between, day, kronor},
    world::{Role, World},
};
use niva_proto::payment::v1 as pb;
use niva_testing::requests::payment as requests;

use super::side::Side;

/// Tells a fact with its own method and keeps it. Another one, of other days, is what `Record*` is asked with.
macro_rules! tell {
    ($world:ident, $side:ident, $clients:ident.$record:ident($request:ident: $one:ident), $key:literal, $at:literal, $fact:ident) => {{
        let request = requests::$request($fact("2024-03-11", "2024-03-13"));
        let told = $world.payment(Role::FinanceMaker).$clients.$record(request).await.expect($key);
        let told = told.into_inner().$one.expect($key);
        $side.keep($key, &told, told.info.as_ref());
        $side.put_message($at, &$fact("2024-03-18", "2024-03-20"));
    }};
}

/// A fact of every kind on the placement of a side.
pub(super) async fn tell(world: &World, side: &mut Side) {
    let placement_id = side.id("placement_id").to_owned();
    let placement = || placement_id.clone();
    let week = Some(pb::WeeklySchedule { monday: 1, wednesday: 1, ..Default::default() });
    let schedule = |first: &str, _: &str| pb::Schedule {
        placement_id: placement(),
        valid_from: day(first),
        week,
        ..Default::default()
    };
    tell!(
        world,
        side,
        schedules.record_schedule(record_schedule: schedule),
        "schedule_id",
        "schedule_id@RecordSchedule",
        schedule
    );
    let absence = |first: &str, last: &str| pb::Absence {
        placement_id: placement(),
        days: between(first, last),
        ..Default::default()
    };
    tell!(
        world,
        side,
        absences.record_absence(record_absence: absence),
        "absence_id",
        "absence_id@RecordAbsence",
        absence
    );
    let visit = |first: &str, _: &str| pb::Visit {
        placement_id: placement(),
        date: day(first),
        ..Default::default()
    };
    tell!(
        world,
        side,
        visits.record_visit(record_visit: visit),
        "visit_id",
        "visit_id@RecordVisit",
        visit
    );
    agreed(world, side, &placement_id).await;
    occasions(world, side, &placement_id).await;
    payee(world, side).await;
}

/// How its provider is paid.
async fn payee(world: &World, side: &mut Side) {
    let told = requests::payee("", side.provider(), "2024-03-01", "50501055");
    let told = pb::Payee { valid: between("2024-03-01", "2024-12-31"), ..told };
    let request = requests::record_payee(told.clone());
    let recorded = world.payment(Role::FinanceMaker).payees.record_payee(request).await.expect("a payee");
    let recorded = recorded.into_inner().payee.expect("a payee");
    side.keep("payee_id", &recorded, recorded.info.as_ref());
    let later = pb::Payee { valid: between("2025-01-01", "2025-12-31"), ..told };
    side.put_message("payee_id@RecordPayee", &later);
    let account = pb::Account { kind: pb::account::Kind::Plusgiro.into(), number: "9020033".to_owned() };
    side.put_message("niva.payment.v1.Account", &account);
}

/// What a second person decides on, what a place costs beside its rate, and the end of it.
async fn agreed(world: &World, side: &mut Side, placement_id: &str) {
    let placement = || placement_id.to_owned();
    let agreement = |first: &str, last: &str| pb::Agreement {
        placement_id: placement(),
        valid: between(first, last),
        price: Some(kronor(700)),
        unit: pb::PriceUnit::CalendarDay.into(),
        agreed_by: "an officer".to_owned(),
        ..Default::default()
    };
    tell!(
        world,
        side,
        agreements.record_agreement(record_agreement: agreement),
        "agreement_id",
        "agreement_id@RecordAgreement",
        agreement
    );
    let premises_cost = |first: &str, last: &str| pb::PremisesCost {
        placement_id: placement(),
        valid: between(first, last),
        per_month: Some(kronor(31_000)),
        ..Default::default()
    };
    tell!(
        world,
        side,
        premises_costs.record_premises_cost(record_premises_cost: premises_cost),
        "premises_cost_id",
        "premises_cost_id@RecordPremisesCost",
        premises_cost
    );
    let transition = |first: &str, last: &str| pb::Transition {
        placement_id: placement(),
        job_start: day(first),
        support_end: day(last),
        to: pb::transition::To::Work.into(),
        ..Default::default()
    };
    tell!(
        world,
        side,
        transitions.record_transition(record_transition: transition),
        "transition_id",
        "transition_id@RecordTransition",
        transition
    );
    let special_compensation = |first: &str, last: &str| pb::SpecialCompensation {
        placement_id: placement(),
        valid: between(first, last),
        amount: Some(kronor(1_000)),
        apply_date: day("2024-03-10"),
        purpose: "a second member of staff at night".to_owned(),
        ..Default::default()
    };
    tell!(
        world,
        side,
        special_compensations
            .record_special_compensation(record_special: special_compensation),
        "special_compensation_id",
        "special_compensation_id@RecordSpecialCompensation",
        special_compensation
    );
}

async fn occasions(world: &World, side: &mut Side, placement_id: &str) {
    let occasion = |on: &str| pb::Occasion {
        placement_id: placement_id.to_owned(),
        date: day(on),
        component: pb::Component::EveningNight.into(),
        count: 1,
        ..Default::default()
    };
    let request = requests::record_occasions(vec![occasion("2024-03-11")]);
    let told =
        world.payment(Role::FinanceMaker).occasions.record_occasions(request).await.expect("an occasion");
    let told = told.into_inner().occasions.remove(0);
    side.keep("occasion_id", &told, told.info.as_ref());
    side.put_message("occasion_id@RecordOccasions", &occasion("2024-03-18"));
}
