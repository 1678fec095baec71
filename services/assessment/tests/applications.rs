//! What people apply for, what is decided, and appeals.

use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;
use niva_testing::requests::assessment::record_application;
use pb::appeal::Outcome as AppealOutcome;
use pb::application_decision::Outcome;

use crate::rig::{Rig, date, grant_of, record, refused, told};

const SERVICE: ServiceKey = stockholm::OCCUPATION;

fn application(id: &str) -> pb::Application {
    pb::Application {
        application_id: id.into(),
        person_id: "p".into(),
        service: SERVICE.into(),
        district: "Farsta".into(),
        apply_date: date(2024, 1, 10),
        scope: Some(crate::rig::hours("20")),
        ..Default::default()
    }
}

fn apply(application: pb::Application) -> pb::RecordApplicationRequest {
    pb::RecordApplicationRequest {
        request_id: format!("apply {}", application.application_id),
        ..record_application(application)
    }
}

fn decision(outcome: Outcome, reason: &str) -> Option<pb::ApplicationDecision> {
    let (outcome, reason) = (outcome.into(), reason.into());
    Some(pb::ApplicationDecision { outcome, decision_date: date(2024, 2, 1), reason })
}

fn decide(request: &str, decision: Option<pb::ApplicationDecision>) -> pb::DecideApplicationRequest {
    let (request_id, application_id) = (request.into(), "a".into());
    pb::DecideApplicationRequest { request_id, application_id, decision, ..Default::default() }
}

fn correct(revision: i64, application: pb::Application) -> pb::CorrectApplicationRequest {
    pb::CorrectApplicationRequest {
        request_id: format!("correct {revision}"),
        expected_revision: revision,
        reason: "told wrongly".into(),
        application: Some(application),
        ..Default::default()
    }
}

