//! Agreements are paid when a second person has approved them, and as they were approved.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, Regime};
use niva_proto::payment::v1::{self as pb, HoldReason, create_import_request::Record};
use niva_testing::requests::payment::record_agreement;
use tonic::{Code, Status};

use crate::common::city::{Person, unit};
use crate::common::told::{agreed, approved_by, imported};
use crate::common::{World, amount, brief, day, reason, text};

/// `PL-0001` in supported housing at level 1, from March 2024.
async fn settle(world: &World) {
    let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
    world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
}

fn by_day(ore: i64) -> pb::Agreement {
    agreed("IA-1", day(2024, 3, 1), None, ore)
}

async fn record(world: &World, agreement: pb::Agreement) {
    let request = record_agreement(agreement);
    world.maker().agreements.record_agreement(request).await.unwrap();
}

async fn correct(
    world: &World,
    subject: &str,
    expected_revision: i64,
    agreement: pb::Agreement,
) -> Result<pb::Agreement, Status> {
    let request = pb::CorrectAgreementRequest {
        request_id: world.request(),
        expected_revision,
        reason: "misread".to_owned(),
        agreement: Some(agreement),
        ..Default::default()
    };
    let mut client = world.by(Caller::new(subject, [Role::FinanceMaker])).agreements;
    Ok(client.correct_agreement(request).await?.into_inner().agreement.unwrap())
}

/// Lines of a run in few words, with the revision of the agreement that they stand on and what they are due to.
async fn told(world: &World, run: &pb::PaymentRun) -> Vec<(String, i64, i64, String, String)> {
    let lines = world.lines(run).await;
    let told = lines.iter().map(|line| {
        let (_, first, _, quantity, ore) = brief(line);
        let on = line.stands_on.iter().find(|on| on.kind == "agreement");
        let on = on.map(|on| format!("{} {}", on.id, on.version)).unwrap_or_default();
        (first, quantity, ore, on, line.cause.clone())
    });
    told.collect()
}

