//! The audit trail: a record a call, for streams and imports too.

use futures_util::stream;
use niva_access::{Caller, Role};
use niva_assessment::Migrator;
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_proto::audit::v1::{
    Clients as Holds, LiftLegalHoldRequest, ListLegalHoldsRequest, PlaceLegalHoldRequest,
};
use niva_proto::common::v1::{AuditRecord, Month};
use niva_testing::TestDb;
use sea_orm::ConnectionTrait;

use crate::rig::{Rig, grant_request, person_request, reason};

type List = pb::ListAuditRecordsRequest;

async fn listed(rig: &Rig, wanted: List) -> Vec<AuditRecord> {
    let mut auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
    auditor.audit.list_audit_records(wanted).await.unwrap().into_inner().audit_records
}

/// Records of a person in few words: method, status or reason.
async fn of_person(rig: &Rig, person_id: &str) -> Vec<String> {
    let found = listed(rig, List { person_id: person_id.to_owned(), ..List::default() }).await;
    found.iter().map(brief).collect()
}

fn brief(record: &AuditRecord) -> String {
    let method = record.method.rsplit('/').next().unwrap_or_default();
    let outcome = if record.reason.is_empty() { &record.status } else { &record.reason };
    format!("{method} {outcome}")
}

fn record(entry: pb::create_import_request::Record, request_id: &str) -> pb::CreateImportRequest {
    let request_id = request_id.to_owned();
    pb::CreateImportRequest { request_id, record: Some(entry), ..pb::CreateImportRequest::default() }
}

niva_testing::on_both_databases! {
    async fn reads_and_changes_are_found_by_the_person(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p1").await;
        rig.person("p2").await;
        let grant = rig.grant("g1", "p1", stockholm::OCCUPATION).await;
        let mut client = rig.client.clone();
        client.grants.get_grant(pb::GetGrantRequest { grant_id: grant.grant_id, as_of: None }).await.unwrap();
        client.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap();
        let mut olle = rig.client_of(crate::rig::officer_of("olle", &[Role::CaseOfficer], "Bromma"));
        let get = pb::GetPersonRequest { person_id: "p1".into(), as_of: None };
        assert_eq!(reason(&olle.persons.get_person(get).await.unwrap_err()), "NOT_FOUND");
        assert_eq!(
            of_person(&rig, "p1").await,
            ["RecordPerson OK", "RecordGrant OK", "GetGrant OK", "ListPersons OK", "GetPerson NOT_FOUND"]
        );
        assert_eq!(of_person(&rig, "p2").await, ["RecordPerson OK", "ListPersons OK"]);
        let refused = listed(&rig, List { subject: "olle".into(), ..List::default() }).await;
        assert_eq!((refused[0].role.as_str(), refused[0].scope.as_str()), ("case_officer", "districts:Bromma"));
    }

    async fn a_feed_is_recorded_before_it_tells_anything(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p1").await;
        let mut client = rig.client.clone();
        let mut feed = client.feed.watch_assessment(pb::WatchAssessmentRequest::default()).await.unwrap().into_inner();
        feed.message().await.unwrap().unwrap();
        let path = "/niva.assessment.v1.FeedService/WatchAssessment";
        let found = listed(&rig, List { method: path.into(), ..List::default() }).await;
        assert_eq!(found.iter().map(brief).collect::<Vec<_>>(), ["WatchAssessment OK"]);
        rig.db.conn().execute_unprepared("ALTER TABLE audit_record RENAME TO away").await.unwrap();
        let unrecorded = client.feed.watch_assessment(pb::WatchAssessmentRequest::default()).await.unwrap_err();
        assert_eq!(reason(&unrecorded), "AUDIT_UNAVAILABLE");
    }

    async fn an_import_names_whom_it_brings(db: &TestDb) {
        let rig = Rig::new(db).await;
        let person = person_request("", "p1", "Farsta").person.unwrap();
        let grant = grant_request("g1", "p1", stockholm::OCCUPATION).grant.unwrap();
        let entries = [
            record(pb::create_import_request::Record::Person(person), "r1"),
            record(pb::create_import_request::Record::Grant(grant), ""),
        ];
        rig.client.clone().imports.create_import(stream::iter(entries.clone())).await.unwrap();
        assert_eq!(of_person(&rig, "p1").await, ["CreateImport OK"]);
        rig.db.conn().execute_unprepared("ALTER TABLE audit_record RENAME TO away").await.unwrap();
        let mut again = entries;
        again[0].request_id = "r2".into();
        let unrecorded = rig.client.clone().imports.create_import(stream::iter(again)).await.unwrap_err();
        assert_eq!(reason(&unrecorded), "AUDIT_UNAVAILABLE");
        assert_eq!(rig.count("import").await, 1);
    }

    async fn pages_and_samples_have_bounds(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p1").await;
        let mut auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
        let wrong = List { page_token: "x".into(), page_size: -1, ..List::default() };
        let refused = auditor.audit.list_audit_records(wrong).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), ["PAGE_SIZE_NEGATIVE", "PAGE_TOKEN_INVALID"]);
        let month = Some(Month { year: 1999, month: 1 });
        let none = pb::SampleAuditRecordsRequest { month, seed: "s".into(), size: 0 };
        let none = auditor.audit.sample_audit_records(none).await.unwrap().into_inner();
        assert_eq!((none.audit_records.len(), none.records), (0, 0));
    }
}

