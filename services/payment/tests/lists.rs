//! Lists of runs, lines and holds by what people look for.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{Month, Regime};
use niva_proto::payment::v1::{self as pb, Component, HoldReason, payment_run::State};

use crate::common::city::{Person, unit};
use crate::common::{World, day, reason};

/// Two services, two units, two boards. `P-0001` and `P-00010` begin alike; `P-0004` has no level, and is held.
async fn settle(world: &World) {
    world
        .chosen(&[
            unit("U-1", "PR-1", "Farsta", Regime::Municipal),
            unit("U-2", "PR-2", "Bromma", Regime::Private),
        ])
        .await;
    let services = [stockholm::SUPPORTED_HOUSING, stockholm::HOUSING_WITH_SPECIAL_SERVICE];
    for n in 1..=4_u32 {
        let mut person = Person::new(n, services[n as usize % 2], day(2024, 3, 1));
        person.district = ["Farsta", "Bromma"][n as usize % 2];
        world.assessed(&[person.grant()]).await;
        if n < 4 {
            world.assessed(&[person.level(1, 1, person.start)]).await;
        }
        world.chosen(&[person.placed(["U-1", "U-2"][n as usize % 2])]).await;
    }
}

type Lines = pb::ListPaymentLinesRequest;
type Holds = pb::ListPaymentHoldsRequest;

async fn lines(world: &World, request: Lines) -> Vec<String> {
    let found = world.maker().lines.list_payment_lines(request).await.unwrap().into_inner().payment_lines;
    found.into_iter().map(|line| line.payment_line_id).collect()
}

async fn held(world: &World, request: Holds) -> usize {
    let found = world.maker().holds.list_payment_holds(request).await.unwrap().into_inner();
    assert!(found.payment_holds.iter().all(|hold| hold.placement_id == "PL-0004"), "{found:?}");
    found.payment_holds.len()
}

