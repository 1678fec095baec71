//! The audit trail: a record a call, in the transaction of what it changed or before it is answered.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{AuditRecord, Month, Regime};
use niva_proto::payment::v1 as pb;
use niva_testing::requests::payment::record_absence;
use sea_orm::ConnectionTrait;
use tonic::Request;

use niva_testing::values::on;

use crate::common::city::{Person, days, unit};
use crate::common::{Client, World, day, reason};

type List = pb::ListAuditRecordsRequest;

fn auditor(world: &World) -> Client {
    world.by(Caller::new("revisor", [Role::Auditor]))
}

async fn listed(world: &World, wanted: List) -> Vec<AuditRecord> {
    auditor(world).audit.list_audit_records(wanted).await.unwrap().into_inner().audit_records
}

async fn of_person(world: &World, person_id: &str) -> Vec<AuditRecord> {
    listed(world, List { person_id: person_id.to_owned(), ..List::default() }).await
}

/// A record in few words: method, status or reason, who.
fn brief(record: &AuditRecord) -> String {
    let method = record.method.rsplit('/').next().unwrap_or_default();
    let outcome = if record.reason.is_empty() { &record.status } else { &record.reason };
    format!("{method} {outcome} {}", record.subject)
}

fn all(records: &[AuditRecord]) -> Vec<String> {
    records.iter().map(brief).collect()
}

/// `PL-0001` of `P-0001` and `PL-0002` of `P-0002`.
async fn settle(world: &World) {
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
    for n in 1..=2 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
        world.chosen(&[person.placed("U-1")]).await;
    }
}

fn absence(request_id: &str, placement: &str, first: u32) -> pb::RecordAbsenceRequest {
    pb::RecordAbsenceRequest {
        request_id: request_id.to_owned(),
        ..record_absence(pb::Absence {
            placement_id: placement.to_owned(),
            days: days(day(2024, 3, first), Some(day(2024, 3, first))),
            ..pb::Absence::default()
        })
    }
}

async fn rename(world: &World, from: &str, to: &str) {
    world.db.conn().execute_unprepared(&format!("ALTER TABLE {from} RENAME TO {to}")).await.unwrap();
}