on_both_databases! {
    async fn an_application_is_decided_in_part_appealed_and_changed(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let scope = Some(niva_proto::common::v1::GrantScope { sessions_per_week: 21, ..Default::default() });
        let often = || pb::Application { scope: scope.clone(), ..application("a") };
        refused!(rig, applications.record_application(apply(often())), InvalidArgument, "SESSIONS_OUT_OF_RANGE");
        refused!(rig, applications.correct_application(correct(1, often())), InvalidArgument, "SESSIONS_OUT_OF_RANGE");
        let first = client.applications.record_application(apply(application("a"))).await.unwrap().into_inner().application.unwrap();
        client.applications.decide_application(decide("d", decision(Outcome::PartlyGranted, "ten hours are enough"))).await.unwrap();
        let appeal = pb::AppealApplicationRequest { request_id: "ap".into(), application_id: "a".into(), appeal_date: date(2024, 2, 20), ..Default::default() };
        client.applications.appeal_application(appeal.clone()).await.unwrap();
        let again = pb::AppealApplicationRequest { request_id: "ap2".into(), ..appeal };
        refused!(rig, applications.appeal_application(again), FailedPrecondition, "APPLICATION_APPEALED");
        let end = |outcome: AppealOutcome| pb::DecideAppealRequest { request_id: format!("{outcome:?}"), application_id: "a".into(), outcome: outcome.into(), outcome_date: date(2024, 3, 10), ..Default::default() };
        let ended = client.applications.decide_appeal(end(AppealOutcome::Changed)).await.unwrap().into_inner().application.unwrap();
        assert_eq!(told(ended.info.clone()), (4, true, String::new(), "case_officer".into()));
        let appeal = ended.appeal.unwrap();
        assert_eq!((appeal.outcome(), appeal.outcome_date), (AppealOutcome::Changed, date(2024, 3, 10)));
        assert_eq!(ended.decision, decision(Outcome::PartlyGranted, "ten hours are enough"));
        refused!(rig, applications.decide_appeal(end(AppealOutcome::Dismissed)), FailedPrecondition, "APPEAL_DECIDED");
        refused!(rig, applications.decide_application(decide("d2", decision(Outcome::Granted, ""))), FailedPrecondition, "APPLICATION_DECIDED");
        // What is told wrongly is corrected; each telling stays.
        let right = pb::Application { decision: decision(Outcome::Granted, ""), appeal: None, ..application("a") };
        let right = client.applications.correct_application(correct(4, right)).await.unwrap().into_inner().application.unwrap();
        assert_eq!((right.appeal, right.decision.unwrap().outcome()), (None, Outcome::Granted));
        let list = pb::ListApplicationRevisionsRequest { application_id: "a".into(), ..Default::default() };
        let all = client.applications.list_application_revisions(list).await.unwrap().into_inner().applications;
        assert_eq!((all.len(), &all[0]), (5, &first));
        let get = pb::GetApplicationRequest { application_id: "a".into(), as_of: None };
        assert_eq!(client.applications.get_application(get).await.unwrap().into_inner().application.as_ref(), all.last());
    }

    async fn a_grant_names_the_application_that_it_answers(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        rig.person("q").await;
        client.applications.record_application(apply(application("a"))).await.unwrap();
        let answers = |application: &str, person: &str, service| pb::Grant { application_id: application.into(), ..grant_of("g", person, service) };
        refused!(rig, grants.record_grant(record("g", answers("b", "p", SERVICE))), FailedPrecondition, "APPLICATION_UNKNOWN");
        refused!(rig, grants.record_grant(record("g", answers("a", "q", SERVICE))), FailedPrecondition, "APPLICATION_OF_OTHER");
        refused!(rig, grants.record_grant(record("g", answers("a", "p", stockholm::SUPPORTED_HOUSING))), FailedPrecondition, "APPLICATION_OF_OTHER");
        client.grants.record_grant(record("g", answers("a", "p", SERVICE))).await.unwrap();
        let withdraw = || pb::WithdrawApplicationRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), application_id: "a".into(), ..Default::default() };
        let status = refused!(rig, applications.withdraw_application(withdraw()), FailedPrecondition, "APPLICATION_IN_USE");
        assert_eq!(niva_rpc::metadata(&status, "grant_id").as_deref(), Some("g"));
        let gone = pb::WithdrawGrantRequest { request_id: "wg".into(), expected_revision: 1, reason: "x".into(), grant_id: "g".into(), ..Default::default() };
        client.grants.withdraw_grant(gone).await.unwrap();
        client.applications.withdraw_application(withdraw()).await.unwrap();
        refused!(rig, grants.record_grant(record("g2", pb::Grant { grant_id: "g2".into(), ..answers("a", "p", SERVICE) })), FailedPrecondition, "APPLICATION_UNKNOWN");
    }

    async fn what_an_application_cannot_say(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        let fine = || application("a");
        refused!(rig, applications.record_application(apply(pb::Application { person_id: "x".into(), ..fine() })), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, applications.record_application(apply(pb::Application { apply_date: date(2024, 3, 19), ..fine() })), InvalidArgument, "DAY_IN_FUTURE");
        refused!(rig, applications.record_application(apply(pb::Application { decision: decision(Outcome::Refused, ""), ..fine() })), InvalidArgument, "DECISION_WITHOUT_REASON");
        let early = pb::Application { apply_date: date(2024, 2, 2), decision: decision(Outcome::Granted, ""), ..fine() };
        refused!(rig, applications.record_application(apply(early)), InvalidArgument, "DAYS_OUT_OF_ORDER");
        let appeal = |outcome: AppealOutcome, outcome_date| Some(pb::Appeal { appeal_date: date(2024, 2, 20), outcome: outcome.into(), outcome_date });
        let appealed = |appeal| pb::Application { decision: decision(Outcome::Refused, "no need"), appeal, ..fine() };
        refused!(rig, applications.record_application(apply(appealed(appeal(AppealOutcome::Dismissed, None)))), InvalidArgument, "OUTCOME_WITHOUT_DAY");
        let undecided = pb::Application { appeal: appeal(AppealOutcome::Unspecified, None), ..fine() };
        refused!(rig, applications.record_application(apply(undecided)), FailedPrecondition, "NOT_DECIDED");
        rig.client.clone().applications.record_application(apply(fine())).await.unwrap();
        let end = pb::DecideAppealRequest { request_id: "e".into(), application_id: "a".into(), outcome: AppealOutcome::Dismissed.into(), outcome_date: date(2024, 3, 1), ..Default::default() };
        refused!(rig, applications.decide_appeal(end), FailedPrecondition, "NOT_APPEALED");
        rig.client.clone().applications.decide_application(decide("d", decision(Outcome::Granted, ""))).await.unwrap();
        let appeal = pb::AppealApplicationRequest { request_id: "ap".into(), application_id: "a".into(), appeal_date: date(2024, 2, 20), ..Default::default() };
        refused!(rig, applications.appeal_application(appeal), FailedPrecondition, "NOTHING_TO_APPEAL");
        refused!(rig, applications.correct_application(correct(1, fine())), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, applications.correct_application(correct(2, pb::Application { service: stockholm::STUDY_CIRCLE.into(), ..fine() })), InvalidArgument, "SUBJECT_FIXED");
    }

    async fn applications_are_found_by_what_became_of_them(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let refused = pb::Application { decision: decision(Outcome::Refused, "no need"), appeal: Some(pb::Appeal { appeal_date: date(2024, 2, 20), ..Default::default() }), ..application("appealed") };
        let granted = pb::Application { decision: decision(Outcome::Granted, ""), ..application("granted") };
        for application in [application("a"), refused, granted] {
            client.applications.record_application(apply(application)).await.unwrap();
        }
        let found = |request: pb::ListApplicationsRequest| {
            let mut client = client.clone();
            async move {
                let found = client.applications.list_applications(request).await.unwrap().into_inner().applications;
                found.into_iter().map(|a| a.application_id).collect::<Vec<_>>()
            }
        };
        let all = pb::ListApplicationsRequest::default;
        assert_eq!(found(all()).await, ["a", "appealed", "granted"]);
        assert_eq!(found(pb::ListApplicationsRequest { undecided: true, ..all() }).await, ["a"]);
        assert_eq!(found(pb::ListApplicationsRequest { appealed: true, ..all() }).await, ["appealed"]);
        assert_eq!(found(pb::ListApplicationsRequest { outcome: Outcome::Granted.into(), ..all() }).await, ["granted"]);
        assert_eq!(found(pb::ListApplicationsRequest { district: "Järva".into(), ..all() }).await, [""; 0]);
    }
}