niva_testing::on_both_databases! {
    async fn lines_are_listed_by_what_people_look_for(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.paid(2024, 3).await;
        // A level back in time, which takes back a line of March.
        let person = Person::new(2, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.assessed(&[person.level(2, 3, day(2024, 3, 1))]).await;
        let april = world.paid(2024, 4).await;
        let run = april.payment_run_id.as_str();
        let all = world.lines(&april).await;
        assert_eq!(all.len(), 5, "three of April, a reversal and what replaces it: {all:?}");
        let of = || Lines { payment_run_id: run.to_owned(), ..Lines::default() };
        let text = str::to_owned;
        let march = Some(Month { year: 2024, month: 3 });
        type Test = fn(&pb::PaymentLine) -> bool;
        let asked: [(Lines, Test); 13] = [
            (of(), |_| true),
            (Lines { person_id: text("P-0002"), ..of() }, |l| l.person_id == "P-0002"),
            (Lines { person_id: text("P-000"), ..of() }, |_| false),
            (Lines { placement_id: text("PL-0001"), ..of() }, |l| l.placement_id == "PL-0001"),
            (Lines { unit_id: text("U-2"), ..of() }, |l| l.unit_id == "U-2"),
            (Lines { provider_id: text("PR-1"), ..of() }, |l| l.provider_id == "PR-1"),
            (Lines { district: text("Bromma"), ..of() }, |l| l.payer_district == "Bromma"),
            (Lines { service: text("supported_housing"), ..of() }, |l| l.service == "supported_housing"),
            (Lines { person_id: text("P-0002"), service: text("supported_housing"), month: march, ..of() }, |l| {
                l.person_id == "P-0002" && l.month.unwrap().month == 3
            }),
            (Lines { component: Component::Rate.into(), month: Some(Month { year: 2024, month: 4 }), ..of() }, |l| l.month.unwrap().month == 4),
            (Lines { component: Component::Vacancy.into(), ..of() }, |_| false),
            (Lines { reversal: Some(true), ..of() }, |l| l.reversal),
            (Lines { correction: Some(false), reversal: Some(false), ..of() }, |l| l.corrects_line_id.is_empty()),
        ];
        for (request, wanted) in asked {
            let expected: Vec<_> = all.iter().filter(|l| wanted(l)).map(|l| l.payment_line_id.clone()).collect();
            assert_eq!(lines(&world, request.clone()).await, expected, "{request:?}");
        }
        assert_eq!(lines(&world, Lines { correction: Some(true), ..of() }).await.len(), 2);
        // What a call reaches bounds every filter.
        let officer = Caller { districts: vec!["Farsta".to_owned()], ..Caller::new("o", [Role::CaseOfficer]) };
        let request = Lines { district: text("Bromma"), ..of() };
        assert_eq!(world.by(officer).lines.list_payment_lines(request).await.unwrap().into_inner().payment_lines, []);
        // A page's token is good for its own filters alone.
        let first = Lines { page_size: 1, service: text("supported_housing"), ..of() };
        let token = world.maker().lines.list_payment_lines(first.clone()).await.unwrap().into_inner().next_page_token;
        let next = Lines { page_token: token, ..first };
        assert_eq!(lines(&world, next.clone()).await.len(), 1);
        for other in [Lines { reversal: Some(false), ..next.clone() }, Lines { service: String::new(), ..next }] {
            assert_eq!(reason(&world.maker().lines.list_payment_lines(other).await.unwrap_err()), "PAGE_TOKEN_INVALID");
        }
        for wrong in [Lines { component: 99, ..of() }, Lines { service: text("none"), ..of() }] {
            let refused = reason(&world.maker().lines.list_payment_lines(wrong).await.unwrap_err());
            assert!(["FIELD_INVALID", "SERVICE_UNKNOWN"].contains(&refused.as_str()), "{refused}");
        }
        world.stop().await;
    }

    async fn holds_are_listed_by_what_people_look_for(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let run = world.calculated(2024, 3).await;
        let of = || Holds { payment_run_id: run.payment_run_id.clone(), ..Holds::default() };
        let text = str::to_owned;
        let [hold] = &world.holds(&run).await[..] else { panic!("one is held") };
        assert_eq!((hold.payer_district.as_str(), hold.unit_id.as_str()), ("Farsta", "U-1"));
        let asked = [
            (of(), 1),
            (Holds { person_id: text("P-0004"), ..of() }, 1),
            (Holds { person_id: text("P-0001"), ..of() }, 0),
            (Holds { placement_id: text("PL-0004"), ..of() }, 1),
            (Holds { unit_id: text("U-1"), ..of() }, 1),
            (Holds { unit_id: text("U-2"), ..of() }, 0),
            (Holds { district: text("Farsta"), ..of() }, 1),
            (Holds { district: text("Bromma"), ..of() }, 0),
            (Holds { service: hold.service.clone(), ..of() }, 1),
            (Holds { service: text("housing_support"), ..of() }, 0),
            (Holds { reason: HoldReason::LevelMissing.into(), ..of() }, 1),
            (Holds { reason: HoldReason::GrantMissing.into(), ..of() }, 0),
        ];
        for (request, count) in asked {
            assert_eq!(held(&world, request.clone()).await, count, "{request:?}");
        }
        let refused = world.maker().holds.list_payment_holds(Holds { reason: 99, ..of() }).await.unwrap_err();
        assert_eq!(reason(&refused), "FIELD_INVALID");
        world.stop().await;
    }

    async fn runs_are_listed_by_month_state_and_time_of_approval(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let first = world.calculated(2024, 3).await;
        world.discard(&first).await.unwrap();
        let march = world.paid(2024, 3).await;
        world.clock.advance_to(day(2024, 5, 3));
        let april = world.paid(2024, 4).await;
        let list = |request: pb::ListPaymentRunsRequest| {
            let mut client = world.maker().runs;
            async move {
                let found = client.list_payment_runs(request).await.unwrap().into_inner().payment_runs;
                found.into_iter().map(|run| run.payment_run_id).collect::<Vec<_>>()
            }
        };
        let of = pb::ListPaymentRunsRequest::default;
        assert_eq!(list(of()).await, ["2024-03.1", "2024-03.2", "2024-04.1"]);
        let month = Some(Month { year: 2024, month: 3 });
        assert_eq!(list(pb::ListPaymentRunsRequest { month, ..of() }).await, ["2024-03.1", "2024-03.2"]);
        let state = State::Approved.into();
        assert_eq!(list(pb::ListPaymentRunsRequest { month, state, ..of() }).await, ["2024-03.2"]);
        assert_eq!(list(pb::ListPaymentRunsRequest { state, ..of() }).await, ["2024-03.2", "2024-04.1"]);
        let since = |run: &pb::PaymentRun| pb::ListPaymentRunsRequest { approved_since: run.approve_time, ..of() };
        assert_eq!(list(since(&march)).await, ["2024-03.2", "2024-04.1"]);
        assert_eq!(list(since(&april)).await, ["2024-04.1"]);
        let wrong = pb::ListPaymentRunsRequest { state: 99, ..of() };
        assert_eq!(reason(&world.maker().runs.list_payment_runs(wrong).await.unwrap_err()), "FIELD_INVALID");
        world.stop().await;
    }
}
