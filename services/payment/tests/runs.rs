//! Runs: made once, previewed, approved by another person, discarded, and paid once.

use niva_testing::requests::payment::explain;
use std::collections::BTreeMap;

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, GrantScope, Regime};
use niva_proto::payment::v1::{self as pb, payment_run::State};

use niva_testing::values::officer_of;

use crate::common::city::{Person, unit};
use crate::common::{Start, World, amount, brief, day, ore, reason};

/// Twelve people in four services, two providers and two districts.
async fn settle(world: &World) {
    let units = [
        unit("U-1", "PR-1", "Farsta", Regime::Municipal),
        unit("U-2", "PR-2", "Bromma", Regime::Private),
        unit("U-3", "PR-1", "Bromma", Regime::Municipal),
    ];
    world.chosen(&units).await;
    let services = [
        stockholm::SUPPORTED_HOUSING,
        stockholm::HOUSING_WITH_SPECIAL_SERVICE,
        stockholm::HOUSING_SUPPORT,
        stockholm::DAILY_ACTIVITIES_LSS,
    ];
    let (mut grants, mut placements) = (Vec::new(), Vec::new());
    for (n, service) in (1..=12).zip(services.into_iter().cycle()) {
        let person = Person::new(n, service, day(2024, 2, 1 + n));
        let scope = GrantScope { extent: wire::Extent::FullTime.into(), ..Default::default() };
        grants.extend([
            person.grant_of(1, None, scope),
            person.level(1, 1 + i32::try_from(n % 3).unwrap(), person.start),
        ]);
        placements.push(person.placed(["U-1", "U-2", "U-3"][n as usize % 3]));
    }
    world.assessed(&grants).await;
    world.chosen(&placements).await;
}

#[test]
fn every_rpc_of_the_contract_has_a_rule() {
    let files =
        <prost_types::FileDescriptorSet as prost::Message>::decode(niva_proto::FILE_DESCRIPTOR_SET).unwrap();
    // The catalogue and legal holds are served by every part.
    let files = files
        .file
        .iter()
        .filter(|f| ["niva.audit.v1", "niva.catalogue.v1", "niva.payment.v1"].contains(&f.package()));
    let services = files.flat_map(|f| f.service.iter().map(|s| (f.package(), s)));
    let paths = services.flat_map(|(package, s)| {
        s.method.iter().map(move |m| format!("/{package}.{}/{}", s.name(), m.name()))
    });
    let mut rpcs: Vec<_> = paths.collect();
    rpcs.sort();
    let policy = niva_payment::policy();
    assert_eq!(policy.paths().collect::<Vec<_>>(), rpcs);
}