fn place(request_id: &str, person_id: &str) -> PlaceLegalHoldRequest {
    let (request_id, person_id, reason) =
        (request_id.to_owned(), person_id.to_owned(), " a lawsuit ".to_owned());
    PlaceLegalHoldRequest { request_id, person_id, reason, ..Default::default() }
}

niva_testing::on_both_databases! {
    async fn legal_holds_are_placed_listed_and_lifted(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut holds = Holds::new(rig.channel(Caller::new("revisor", [Role::Auditor]))).legal_holds;
        let first = place("a", "p1");
        let placed = holds.place_legal_hold(first.clone()).await.unwrap().into_inner().legal_hold.unwrap();
        let again = holds.place_legal_hold(first.clone()).await.unwrap().into_inner().legal_hold.unwrap();
        assert_eq!(again, placed, "a request that is repeated places nothing more");
        let by = placed.placed_by.clone().unwrap();
        assert_eq!((by.subject.as_str(), by.role.as_str(), placed.reason.as_str()), ("revisor", "auditor", "a lawsuit"));
        holds.place_legal_hold(PlaceLegalHoldRequest { validate_only: true, ..place("b", "p1") }).await.unwrap();
        let times = |n| Some(prost_types::Timestamp { seconds: n, nanos: 1_999 });
        let period = PlaceLegalHoldRequest { since: times(1), until: times(2), ..place("c", "") };
        let period = holds.place_legal_hold(period).await.unwrap().into_inner().legal_hold.unwrap();
        assert_eq!(period.since.unwrap().nanos, 1_000, "as exact as the databases are");
        // What is refused.
        let why = PlaceLegalHoldRequest { reason: " ".into(), ..place("d", "p1") };
        assert_eq!(reason(&holds.place_legal_hold(why).await.unwrap_err()), "REASON_MISSING");
        let never = PlaceLegalHoldRequest { since: times(2), until: times(2), ..place("e", "p1") };
        assert_eq!(niva_rpc::reasons(&holds.place_legal_hold(never).await.unwrap_err()), ["FIELD_INVALID"]);
        let mut officer = Holds::new(rig.channel(Caller::new("ada", [Role::Administrator]))).legal_holds;
        assert_eq!(reason(&officer.place_legal_hold(place("f", "p1")).await.unwrap_err()), "ROLE_MISSING");
        let lift = |request_id: &str, id: &str| LiftLegalHoldRequest {
            request_id: request_id.into(),
            legal_hold_id: id.into(),
            reason: "it is over".into(),
            validate_only: false,
        };
        assert_eq!(reason(&holds.lift_legal_hold(lift("g", "nobody's")).await.unwrap_err()), "NOT_FOUND");
        let lifted = holds.lift_legal_hold(lift("h", &placed.legal_hold_id)).await.unwrap().into_inner();
        assert_eq!(lifted.legal_hold.unwrap().lift_reason, "it is over");
        let twice = holds.lift_legal_hold(lift("i", &placed.legal_hold_id)).await.unwrap_err();
        assert_eq!(reason(&twice), "LEGAL_HOLD_LIFTED");
        // The list: what stands, what was lifted too, of a person.
        let list = |person_id: &str, include_lifted| ListLegalHoldsRequest {
            person_id: person_id.into(),
            include_lifted,
            page_size: 1,
            ..Default::default()
        };
        let standing = holds.list_legal_holds(list("", false)).await.unwrap().into_inner();
        assert_eq!((standing.legal_holds, standing.next_page_token.as_str()), (vec![period], ""));
        let all = holds.list_legal_holds(list("", true)).await.unwrap().into_inner();
        assert!(all.legal_holds[0].lifted_by.is_some() && !all.next_page_token.is_empty());
        assert_eq!(holds.list_legal_holds(list("p1", true)).await.unwrap().into_inner().legal_holds.len(), 1);
        assert!(holds.list_legal_holds(list("p1", false)).await.unwrap().into_inner().legal_holds.is_empty());
        let wrong = ListLegalHoldsRequest { page_token: "x".into(), page_size: -1, ..Default::default() };
        let refused = holds.list_legal_holds(wrong).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), ["PAGE_SIZE_NEGATIVE", "PAGE_TOKEN_INVALID"]);
        // Who placed and lifted is found by the person; each step is in the chain.
        let found = of_person(&rig, "p1").await;
        assert_eq!(found.iter().filter(|brief| *brief == "PlaceLegalHold OK").count(), 3);
        let steps = listed(&rig, List { method: "legal-hold".into(), ..List::default() }).await;
        assert_eq!(steps.len(), 3);
        assert!(steps.iter().all(|record| record.subject == "revisor" && record.purpose.len() > 64));
        assert_eq!(niva_audit::verify(db, None).await.unwrap().findings, Vec::<String>::new());
    }
}

/// What is in the trail of a service that was migrated and never served.
#[tokio::test]
async fn an_empty_trail_is_whole() {
    let db = &TestDb::sqlite().await;
    db.migrate::<Migrator>().await.unwrap();
    let verified = niva_audit::verify(db, None).await.unwrap();
    assert_eq!((verified.findings, verified.records, verified.newest_seal), (Vec::new(), 0, None));
}
