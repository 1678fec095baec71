//! A premises cost over the city's limit is paid when a second person has approved it, and as it was approved.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1::{self as pb, Component, HoldReason, create_import_request::Record};
use tonic::{Code, Status};

use crate::common::city::{Person, unit};
use crate::common::told::{cost, cost_approved_by, imported};
use crate::common::{World, brief, day, reason};

/// What Stockholm's catalogue says, in öre.
const LIMIT: i64 = 2_500_000;

/// `PL-0001`, a place in Farsta's home that is sold to Bromma, from March 2024.
async fn settle(world: &World) {
    let person =
        Person { district: "Bromma", ..Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)) };
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
    world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
}

fn a_month(ore: i64) -> pb::PremisesCost {
    cost(day(2024, 3, 1), ore)
}

async fn record(world: &World, cost: pb::PremisesCost) -> pb::PremisesCost {
    let request = pb::RecordPremisesCostRequest {
        request_id: world.request(),
        premises_cost: Some(cost),
        ..Default::default()
    };
    let answer = world.maker().premises_costs.record_premises_cost(request).await.unwrap();
    answer.into_inner().premises_cost.unwrap()
}

async fn correct(
    world: &World,
    subject: &str,
    expected_revision: i64,
    cost: pb::PremisesCost,
) -> Result<pb::PremisesCost, Status> {
    let request = pb::CorrectPremisesCostRequest {
        request_id: world.request(),
        expected_revision,
        reason: "misread".to_owned(),
        premises_cost: Some(cost),
        ..Default::default()
    };
    let mut client = world.by(Caller::new(subject, [Role::FinanceMaker])).premises_costs;
    Ok(client.correct_premises_cost(request).await?.into_inner().premises_cost.unwrap())
}

/// Lines of premises in few words, with the revision of the cost that they stand on and what they are due to.
async fn told(world: &World, run: &pb::PaymentRun) -> Vec<(String, i64, i64, String)> {
    let lines = world.lines(run).await;
    let premises = lines.iter().filter(|line| line.component() == Component::ActualPremises);
    let told = premises.map(|line| {
        let (_, first, _, _, ore) = brief(line);
        let on = line.stands_on.iter().find(|on| on.kind == "premises_cost").unwrap();
        (first, ore, on.version.parse().unwrap(), line.cause.clone())
    });
    told.collect()
}

async fn held(world: &World, run: &pb::PaymentRun) -> Vec<(Component, HoldReason, String)> {
    let holds = world.holds(run).await.into_iter().map(|held| held.hold.unwrap());
    holds.map(|hold| (hold.component(), hold.reason(), hold.message)).collect()
}

