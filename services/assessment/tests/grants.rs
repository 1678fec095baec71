//! Grants: reopened, renewed, corrected, withdrawn, read back; no day in two of one person and service.

use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;

use crate::rig::{Rig, date, day, grant_of, grant_request, hours, record, refused, scope, told};

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;

fn days(first: Option<common::Date>, last: Option<common::Date>) -> Option<common::DateInterval> {
    Some(common::DateInterval { first, last })
}

fn correct(revision: i64, reason: &str, grant: pb::Grant) -> pb::CorrectGrantRequest {
    pb::CorrectGrantRequest {
        request_id: format!("correct {} {revision} {}", grant.grant_id, reason.len()),
        expected_revision: revision,
        reason: reason.into(),
        grant: Some(grant),
        ..Default::default()
    }
}

fn withdraw(revision: i64, reason: &str) -> pb::WithdrawGrantRequest {
    pb::WithdrawGrantRequest {
        request_id: format!("withdraw {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        grant_id: "g".into(),
        ..Default::default()
    }
}

fn end(request: &str, last: Option<common::Date>) -> pb::EndGrantRequest {
    pb::EndGrantRequest { request_id: request.into(), grant_id: "g".into(), last, ..Default::default() }
}

/// Ids of grants, by a filter.
async fn listed(rig: &Rig, request: pb::ListGrantsRequest) -> Vec<String> {
    let grants = rig.client.clone().grants.list_grants(request).await.unwrap().into_inner().grants;
    grants.into_iter().map(|g| g.grant_id).collect()
}

on_both_databases! {
    async fn a_grant_that_was_ended_by_mistake_is_opened_again(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let first = rig.grant("g", "p", SERVICE).await;
        let ended = client.grants.end_grant(end("e", date(2024, 4, 30))).await.unwrap().into_inner().grant.unwrap();
        assert_eq!(told(ended.info.clone()), (2, true, String::new(), "case_officer".into()));
        let open = pb::Grant { valid: days(date(2024, 1, 1), None), ..grant_of("g", "p", SERVICE) };
        let reopened = client.grants.correct_grant(correct(2, "the wrong person's", open.clone())).await.unwrap().into_inner().grant.unwrap();
        assert_eq!(told(reopened.info.clone()), (3, true, "the wrong person's".into(), "case_officer".into()));
        assert_eq!((reopened.valid, &reopened.scopes), (open.valid, &first.scopes));
        let list = pb::ListGrantRevisionsRequest { grant_id: "g".into(), ..Default::default() };
        let all = client.grants.list_grant_revisions(list).await.unwrap().into_inner().grants;
        assert_eq!(all, [first, ended, reopened]);
    }

    async fn a_grant_is_renewed_by_one_that_follows(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        rig.grant("g", "p", SERVICE).await;
        let next = |first, last| pb::Grant { valid: days(first, last), scopes: vec![], ..grant_of("next", "p", SERVICE) };
        let status = refused!(rig, grants.record_grant(record("r", next(date(2024, 12, 31), None))), FailedPrecondition, "PERIOD_OVERLAPS");
        assert_eq!(niva_rpc::metadata(&status, "fact_id").as_deref(), Some("g"));
        refused!(rig, grants.record_grant(record("r", next(date(2023, 1, 1), None))), FailedPrecondition, "PERIOD_OVERLAPS");
        refused!(rig, grants.record_grant(record("r", next(date(2024, 5, 1), date(2024, 5, 1)))), FailedPrecondition, "PERIOD_OVERLAPS");
        client.grants.record_grant(record("r", next(date(2025, 1, 1), None))).await.unwrap();
        // Of another service, or of another person, they may be on the same days.
        rig.grant("other service", "p", stockholm::OCCUPATION).await;
        rig.person("q").await;
        rig.grant("other person", "q", SERVICE).await;
        // What would overlap afterwards is refused as well.
        refused!(rig, grants.end_grant(end("e", date(2025, 1, 1))), FailedPrecondition, "PERIOD_OVERLAPS");
        let open = pb::Grant { valid: days(date(2024, 1, 1), None), ..grant_of("g", "p", SERVICE) };
        refused!(rig, grants.correct_grant(correct(1, "x", open.clone())), FailedPrecondition, "PERIOD_OVERLAPS");
        // Withdrawn ones are not in the way.
        let gone = pb::WithdrawGrantRequest { grant_id: "next".into(), ..withdraw(1, "never decided") };
        client.grants.withdraw_grant(gone).await.unwrap();
        client.grants.correct_grant(correct(1, "x", open)).await.unwrap();
    }

    async fn a_grant_is_withdrawn_and_read_back_as_known_then(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let first = rig.grant("g", "p", SERVICE).await;
        rig.clock.advance_to(day(2024, 3, 20));
        let gone = client.grants.withdraw_grant(withdraw(1, "granted by mistake")).await.unwrap().into_inner().grant.unwrap();
        assert_eq!(told(gone.info.clone()), (2, false, "granted by mistake".into(), "case_officer".into()));
        let get = |as_of| pb::GetGrantRequest { grant_id: "g".into(), as_of };
        let then = first.info.as_ref().unwrap().record_time;
        assert_eq!(client.grants.get_grant(get(then)).await.unwrap().into_inner().grant, Some(first));
        assert_eq!(client.grants.get_grant(get(None)).await.unwrap().into_inner().grant, Some(gone));
        refused!(rig, grants.withdraw_grant(withdraw(2, "again")), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, grants.end_grant(end("e", date(2024, 5, 1))), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, grants.correct_grant(correct(2, "x", grant_of("g", "p", SERVICE))), FailedPrecondition, "FACT_WITHDRAWN");
        let tomorrow = rig.now() + chrono::Duration::days(1);
        let as_of = Some(prost_types::Timestamp { seconds: tomorrow.timestamp(), nanos: 0 });
        refused!(rig, grants.get_grant(get(as_of)), InvalidArgument, "AS_OF_IN_FUTURE");
    }

    async fn what_a_correction_cannot_say(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.person("q").await;
        rig.grant("g", "p", SERVICE).await;
        let fine = || grant_of("g", "p", SERVICE);
        refused!(rig, grants.correct_grant(correct(7, "x", fine())), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, grants.correct_grant(correct(1, "", fine())), InvalidArgument, "REASON_MISSING");
        refused!(rig, grants.correct_grant(correct(1, &"x".repeat(501), fine())), InvalidArgument, "REASON_MISSING");
        refused!(rig, grants.correct_grant(correct(1, "x", grant_of("h", "p", SERVICE))), NotFound, "NOT_FOUND");
        refused!(rig, grants.correct_grant(correct(1, "x", grant_of("g", "q", SERVICE))), InvalidArgument, "SUBJECT_FIXED");
        refused!(rig, grants.correct_grant(correct(1, "x", grant_of("g", "p", stockholm::OCCUPATION))), InvalidArgument, "SUBJECT_FIXED");
        refused!(rig, grants.correct_grant(correct(1, "x", pb::Grant { district: "Gotland".into(), ..fine() })), InvalidArgument, "DISTRICT_UNKNOWN");
        let outside = pb::Grant { scopes: vec![scope(date(2025, 1, 1), hours("10"))], ..fine() };
        refused!(rig, grants.correct_grant(correct(1, "x", outside)), InvalidArgument, "OUTSIDE_GRANT");
        let twice = pb::Grant { scopes: vec![scope(date(2024, 1, 1), hours("10")), scope(date(2024, 1, 1), hours("20"))], ..fine() };
        refused!(rig, grants.correct_grant(correct(1, "x", twice)), InvalidArgument, "SCOPE_TWICE");
        refused!(rig, grants.withdraw_grant(withdraw(1, "")), InvalidArgument, "REASON_MISSING");
        refused!(rig, grants.withdraw_grant(withdraw(2, "x")), FailedPrecondition, "REVISION_NOT_NEWEST");
        // Another board, from the day that the person moved: the old grant ends, the new one follows.
        let moved = pb::Grant { district: "Järva".into(), ..fine() };
        let corrected = rig.client.clone().grants.correct_grant(correct(1, "the wrong board", moved)).await.unwrap().into_inner().grant.unwrap();
        assert_eq!(corrected.district, "Järva");
    }

    async fn grants_are_found_by_what_they_say(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for person in ["p", "q"] {
            rig.person(person).await;
            rig.grant(&format!("{person} housing"), person, SERVICE).await;
        }
        let work = pb::Grant { district: "Järva".into(), ..grant_of("p work", "p", stockholm::OCCUPATION) };
        client.grants.record_grant(record("w", work)).await.unwrap();
        let gone = pb::WithdrawGrantRequest { grant_id: "q housing".into(), ..withdraw(1, "x") };
        rig.clock.advance_to(day(2024, 3, 20));
        let since = Some(prost_types::Timestamp { seconds: rig.now().timestamp(), nanos: 0 });
        client.grants.withdraw_grant(gone).await.unwrap();
        let all = pb::ListGrantsRequest::default;
        assert_eq!(listed(&rig, all()).await, ["p housing", "p work"]);
        assert_eq!(listed(&rig, pb::ListGrantsRequest { include_withdrawn: true, ..all() }).await, ["p housing", "p work", "q housing"]);
        assert_eq!(listed(&rig, pb::ListGrantsRequest { include_withdrawn: true, recorded_since: since, ..all() }).await, ["q housing"]);
        assert_eq!(listed(&rig, pb::ListGrantsRequest { service: stockholm::OCCUPATION.into(), ..all() }).await, ["p work"]);
        assert_eq!(listed(&rig, pb::ListGrantsRequest { district: "Järva".into(), ..all() }).await, ["p work"]);
        assert_eq!(listed(&rig, pb::ListGrantsRequest { day: date(2025, 1, 1), ..all() }).await, [""; 0]);
        assert_eq!(listed(&rig, pb::ListGrantsRequest { day: date(2024, 12, 31), person_id: "p".into(), ..all() }).await, ["p housing", "p work"]);
    }

    async fn a_rehearsed_grant_is_checked_and_not_kept(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        let state = rig.state().await;
        let rehearsal = pb::RecordGrantRequest { validate_only: true, ..grant_request("g", "p", SERVICE) };
        let answer = rig.client.clone().grants.record_grant(rehearsal).await.unwrap().into_inner();
        assert_eq!((answer.grant.unwrap().grant_id.as_str(), answer.feed_position), ("g", 0));
        let bad = pb::RecordGrantRequest { validate_only: true, ..grant_request("g", "nobody", SERVICE) };
        refused!(rig, grants.record_grant(bad), FailedPrecondition, "PERSON_UNKNOWN");
        assert_eq!(rig.state().await, state);
    }
}
