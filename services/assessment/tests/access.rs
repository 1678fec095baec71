//! Who may do what, and where.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;
use tonic::Code;

use crate::rig::{Rig, date, decide_request, grant_request, measurement_request, person_request, reason};

fn officer_of(district: &str) -> Caller {
    Caller { districts: vec![district.into()], ..Caller::new("olle", [Role::CaseOfficer, Role::Assessor]) }
}

on_both_databases! {
    async fn roles_have_their_methods(db: &TestDb) {
        let rig = Rig::new(db).await;
        let state = rig.state().await;
        let denied = |status: tonic::Status| {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
        };
        let mut assessor = rig.client_of(Caller::new("asa", [Role::Assessor]));
        denied(assessor.grants.record_grant(grant_request("g", "p", stockholm::OCCUPATION)).await.unwrap_err());
        denied(assessor.feed.watch_assessment(pb::WatchAssessmentRequest::default()).await.unwrap_err());
        let mut officer = rig.client_of(Caller::new("olle", [Role::CaseOfficer]));
        denied(officer.measurements.record_measurement(measurement_request("m", "p", stockholm::OCCUPATION)).await.unwrap_err());
        denied(officer.level_decisions.decide_level(decide_request("d", "m", 1)).await.unwrap_err());
        denied(officer.imports.create_import(futures_util::stream::iter(Vec::new())).await.unwrap_err());
        for role in [Role::Provider, Role::FinanceMaker, Role::FinanceApprover, Role::Administrator, Role::Importer] {
            let mut client = rig.client_of(Caller::new("x", [role]));
            denied(client.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap_err());
        }
        let mut auditor = rig.client_of(Caller::new("aud", [Role::Auditor]));
        auditor.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap();
        assert_eq!(rig.state().await, state);
    }

    async fn officers_keep_to_their_districts(db: &TestDb) {
        let rig = Rig::new(db).await;
        let decision = rig.decided("p", stockholm::SUPPORTED_HOUSING).await;
        let id = decision.measurement_id;
        let mut own = rig.client_of(officer_of("Farsta"));
        let mut other = rig.client_of(officer_of("Bromma"));
        let state = rig.state().await;
        macro_rules! denied {
            ($resource:ident.$rpc:ident($request:expr)) => {{
                let status = other.$resource.$rpc($request).await.unwrap_err();
                assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "DISTRICT_NOT_YOURS"), stringify!($rpc));
            }};
        }
        denied!(persons.record_person(person_request("r", "q", "Farsta")));
        denied!(persons.get_person(pb::GetPersonRequest { person_id: "p".into(), as_of: None }));
        denied!(persons.list_person_revisions(pb::ListPersonRevisionsRequest { person_id: "p".into(), ..Default::default() }));
        denied!(persons.move_person(pb::MovePersonRequest { request_id: "m".into(), person_id: "p".into(), residence: Some(pb::ResidencePeriod { valid_from: None, district: "Bromma".into() }), ..Default::default() }));
        denied!(grants.record_grant(grant_request("g", "p", stockholm::OCCUPATION)));
        denied!(grants.end_grant(pb::EndGrantRequest { request_id: "e".into(), grant_id: "grant of p".into(), last: date(2024, 5, 1), ..Default::default() }));
        denied!(grants.get_grant(pb::GetGrantRequest { grant_id: "grant of p".into(), as_of: None }));
        denied!(grants.list_grant_revisions(pb::ListGrantRevisionsRequest { grant_id: "grant of p".into(), ..Default::default() }));
        denied!(measurements.get_measurement(pb::GetMeasurementRequest { measurement_id: id.clone(), as_of: None }));
        denied!(measurements.record_measurement(measurement_request("m", "p", stockholm::SUPPORTED_HOUSING)));
        denied!(level_decisions.get_level_decision(pb::GetLevelDecisionRequest { level_decision_id: decision.level_decision_id, as_of: None }));
        denied!(level_decisions.get_level_in_force(pb::GetLevelInForceRequest { person_id: "p".into(), service: stockholm::SUPPORTED_HOUSING.into(), day: date(2024, 5, 1), as_of: None }));
        assert_eq!(rig.state().await, state);

        for (client, count) in [(&mut other, 0), (&mut own, 1)] {
            assert_eq!(client.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap().into_inner().persons.len(), count);
            assert_eq!(client.grants.list_grants(pb::ListGrantsRequest::default()).await.unwrap().into_inner().grants.len(), count);
            assert_eq!(client.measurements.list_measurements(pb::ListMeasurementsRequest::default()).await.unwrap().into_inner().measurements.len(), count);
            assert_eq!(client.level_decisions.list_level_decisions(pb::ListLevelDecisionsRequest::default()).await.unwrap().into_inner().level_decisions.len(), count);
        }
        own.measurements.get_measurement(pb::GetMeasurementRequest { measurement_id: id, as_of: None }).await.unwrap();
    }
}