niva_testing::on_both_databases! {
    async fn what_is_over_the_limit_is_held_until_a_second_person_has_approved_it(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let dear = record(&world, a_month(LIMIT + 1)).await;
        assert!(dear.over_limit);
        for month in [3, 4] {
            let run = world.paid(2024, month).await;
            assert_eq!(told(&world, &run).await, []);
            let held = held(&world, &run).await;
            assert_eq!(held.len(), usize::try_from(month - 2).unwrap());
            for (component, why, words) in held {
                assert_eq!((component, why), (Component::ActualPremises, HoldReason::PremisesCostNotApproved));
                assert!(words.contains("over the city's limit and not approved"), "{words}");
            }
            world.clock.advance_to(day(2024, u32::try_from(month).unwrap() + 1, 2));
        }
        cost_approved_by(&world, "approver", "PC-1", 1).await.unwrap();
        let line = |first: &str, ore, revision, cause: &str| (first.to_owned(), ore, revision, cause.to_owned());
        let approval = "premises_cost PC-1 revision 2";
        let may = world.paid(2024, 5).await;
        assert_eq!(told(&world, &may).await, [
            line("2024-03-01", LIMIT + 1, 2, approval),
            line("2024-04-01", LIMIT + 1, 2, approval),
            line("2024-05-01", LIMIT + 1, 2, ""),
        ]);
        assert_eq!(held(&world, &may).await, []);

        // Corrected: what was approved is paid until the correction is approved too; what is within the limit, at once.
        let dearer = correct(&world, "maker", 2, a_month(LIMIT + 100)).await.unwrap();
        assert_eq!(dearer.counting_revision, 2);
        world.clock.advance_to(day(2024, 7, 2));
        let june = world.paid(2024, 6).await;
        assert_eq!((told(&world, &june).await, held(&world, &june).await), (vec![line("2024-06-01", LIMIT + 1, 2, "")], vec![]));
        let cheaper = correct(&world, "maker", 3, a_month(LIMIT)).await.unwrap();
        assert_eq!((cheaper.over_limit, cheaper.counting_revision), (false, 0));
        world.clock.advance_to(day(2024, 8, 2));
        let july = told(&world, &world.paid(2024, 7).await).await;
        assert_eq!(july.last(), Some(&line("2024-07-01", LIMIT, 4, "")));
        assert_eq!(july.iter().filter(|(.., cause)| cause == "premises_cost PC-1 revision 4").map(|line| line.1).sum::<i64>(), -4);

        // And what was paid without approval goes on while a correction over the limit waits.
        assert_eq!(correct(&world, "maker", 4, a_month(2 * LIMIT)).await.unwrap().counting_revision, 4);
        assert_eq!(correct(&world, "maker", 5, a_month(3 * LIMIT)).await.unwrap().counting_revision, 4);
        world.clock.advance_to(day(2024, 9, 2));
        assert_eq!(told(&world, &world.paid(2024, 8).await).await, [line("2024-08-01", LIMIT, 4, "")]);
        let approved = cost_approved_by(&world, "approver", "PC-1", 6).await.unwrap();
        assert_eq!((approved.counting_revision, approved.approval.unwrap().revision), (0, 7));
        world.clock.advance_to(day(2024, 10, 2));
        let september = told(&world, &world.paid(2024, 9).await).await;
        assert_eq!(september.last(), Some(&line("2024-09-01", 3 * LIMIT, 7, "")));
        assert_eq!(september.iter().map(|line| line.1).sum::<i64>(), 3 * LIMIT + 6 * 2 * LIMIT);
        let verified = niva_payment::verify(&world.db).await.unwrap();
        assert_eq!(verified.findings, []);
        world.stop().await;
    }

    async fn only_a_second_person_approves_a_premises_cost(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        assert_eq!(reason(&cost_approved_by(&world, "approver", "PC-1", 1).await.unwrap_err()), "NOT_FOUND");
        // What a caller says of limits and approvals counts for nothing.
        let approval = Some(pb::premises_cost::Approval { revision: 1, ..Default::default() });
        let forged = pb::PremisesCost { approval, over_limit: true, counting_revision: 9, ..a_month(LIMIT) };
        let usual = record(&world, forged).await;
        assert_eq!((usual.over_limit, usual.approval, usual.counting_revision), (false, None, 0));
        let none = cost_approved_by(&world, "approver", "PC-1", 1).await.unwrap_err();
        assert_eq!((none.code(), reason(&none).as_str()), (Code::FailedPrecondition, "APPROVAL_NOT_NEEDED"));

        let approval = Some(pb::premises_cost::Approval { revision: 2, ..Default::default() });
        let forged = pb::PremisesCost { approval, ..a_month(LIMIT + 1) };
        let dear = correct(&world, "another", 1, forged).await.unwrap();
        assert_eq!((dear.over_limit, dear.approval, dear.counting_revision), (true, None, 1));
        for told_it in ["maker", "another"] {
            let alone = cost_approved_by(&world, told_it, "PC-1", 2).await.unwrap_err();
            assert_eq!((alone.code(), reason(&alone).as_str()), (Code::PermissionDenied, "SAME_PERSON"));
        }
        assert_eq!(reason(&cost_approved_by(&world, "approver", "PC-1", 1).await.unwrap_err()), "REVISION_NOT_NEWEST");
        let request = pb::ApprovePremisesCostRequest { request_id: world.request(), validate_only: true, expected_revision: 2, premises_cost_id: "PC-1".to_owned() };
        assert_eq!(world.maker().premises_costs.approve_premises_cost(request.clone()).await.unwrap_err().code(), Code::PermissionDenied);

        // Rehearsed, then done; repeated, it is the same.
        let rehearsed = world.approver().premises_costs.approve_premises_cost(request.clone()).await.unwrap().into_inner().premises_cost.unwrap();
        assert_eq!(rehearsed.approval.unwrap().revision, 3);
        let request = pb::ApprovePremisesCostRequest { request_id: world.request(), validate_only: false, ..request };
        let first = world.approver().premises_costs.approve_premises_cost(request.clone()).await.unwrap().into_inner();
        let again = world.approver().premises_costs.approve_premises_cost(request).await.unwrap().into_inner();
        assert_eq!(first, again);
        assert_eq!(reason(&cost_approved_by(&world, "approver", "PC-1", 3).await.unwrap_err()), "ALREADY_APPROVED");
        let withdraw = pb::WithdrawPremisesCostRequest { request_id: world.request(), expected_revision: 3, reason: "never paid".to_owned(), premises_cost_id: "PC-1".to_owned(), ..Default::default() };
        world.maker().premises_costs.withdraw_premises_cost(withdraw).await.unwrap();
        assert_eq!(reason(&cost_approved_by(&world, "approver", "PC-1", 4).await.unwrap_err()), "FACT_WITHDRAWN");
        world.stop().await;
    }

    async fn an_import_needs_a_second_person_too_and_takes_no_approval_away(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let dear = |ore| vec![Record::PremisesCost(a_month(ore))];
        assert_eq!(imported(&world, "1", "", dear(LIMIT + 1)).await.unwrap().0.created, 1);
        assert_eq!(reason(&cost_approved_by(&world, "import", "PC-1", 1).await.unwrap_err()), "SAME_PERSON");
        let march = world.paid(2024, 3).await;
        assert_eq!((told(&world, &march).await, held(&world, &march).await.len()), (vec![], 1));
        cost_approved_by(&world, "approver", "PC-1", 1).await.unwrap();
        let (same, _) = imported(&world, "2", "", dear(LIMIT + 1)).await.unwrap();
        assert_eq!((same.unchanged, same.corrected), (1, 0));
        assert_eq!(imported(&world, "3", "misread", dear(LIMIT + 2)).await.unwrap().0.corrected, 1);
        world.clock.advance_to(day(2024, 5, 2));
        let april = told(&world, &world.paid(2024, 4).await).await;
        assert_eq!(april.iter().map(|(first, ore, revision, _)| (first.as_str(), *ore, *revision)).collect::<Vec<_>>(), [
            ("2024-03-01", LIMIT + 1, 2),
            ("2024-04-01", LIMIT + 1, 2),
        ]);
        world.stop().await;
    }
}