niva_testing::on_both_databases! {
    async fn a_run_is_calculated_listed_and_approved_by_another_person(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let made = world.create(2024, 3).await.unwrap();
        assert_eq!((made.payment_run_id.as_str(), made.state(), made.job.unwrap().total), ("2024-03.1", State::Calculating, 12));
        let run = world.settled("2024-03.1").await;
        assert_eq!((run.state(), run.maker.as_str()), (State::Calculated, "maker"));
        let job = run.job.clone().unwrap();
        let author = wire::Author { subject: "maker".to_owned(), role: "finance_maker".to_owned() };
        assert_eq!((job.kind.as_str(), job.state(), job.done, job.author), ("payment_run", wire::job::State::Done, 12, Some(author)));
        assert!(job.start_time.is_some() && job.end_time.is_some() && !job.cancel_asked);
        let (lines, control) = (world.lines(&run).await, run.control.clone().unwrap());
        assert_eq!((control.lines, control.placements, control.holds), (12, 12, 0));
        assert_eq!(ore(control.amount), lines.iter().map(|l| ore(l.amount)).sum::<i64>());
        let mut dimensions: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for total in &run.totals {
            let sum = dimensions.entry(&total.dimension).or_default();
            *sum = (sum.0 + total.lines, sum.1 + ore(total.amount));
        }
        assert_eq!(dimensions.len(), 6);
        assert!(dimensions.values().all(|sum| *sum == (12, amount(&run))), "{dimensions:?}");
        let approved = world.approve(&run).await.unwrap();
        assert_eq!((approved.state(), approved.approver.as_str()), (State::Approved, "run-approver"));
        assert!(approved.approve_time.is_some());
        let request = pb::GetPaymentRunRequest { payment_run_id: "2024-03.1".to_owned() };
        assert_eq!(world.maker().runs.get_payment_run(request).await.unwrap().into_inner().payment_run, Some(approved));
        world.stop().await;
    }

    async fn a_preview_keeps_nothing_and_equals_the_run(db: &TestDb) {
        let world = World::start(db, Start { cases_per_part: 5, ..Default::default() }).await;
        settle(&world).await;
        let preview = world.preview(2024, 3).await.unwrap();
        let runs = world.maker().runs.list_payment_runs(pb::ListPaymentRunsRequest::default()).await.unwrap().into_inner();
        assert_eq!((preview.payment_run_id.as_str(), runs.payment_runs.len()), ("", 0));
        let run = world.calculated(2024, 3).await;
        assert_eq!((preview.control, preview.totals, preview.frozen_fact_number), (run.control.clone(), run.totals.clone(), run.frozen_fact_number));
        assert_eq!(reason(&world.preview(2024, 3).await.unwrap_err()), "RUN_IN_PROGRESS");
        world.stop().await;
    }

    async fn of_runs_made_at_once_one_wins(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let all = futures_util::future::join_all((0..8).map(|_| world.create(2024, 3))).await;
        let (won, lost): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for refused in lost {
            assert_eq!(reason(&refused.unwrap_err()), "RUN_IN_PROGRESS");
        }
        world.settled("2024-03.1").await;
        world.stop().await;
    }

    async fn a_run_that_was_discarded_is_made_again_with_the_same_lines(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let first = world.calculated(2024, 3).await;
        let discarded = world.discard(&first).await.unwrap();
        assert_eq!(discarded.state(), State::Discarded);
        let second = world.calculated(2024, 3).await;
        assert_eq!(second.payment_run_id, "2024-03.2");
        assert_eq!(second.control, first.control);
        let of = &world;
        let lines = |run: pb::PaymentRun| async move { of.lines(&run).await.iter().map(brief).collect::<Vec<_>>() };
        assert_eq!(lines(first).await, lines(second.clone()).await);
        world.approve(&second).await.unwrap();
        let april = world.paid(2024, 4).await;
        assert_eq!((april.control.clone().unwrap().reversals, ore(april.control.unwrap().earlier_months)), (0, 0));
        world.stop().await;
    }

    async fn a_request_that_is_repeated_is_done_once(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let month = Some(wire::Month { year: 2024, month: 3 });
        let request = pb::CreatePaymentRunRequest { min_positions: Vec::new(), request_id: "r-1".to_owned(), month, validate_only: false };
        let first = world.maker().runs.create_payment_run(request.clone()).await.unwrap().into_inner();
        let run = world.settled("2024-03.1").await;
        assert_eq!(world.maker().runs.create_payment_run(request.clone()).await.unwrap().into_inner(), first);
        let other = pb::CreatePaymentRunRequest { month: Some(wire::Month { year: 2024, month: 4 }), ..request };
        assert_eq!(reason(&world.maker().runs.create_payment_run(other).await.unwrap_err()), "REQUEST_ID_REUSED");
        let pb::ControlTotals { amount, lines_sha256, .. } = run.control.unwrap();
        let request = pb::ApprovePaymentRunRequest { request_id: "a-1".to_owned(), payment_run_id: run.payment_run_id, amount, lines_sha256, repriced: None };
        let first = world.approver().runs.approve_payment_run(request.clone()).await.unwrap().into_inner();
        assert_eq!(world.approver().runs.approve_payment_run(request).await.unwrap().into_inner(), first);
        world.stop().await;
    }

    async fn months_that_cannot_be_run_are_refused_in_the_documented_order(db: &TestDb) {
        let world = World::start(db, Start { opening: Some("2024-02".parse().unwrap()), ..Default::default() }).await;
        settle(&world).await;
        assert_eq!(reason(&world.create(2024, 6).await.unwrap_err()), "MONTH_IN_FUTURE");
        assert_eq!(reason(&world.create(2999, 1).await.unwrap_err()), "MONTH_IN_FUTURE");
        assert_eq!(reason(&world.create(2024, 1).await.unwrap_err()), "MONTH_BEFORE_LEDGER");
        let march = world.calculated(2024, 3).await;
        assert_eq!(reason(&world.create(2024, 6).await.unwrap_err()), "MONTH_IN_FUTURE");
        assert_eq!(reason(&world.create(2024, 1).await.unwrap_err()), "MONTH_BEFORE_LEDGER");
        assert_eq!(reason(&world.create(2024, 3).await.unwrap_err()), "RUN_IN_PROGRESS");
        world.approve(&march).await.unwrap();
        assert_eq!(reason(&world.create(2024, 3).await.unwrap_err()), "MONTH_ALREADY_RUN");
        assert_eq!(reason(&world.create(2024, 2).await.unwrap_err()), "MONTH_ALREADY_RUN");
        // February is paid by March's run, because the ledger begins with it.
        assert!(world.lines(&march).await.iter().any(|l| l.month.unwrap().month == 2));
        assert_eq!(world.create(2024, 5).await.unwrap().payment_run_id, "2024-05.1");
        assert_eq!(reason(&world.maker().runs.create_payment_run(pb::CreatePaymentRunRequest::default()).await.unwrap_err()), "FIELD_REQUIRED");
        world.settled("2024-05.1").await;
        world.stop().await;
    }

    async fn approval_wants_another_person_the_right_sum_and_a_calculated_run(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let run = world.calculated(2024, 3).await;
        let sha256 = run.control.as_ref().unwrap().lines_sha256.clone();
        let approve = |by: Caller, id: &str, ore: i64| {
            let mut client = world.by(by);
            let request = pb::ApprovePaymentRunRequest {
                request_id: world.request(),
                payment_run_id: id.to_owned(),
                amount: Some(wire::Money { ore }),
                lines_sha256: sha256.clone(),
                repriced: None,
            };
            async move { client.runs.approve_payment_run(request).await }
        };
        let approver = |who: &str| Caller::new(who, [Role::FinanceApprover]);
        let refused = approve(approver("maker"), "2024-03.1", amount(&run)).await.unwrap_err();
        assert_eq!((reason(&refused), refused.code()), ("SAME_PERSON".to_owned(), tonic::Code::PermissionDenied));
        // The two roles are never in one token.
        let both = Caller::new("maker", [Role::FinanceMaker, Role::FinanceApprover]);
        assert_eq!(reason(&approve(both, "2024-03.1", amount(&run)).await.unwrap_err()), "TOKEN_INVALID");
        assert_eq!(reason(&approve(approver("b"), "2024-03.1", amount(&run) + 1).await.unwrap_err()), "AMOUNT_DIFFERS");
        assert_eq!(reason(&approve(approver("b"), "2024-03.9", 0).await.unwrap_err()), "NOT_FOUND");
        let maker = Caller::new("c", [Role::FinanceMaker]);
        assert_eq!(reason(&approve(maker, "2024-03.1", amount(&run)).await.unwrap_err()), "ROLE_MISSING");
        assert_eq!(world.settled("2024-03.1").await, run, "nothing changed");
        world.approve(&run).await.unwrap();
        assert_eq!(reason(&approve(approver("b"), "2024-03.1", amount(&run)).await.unwrap_err()), "RUN_STATE");
        assert_eq!(reason(&world.discard(&run).await.unwrap_err()), "RUN_STATE");
        let request = pb::DiscardPaymentRunRequest { request_id: world.request(), payment_run_id: "x".to_owned(), reason: " ".to_owned() };
        assert_eq!(reason(&world.maker().runs.discard_payment_run(request).await.unwrap_err()), "REASON_MISSING");
        world.stop().await;
    }

    async fn lines_are_listed_by_placement_and_provider_and_a_provider_sees_its_own(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let run = world.paid(2024, 3).await;
        let list = |mut client: crate::common::Client, placement: &str, provider: &str| {
            let request = pb::ListPaymentLinesRequest {
                payment_run_id: run.payment_run_id.clone(),
                placement_id: placement.to_owned(),
                provider_id: provider.to_owned(),
                ..Default::default()
            };
            async move { client.lines.list_payment_lines(request).await.map(|r| r.into_inner().payment_lines) }
        };
        assert_eq!(list(world.maker(), "PL-0003", "").await.unwrap().len(), 1);
        assert_eq!(list(world.maker(), "PL-0003", "PR-2").await.unwrap().len(), 0);
        assert_eq!(list(world.maker(), "PL-none", "").await.unwrap().len(), 0);
        let own = list(world.provider("PR-2"), "", "").await.unwrap();
        assert_eq!((own.len(), own.iter().all(|l| l.provider_id == "PR-2")), (4, true));
        // Lines to others are as good as none.
        assert_eq!(list(world.provider("PR-2"), "", "PR-1").await.unwrap().len(), 0);
        let officer = |district: &str| officer_of("o", &[Role::CaseOfficer], district);
        let farsta = list(world.by(officer("Farsta")), "", "").await.unwrap();
        let all = list(world.maker(), "", "").await.unwrap();
        assert_eq!((farsta.len(), all.iter().all(|l| l.payer_district == "Farsta")), (all.len(), true));
        assert_eq!(list(world.by(officer("Bromma")), "", "").await.unwrap().len(), 0, "who does not pay sees no line");
        assert_eq!(reason(&list(world.by(Caller::new("a", [Role::Analyst])), "", "").await.unwrap_err()), "ROLE_MISSING");
        let nobody = Caller::new("x", [Role::Provider]);
        assert_eq!(reason(&list(world.by(nobody), "", "").await.unwrap_err()), "SCOPE_MISSING");
        let other = world.lines(&run).await.into_iter().find(|l| l.provider_id == "PR-1").unwrap();
        let request = explain(&other.payment_line_id);
        assert_eq!(reason(&world.provider("PR-2").lines.explain_payment_line(request).await.unwrap_err()), "NOT_FOUND");
        world.stop().await;
    }
}

#[tokio::test]
async fn without_its_tables_the_service_does_not_start_and_says_what_to_do() {
    let db = niva_testing::TestDb::sqlite().await;
    let error = crate::common::unmigrated(&db).await.unwrap_err();
    assert!(error.to_string().contains("niva migrate"), "{error}");
}
