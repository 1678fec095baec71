//! Special compensation: applied for, decided by a second person, paid beside the rate, and taken back.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, Regime};
use niva_proto::payment::v1::{self as pb, Component, SpecialCompensation};
use niva_testing::requests::payment::record_special;
use tonic::{Code, Status};

use crate::common::city::{Person, days, on, unit};
use crate::common::{World, brief, day, reason};

/// `PL-0001` in supported housing at level 1, from March 2024.
async fn settle(world: &World) {
    let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
    world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
}

/// 20 March to 18 April: 30 days.
fn applied(id: &str, ore: i64) -> SpecialCompensation {
    SpecialCompensation {
        special_compensation_id: id.to_owned(),
        placement_id: "PL-0001".to_owned(),
        valid: days(day(2024, 3, 20), Some(day(2024, 4, 18))),
        amount: Some(wire::Money { ore }),
        apply_date: on(day(2024, 3, 10)),
        purpose: "a second member of staff at night".to_owned(),
        ..Default::default()
    }
}

async fn record(world: &World, special: SpecialCompensation) -> Result<SpecialCompensation, Status> {
    let request = record_special(special);
    let answer = world.maker().special_compensations.record_special_compensation(request).await?;
    Ok(answer.into_inner().special_compensation.unwrap())
}

async fn correct(
    world: &World,
    expected_revision: i64,
    special: SpecialCompensation,
) -> Result<SpecialCompensation, Status> {
    let request = pb::CorrectSpecialCompensationRequest {
        request_id: world.request(),
        expected_revision,
        reason: "misread".to_owned(),
        special_compensation: Some(special),
        ..Default::default()
    };
    let answer = world.maker().special_compensations.correct_special_compensation(request).await?;
    Ok(answer.into_inner().special_compensation.unwrap())
}

fn decision(world: &World, expected_revision: i64, granted: bool) -> pb::DecideSpecialCompensationRequest {
    pb::DecideSpecialCompensationRequest {
        request_id: world.request(),
        validate_only: false,
        expected_revision,
        reason: "as the plan says".to_owned(),
        special_compensation_id: "SC-1".to_owned(),
        granted,
    }
}

async fn decide(
    world: &World,
    subject: &str,
    request: pb::DecideSpecialCompensationRequest,
) -> Result<SpecialCompensation, Status> {
    let mut client = world.by(Caller::new(subject, [Role::FinanceApprover])).special_compensations;
    Ok(client.decide_special_compensation(request).await?.into_inner().special_compensation.unwrap())
}

/// The lines of special compensation in a month's run: first day, days, öre, and what they are due to.
async fn special(world: &World, month: i32) -> Vec<(String, i64, i64, String)> {
    world.clock.advance_to(day(2024, u32::try_from(month).unwrap() + 1, 2));
    let run = world.paid(2024, month).await;
    assert_eq!(world.holds(&run).await, []);
    let lines = world.lines(&run).await;
    let lines = lines.iter().filter(|line| line.component() == Component::Special);
    lines.map(|line| (brief(line).1, brief(line).3, brief(line).4, line.cause.clone())).collect()
}