niva_testing::on_both_databases! {
    async fn what_is_read_changed_and_refused_is_found_by_the_person(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let mut absences = world.maker().absences;
        let mut told = Request::new(absence("r1", "PL-0001", 4));
        told.metadata_mut().insert("niva-purpose", "attendance/2024-03".parse().unwrap());
        let made = absences.record_absence(told).await.unwrap().into_inner().absence.unwrap();
        absences.record_absence(absence("r1", "PL-0001", 4)).await.unwrap();
        let rehearsed = pb::RecordAbsenceRequest { validate_only: true, ..absence("r2", "PL-0001", 5) };
        absences.record_absence(rehearsed).await.unwrap();
        assert_eq!(reason(&absences.record_absence(absence("r3", "PL-0001", 4)).await.unwrap_err()), "PERIOD_OVERLAPS");
        absences.record_absence(absence("r4", "PL-0002", 4)).await.unwrap();
        let get = pb::GetAbsenceRequest { absence_id: made.absence_id.clone(), as_of: None };
        absences.get_absence(get).await.unwrap();
        let list = pb::ListAbsencesRequest { person_id: "P-0001".into(), ..Default::default() };
        absences.list_absences(list).await.unwrap();
        // What concerns nobody leaves nothing.
        world.maker().models.list_models(pb::ListModelsRequest::default()).await.unwrap();
        let found = of_person(&world, "P-0001").await;
        assert_eq!(
            all(&found),
            [
                "RecordAbsence OK maker",
                "RecordAbsence OK maker",
                "RecordAbsence OK maker",
                "RecordAbsence PERIOD_OVERLAPS maker",
                "GetAbsence OK maker",
                "ListAbsences OK maker",
            ]
        );
        let first = &found[0];
        assert_eq!((first.role.as_str(), first.scope.as_str()), ("finance_maker", "city"));
        assert_eq!((first.purpose.as_str(), found[1].purpose.as_str()), ("attendance/2024-03", ""));
        assert_eq!((&first.person_ids[..], &first.placement_ids[..]), (&["P-0001".to_owned()][..], &["PL-0001".to_owned()][..]));
        assert!(first.record_time.is_some() && first.calls == 1 && first.left_out == 0);
        // Of the other person the other's, and reading about one is found by them too.
        assert_eq!(all(&of_person(&world, "P-0002").await), ["RecordAbsence OK maker"]);
        let last = of_person(&world, "P-0001").await.pop().unwrap();
        assert_eq!(brief(&last), "ListAuditRecords OK revisor");
    }

    async fn what_is_calculated_of_nobody_leaves_no_record(db: &TestDb) {
        let world = World::new(db).await;
        let start = on(day(2024, 3, 1));
        let case = pb::CompensationCase {
            service: stockholm::SUPPORTED_HOUSING.into(),
            ordered_start: start,
            actual_start: start,
            buyer_district: "Farsta".into(),
            unit_district: "Farsta".into(),
            regimes: vec![pb::CaseRegimePeriod { valid_from: start, regime: Regime::Municipal.into() }],
            ..Default::default()
        };
        let away = pb::Absence { placement_id: "PL-0001".into(), days: days(day(2024, 3, 4), Some(day(2024, 3, 5))), ..Default::default() };
        let named = pb::CompensationCase { absences: vec![away], ..case.clone() };
        let month = Some(Month { year: 2024, month: 3 });
        for case in [case, named] {
            let asked = pb::CalculateCompensationRequest { case: Some(case), first_month: month, last_month: month };
            world.maker().compensation.calculate_compensation(asked).await.unwrap();
        }
        let found = listed(&world, List::default()).await;
        let of: Vec<_> = found.iter().map(|record| (brief(record), record.placement_ids.clone())).collect();
        assert_eq!(of, [("CalculateCompensation OK maker".to_owned(), vec!["PL-0001".to_owned()])]);
    }

    async fn who_is_turned_away_is_recorded(db: &TestDb) {
        let world = World::new(db).await;
        let get = || pb::GetAbsenceRequest { absence_id: "none".into(), as_of: None };
        let mut nobody = Client::new(world.as_nobody());
        assert_eq!(reason(&nobody.absences.get_absence(get()).await.unwrap_err()), "TOKEN_MISSING");
        let mut erp = world.by(Caller::new("erp", [Role::Erp]));
        assert_eq!(reason(&erp.absences.get_absence(get()).await.unwrap_err()), "ROLE_MISSING");
        let mut lost = world.by(Caller { provider: None, ..Caller::new("lost", [Role::Provider]) });
        assert_eq!(reason(&lost.absences.get_absence(get()).await.unwrap_err()), "SCOPE_MISSING");
        assert_eq!(reason(&world.provider("PR-9").absences.get_absence(get()).await.unwrap_err()), "NOT_FOUND");
        let mut named = Request::new(get());
        named.metadata_mut().insert("niva-purpose", "a whole sentence".parse().unwrap());
        assert_eq!(reason(&world.maker().absences.get_absence(named).await.unwrap_err()), "FIELD_INVALID");
        let found = listed(&world, List { method: "/niva.payment.v1.AbsenceService/GetAbsence".into(), ..List::default() }).await;
        assert_eq!(
            all(&found),
            [
                "GetAbsence TOKEN_MISSING ",
                "GetAbsence ROLE_MISSING erp",
                "GetAbsence SCOPE_MISSING lost",
                "GetAbsence NOT_FOUND staff of PR-9",
                "GetAbsence FIELD_INVALID maker",
            ]
        );
        assert_eq!(found[3].scope, "provider:PR-9");
        assert_eq!(all(&listed(&world, List { subject: "erp".into(), ..List::default() }).await).len(), 1);
    }

    async fn what_cannot_be_recorded_is_neither_done_nor_shown(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let mut absences = world.maker().absences;
        let made = absences.record_absence(absence("r1", "PL-0001", 4)).await.unwrap().into_inner().absence.unwrap();
        rename(&world, "audit_record", "away").await;
        let unrecorded = absences.record_absence(absence("r2", "PL-0001", 5)).await.unwrap_err();
        assert_eq!((unrecorded.code(), reason(&unrecorded).as_str()), (tonic::Code::Unavailable, "AUDIT_UNAVAILABLE"));
        let get = pb::GetAbsenceRequest { absence_id: made.absence_id, as_of: None };
        assert_eq!(reason(&absences.get_absence(get).await.unwrap_err()), "AUDIT_UNAVAILABLE");
        rename(&world, "away", "audit_record").await;
        let all = absences.list_absences(pb::ListAbsencesRequest::default()).await.unwrap().into_inner().absences;
        assert_eq!(all.len(), 1);
        // The same request is done when it can be recorded.
        absences.record_absence(absence("r2", "PL-0001", 5)).await.unwrap();
    }

    async fn a_flood_without_a_token_leaves_little(db: &TestDb) {
        let world = World::new(db).await;
        let mut nobody = Client::new(world.as_nobody());
        for _ in 0..200 {
            nobody.runs.list_payment_runs(pb::ListPaymentRunsRequest::default()).await.unwrap_err();
        }
        // What is counted is written by whoever seals.
        for _ in 0..100 {
            let found = listed(&world, List { method: "/niva.payment.v1.RunService/ListPaymentRuns".into(), ..List::default() }).await;
            if found.iter().map(|record| record.calls).sum::<i64>() == 200 {
                assert!(found.len() < 60, "{}", found.len());
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("not all calls are counted");
    }

    async fn records_are_read_in_pages_and_drawn_again_alike(db: &TestDb) {
        let world = World::new(db).await;
        let before = niva_base::Clock::system().now();
        for n in 0..25 {
            let get = pb::GetAbsenceRequest { absence_id: format!("none-{n}"), as_of: None };
            world.maker().absences.get_absence(get).await.unwrap_err();
        }
        let of = List { subject: "maker".into(), page_size: 10, ..List::default() };
        let (mut token, mut numbers) = (String::new(), Vec::new());
        loop {
            let page = List { page_token: token, ..of.clone() };
            let page = auditor(&world).audit.list_audit_records(page).await.unwrap().into_inner();
            numbers.extend(page.audit_records.iter().map(|record| record.number));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert!(numbers.len() == 25 && numbers.is_sorted(), "{numbers:?}");
        let since = Some(niva_proto::facts::timestamp(before));
        assert_eq!(listed(&world, List { until: since, ..of.clone() }).await, []);
        assert_eq!(listed(&world, List { since, ..of.clone() }).await.len(), 10);
        let wrong = List { page_token: "x".into(), page_size: -1, ..of };
        let refused = auditor(&world).audit.list_audit_records(wrong).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), ["PAGE_SIZE_NEGATIVE", "PAGE_TOKEN_INVALID"]);
        let month = chrono::Datelike::month(&before).try_into().unwrap();
        let month = Some(Month { year: chrono::Datelike::year(&before), month });
        let draw = |seed: &str, size| pb::SampleAuditRecordsRequest { month, seed: seed.into(), size };
        let drawn = async |request| {
            let drawn = auditor(&world).audit.sample_audit_records(request).await.unwrap().into_inner();
            (drawn.audit_records.iter().map(|record| record.number).collect::<Vec<_>>(), drawn.records)
        };
        let (five, of) = drawn(draw("autumn", 5)).await;
        assert!(five.len() == 5 && five.is_sorted() && of >= 25, "{five:?} of {of}");
        // Reading leaves records too, so that the month is not over; most of what was drawn is drawn again.
        let again = drawn(draw("autumn", 5)).await.0;
        assert!(again.iter().filter(|number| five.contains(number)).count() >= 4, "{five:?} {again:?}");
        let more = drawn(draw("autumn", 20)).await.0;
        assert!(again.iter().filter(|number| more.contains(number)).count() >= 4);
        assert_ne!(drawn(draw("spring", 5)).await.0, again);
        let refused = auditor(&world).audit.sample_audit_records(draw(" ", -1)).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), ["FIELD_REQUIRED", "FIELD_INVALID"]);
    }
}