niva_testing::on_both_databases! {
    async fn c12_an_agreement_approved_after_two_months_and_then_corrected_in_price(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        record(&world, by_day(50_000)).await;
        // Nobody has approved it: two months are held, and nothing of them is paid by the ordinary rate.
        for month in [3, 4] {
            let run = world.paid(2024, month).await;
            assert_eq!((world.lines(&run).await, amount(&run)), (Vec::new(), 0));
            let holds = world.holds(&run).await;
            let held: Vec<_> = holds.iter().map(|h| h.hold.clone().unwrap()).collect();
            assert!(held.iter().all(|hold| hold.reason() == HoldReason::AgreementNotApproved), "{held:?}");
            assert!(held.iter().all(|hold| hold.message.contains("not approved")), "{held:?}");
            let newest = held.last().unwrap().days.unwrap();
            assert_eq!(text(newest.first), format!("2024-{month:02}-01"));
            world.clock.advance_to(day(2024, u32::try_from(month).unwrap() + 1, 2));
        }
        approved_by(&world, "approver", "IA-1", 1).await.unwrap();
        let may = world.paid(2024, 5).await;
        let line = |first: &str, quantity, price, on: &str, cause: &str| {
            (first.to_owned(), quantity, quantity * price, format!("IA-1 {on}"), cause.to_owned())
        };
        let approval = "agreement IA-1 revision 2";
        assert_eq!(told(&world, &may).await, [
            line("2024-03-01", 31, 50_000, "2", approval),
            line("2024-04-01", 30, 50_000, "2", approval),
            line("2024-05-01", 31, 50_000, "2", ""),
        ]);
        assert_eq!(world.holds(&may).await, []);

        // Corrected: what was approved counts until the correction is approved too.
        correct(&world, "maker", 2, by_day(51_000)).await.unwrap();
        world.clock.advance_to(day(2024, 7, 2));
        let june = world.paid(2024, 6).await;
        assert_eq!(told(&world, &june).await, [line("2024-06-01", 30, 50_000, "2", "")]);
        approved_by(&world, "approver", "IA-1", 3).await.unwrap();
        world.clock.advance_to(day(2024, 8, 2));
        let july = world.paid(2024, 7).await;
        let correction = "agreement IA-1 revision 4";
        let earlier = [("2024-03-01", 31), ("2024-04-01", 30), ("2024-05-01", 31), ("2024-06-01", 30)];
        let mut expected: Vec<_> = earlier
            .into_iter()
            .flat_map(|(first, days)| [line(first, -days, 50_000, "2", correction), line(first, days, 51_000, "4", correction)])
            .collect();
        expected.push(line("2024-07-01", 31, 51_000, "4", ""));
        assert_eq!(told(&world, &july).await, expected);
        world.stop().await;
    }

    async fn only_a_second_person_approves_an_agreement(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        assert_eq!(reason(&approved_by(&world, "approver", "IA-1", 1).await.unwrap_err()), "NOT_FOUND");
        record(&world, by_day(50_000)).await;
        let alone = approved_by(&world, "maker", "IA-1", 1).await.unwrap_err();
        assert_eq!((alone.code(), reason(&alone).as_str()), (Code::PermissionDenied, "SAME_PERSON"));
        assert_eq!(reason(&approved_by(&world, "approver", "IA-1", 2).await.unwrap_err()), "REVISION_NOT_NEWEST");
        let request = pb::ApproveAgreementRequest { request_id: world.request(), validate_only: true, expected_revision: 1, agreement_id: "IA-1".to_owned() };
        assert_eq!(world.maker().agreements.approve_agreement(request.clone()).await.unwrap_err().code(), Code::PermissionDenied);

        // Rehearsed, then done; repeated, it is the same.
        let rehearsed = world.approver().agreements.approve_agreement(request.clone()).await.unwrap().into_inner().agreement.unwrap();
        assert_eq!(rehearsed.approval.unwrap().revision, 2);
        let request = pb::ApproveAgreementRequest { request_id: world.request(), validate_only: false, ..request };
        let first = world.approver().agreements.approve_agreement(request.clone()).await.unwrap().into_inner().agreement.unwrap();
        let again = world.approver().agreements.approve_agreement(request).await.unwrap().into_inner().agreement.unwrap();
        assert_eq!(first, again);
        let (approval, info) = (first.approval.clone().unwrap(), first.info.clone().unwrap());
        assert_eq!((approval.revision, approval.author, approval.approve_time), (info.revision, info.author, info.record_time));
        assert_eq!(first.price, Some(wire::Money { ore: 50_000 }));
        assert_eq!(reason(&approved_by(&world, "another", "IA-1", 2).await.unwrap_err()), "ALREADY_APPROVED");

        // Whoever corrects it is no second person to the correction; the first author, who told nothing since, is. What a
        // caller says of approvals counts for nothing.
        let forged = pb::Agreement { approval: Some(pb::agreement::Approval { revision: 3, ..Default::default() }), ..by_day(51_000) };
        let corrected = correct(&world, "approver", 2, forged).await.unwrap();
        assert_eq!(corrected.approval, first.approval);
        assert_eq!(reason(&approved_by(&world, "approver", "IA-1", 3).await.unwrap_err()), "SAME_PERSON");
        let anew = approved_by(&world, "maker", "IA-1", 3).await.unwrap();
        assert_eq!(anew.approval.unwrap().revision, 4);
        let unitless = pb::Agreement { unit: 0, ..by_day(51_000) };
        assert_eq!(reason(&correct(&world, "maker", 4, unitless).await.unwrap_err()), "AGREEMENT_UNIT_UNKNOWN");

        let withdraw = pb::WithdrawAgreementRequest { request_id: world.request(), expected_revision: 4, reason: "never signed".to_owned(), agreement_id: "IA-1".to_owned(), ..Default::default() };
        world.maker().agreements.withdraw_agreement(withdraw).await.unwrap();
        assert_eq!(reason(&approved_by(&world, "approver", "IA-1", 5).await.unwrap_err()), "FACT_WITHDRAWN");
        world.stop().await;
    }

    async fn an_import_does_not_take_an_approval_away(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let agreement = |ore| vec![Record::Agreement(by_day(ore))];
        assert_eq!(imported(&world, "1", "", agreement(50_000)).await.unwrap().0.created, 1);
        assert_eq!(reason(&approved_by(&world, "import", "IA-1", 1).await.unwrap_err()), "SAME_PERSON");
        let approved = approved_by(&world, "approver", "IA-1", 1).await.unwrap();
        let (same, _) = imported(&world, "2", "", agreement(50_000)).await.unwrap();
        assert_eq!((same.unchanged, same.corrected), (1, 0));
        // Another price is a correction: the approved one counts.
        assert_eq!(imported(&world, "3", "misread", agreement(51_000)).await.unwrap().0.corrected, 1);
        let request = pb::GetAgreementRequest { agreement_id: "IA-1".to_owned(), as_of: None };
        let kept = world.maker().agreements.get_agreement(request).await.unwrap().into_inner().agreement.unwrap();
        assert_eq!((kept.info.unwrap().revision, kept.approval), (3, approved.approval));
        assert_eq!(amount(&world.paid(2024, 3).await), 31 * 50_000);
        world.stop().await;
    }
}