niva_testing::on_both_databases! {
    async fn special_compensation_is_paid_when_a_second_person_has_granted_it(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        record(&world, applied("SC-1", 100_000)).await.unwrap();
        assert_eq!(special(&world, 3).await, [], "an application is neither paid nor held");
        let granted = decide(&world, "approver", decision(&world, 1, true)).await.unwrap();
        assert_eq!(granted.info.unwrap().reason, "as the plan says");
        let line = |first: &str, days, ore, cause: &str| (first.to_owned(), days, ore, cause.to_owned());
        let due = |revision| format!("special_compensation SC-1 revision {revision}");
        // The amount is shared out over its days.
        assert_eq!(special(&world, 4).await, [line("2024-03-20", 12, 40_000, &due(2)), line("2024-04-01", 18, 60_000, "")]);

        // A correction that is refused changes nothing; one that is granted takes the place of the first.
        correct(&world, 2, applied("SC-1", 150_000)).await.unwrap();
        decide(&world, "approver", decision(&world, 3, false)).await.unwrap();
        assert_eq!(special(&world, 5).await, []);
        correct(&world, 4, applied("SC-1", 200_000)).await.unwrap();
        decide(&world, "approver", decision(&world, 5, true)).await.unwrap();
        assert_eq!(special(&world, 6).await, [
            line("2024-03-20", -12, -40_000, &due(6)),
            line("2024-03-20", 12, 80_000, &due(6)),
            line("2024-04-01", -18, -60_000, &due(6)),
            line("2024-04-01", 18, 120_000, &due(6)),
        ]);

        let withdraw = pb::WithdrawSpecialCompensationRequest { request_id: world.request(), expected_revision: 6, reason: "of another person".to_owned(), special_compensation_id: "SC-1".to_owned(), ..Default::default() };
        world.maker().special_compensations.withdraw_special_compensation(withdraw).await.unwrap();
        let withdrawn = format!("{}, withdrawn", due(7));
        assert_eq!(special(&world, 7).await, [line("2024-03-20", -12, -80_000, &withdrawn), line("2024-04-01", -18, -120_000, &withdrawn)]);
        assert_eq!(reason(&decide(&world, "approver", decision(&world, 7, true)).await.unwrap_err()), "FACT_WITHDRAWN");

        let get = pb::GetSpecialCompensationRequest { special_compensation_id: "SC-1".to_owned(), as_of: None };
        let kept = world.maker().special_compensations.get_special_compensation(get).await.unwrap().into_inner().special_compensation.unwrap();
        assert_eq!((kept.info.unwrap().revision, kept.decision.unwrap().revision), (7, 6));
        let revisions = pb::ListSpecialCompensationRevisionsRequest { special_compensation_id: "SC-1".to_owned(), ..Default::default() };
        let revisions = world.maker().special_compensations.list_special_compensation_revisions(revisions).await.unwrap().into_inner().revisions;
        let decided: Vec<_> = revisions.iter().map(|r| r.decision.as_ref().map(|d| (d.revision, d.granted))).collect();
        assert_eq!(decided, [None, Some((2, true)), Some((2, true)), Some((4, false)), Some((4, false)), Some((6, true)), Some((6, true))]);
        world.stop().await;
    }

    async fn an_application_that_cannot_be_and_a_decision_that_may_not_are_refused(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let good = applied("SC-1", 100_000);
        for (wrong, refusal) in [
            (SpecialCompensation { valid: days(day(2024, 3, 20), None), ..good.clone() }, "PERIOD_OPEN"),
            (SpecialCompensation { valid: days(day(2024, 3, 20), Some(day(2024, 3, 19))), ..good.clone() }, "END_BEFORE_START"),
            (SpecialCompensation { apply_date: on(day(2024, 3, 21)), ..good.clone() }, "APPLIED_AFTER_COST"),
            (SpecialCompensation { purpose: " ".to_owned(), ..good.clone() }, "PURPOSE_MISSING"),
            (applied("SC-1", -1), "AMOUNT_NEGATIVE"),
            (applied("SC-1", 1_000_000_001), "AMOUNT_TOO_LARGE"),
            (SpecialCompensation { placement_id: "PL-9".to_owned(), ..good.clone() }, "PLACEMENT_UNKNOWN"),
        ] {
            assert_eq!(reason(&record(&world, wrong).await.unwrap_err()), refusal);
        }
        record(&world, good.clone()).await.unwrap();
        assert_eq!(reason(&record(&world, good.clone()).await.unwrap_err()), "ID_TAKEN");
        // Another for the same days is no obstacle.
        record(&world, applied("SC-2", 5_000)).await.unwrap();
        let list = pb::ListSpecialCompensationsRequest { placement_id: "PL-0001".to_owned(), ..Default::default() };
        let listed = world.maker().special_compensations.list_special_compensations(list).await.unwrap().into_inner().special_compensations;
        assert_eq!(listed.iter().map(|s| s.special_compensation_id.as_str()).collect::<Vec<_>>(), ["SC-1", "SC-2"]);

        let alone = decide(&world, "maker", decision(&world, 1, true)).await.unwrap_err();
        assert_eq!((alone.code(), reason(&alone).as_str()), (Code::PermissionDenied, "SAME_PERSON"));
        assert_eq!(reason(&decide(&world, "approver", decision(&world, 2, true)).await.unwrap_err()), "REVISION_NOT_NEWEST");
        let silent = pb::DecideSpecialCompensationRequest { reason: String::new(), ..decision(&world, 1, true) };
        assert_eq!(reason(&decide(&world, "approver", silent).await.unwrap_err()), "REASON_MISSING");
        let unknown = pb::DecideSpecialCompensationRequest { special_compensation_id: "SC-9".to_owned(), ..decision(&world, 1, true) };
        assert_eq!(reason(&decide(&world, "approver", unknown).await.unwrap_err()), "NOT_FOUND");
        decide(&world, "approver", decision(&world, 1, false)).await.unwrap();
        assert_eq!(reason(&decide(&world, "another", decision(&world, 2, true)).await.unwrap_err()), "ALREADY_DECIDED");

        for (wrong, refusal) in [
            (SpecialCompensation { valid: days(day(2024, 3, 20), None), ..good.clone() }, "PERIOD_OPEN"),
            (SpecialCompensation { valid: days(day(2024, 3, 20), Some(day(2024, 3, 19))), ..good.clone() }, "END_BEFORE_START"),
            (SpecialCompensation { apply_date: on(day(2024, 3, 21)), ..good.clone() }, "APPLIED_AFTER_COST"),
            (SpecialCompensation { purpose: " ".to_owned(), ..good.clone() }, "PURPOSE_MISSING"),
            (applied("SC-1", -1), "AMOUNT_NEGATIVE"),
            (applied("SC-1", 1_000_000_001), "AMOUNT_TOO_LARGE"),
            (SpecialCompensation { placement_id: "PL-9".to_owned(), ..good.clone() }, "PLACEMENT_DIFFERS"),
            (applied("SC-9", 100_000), "NOT_FOUND"),
        ] {
            assert_eq!(reason(&correct(&world, 2, wrong).await.unwrap_err()), refusal);
        }
        assert_eq!(reason(&correct(&world, 1, good).await.unwrap_err()), "REVISION_NOT_NEWEST");
        world.stop().await;
    }
}
