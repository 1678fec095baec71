//! Who may do what, and where.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;
use tonic::Code;

use crate::rig::{Rig, date, decide_request, grant_request, measurement_request, person_request, reason};

fn officer_of(district: &str) -> Caller {
    crate::rig::officer_of("olle", &[Role::CaseOfficer, Role::Assessor], district)
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
        // What belongs to others is not there, in code and words: as if its id were made up.
        macro_rules! unseen {
            ($resource:ident.$rpc:ident($request:expr), $id:expr) => {{
                let request = |id: &str| $request(id.to_owned());
                let status = other.$resource.$rpc(request($id)).await.unwrap_err();
                let nobody = other.$resource.$rpc(request("no one knows this")).await.unwrap_err();
                assert_eq!(status.code(), nobody.code(), stringify!($rpc));
                assert_eq!(status.message(), nobody.message().replace("no one knows this", $id), stringify!($rpc));
                assert_eq!(reason(&status), reason(&nobody), stringify!($rpc));
                assert!(["NOT_FOUND", "PERSON_UNKNOWN"].contains(&reason(&status).as_str()), "{}: {status:?}", stringify!($rpc));
            }};
        }
        unseen!(persons.get_person(|id| pb::GetPersonRequest { person_id: id, as_of: None }), "p");
        unseen!(persons.list_person_revisions(|id| pb::ListPersonRevisionsRequest { person_id: id, ..Default::default() }), "p");
        unseen!(persons.move_person(|id| pb::MovePersonRequest { request_id: "m".into(), person_id: id, residence: Some(pb::ResidencePeriod { valid_from: None, district: "Bromma".into() }), ..Default::default() }), "p");
        unseen!(grants.record_grant(|id: String| pb::RecordGrantRequest { grant: Some(pb::Grant { grant_id: String::new(), district: "Bromma".into(), ..grant_request("g", &id, stockholm::OCCUPATION).grant.unwrap() }), ..grant_request("g", &id, stockholm::OCCUPATION) }), "p");
        unseen!(grants.end_grant(|id| pb::EndGrantRequest { request_id: "e".into(), grant_id: id, last: date(2024, 5, 1), ..Default::default() }), "grant of p");
        unseen!(grants.get_grant(|id| pb::GetGrantRequest { grant_id: id, as_of: None }), "grant of p");
        unseen!(grants.list_grant_revisions(|id| pb::ListGrantRevisionsRequest { grant_id: id, ..Default::default() }), "grant of p");
        unseen!(measurements.get_measurement(|id| pb::GetMeasurementRequest { measurement_id: id, as_of: None }), &id);
        unseen!(level_decisions.get_level_decision(|id| pb::GetLevelDecisionRequest { level_decision_id: id, as_of: None }), &decision.level_decision_id);
        unseen!(level_decisions.get_level_in_force(|id| pb::GetLevelInForceRequest { person_id: id, service: stockholm::SUPPORTED_HOUSING.into(), day: date(2024, 5, 1), as_of: None }), "p");
        // What the caller says alone decides: nothing is told of anybody.
        for status in [
            other.persons.record_person(person_request("r", "Bromma-q", "Farsta")).await.unwrap_err(),
            other.grants.record_grant(grant_request("Bromma-g", "p", stockholm::OCCUPATION)).await.unwrap_err(),
        ] {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "DISTRICT_NOT_YOURS"));
        }
        // Nor does an id that is taken: everybody gives ids of their own.
        for id in ["p", "no one knows this"] {
            let status = other.persons.record_person(person_request("r", id, "Bromma")).await.unwrap_err();
            assert_eq!(reason(&status), "ID_OUTSIDE_NAMESPACE", "{status:?}");
        }
        assert_eq!(rig.state().await, state);
        other.persons.record_person(person_request("r", "Bromma-1", "Bromma")).await.unwrap();

        for (client, count) in [(&mut other, 0), (&mut own, 1)] {
            let persons = client.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap().into_inner().persons;
            assert_eq!(persons.len(), 1);
            assert_eq!(persons[0].person_id == "p", count == 1);
            assert_eq!(client.grants.list_grants(pb::ListGrantsRequest::default()).await.unwrap().into_inner().grants.len(), count);
            assert_eq!(client.measurements.list_measurements(pb::ListMeasurementsRequest::default()).await.unwrap().into_inner().measurements.len(), count);
            assert_eq!(client.level_decisions.list_level_decisions(pb::ListLevelDecisionsRequest::default()).await.unwrap().into_inner().level_decisions.len(), count);
        }
        own.measurements.get_measurement(pb::GetMeasurementRequest { measurement_id: id, as_of: None }).await.unwrap();
    }
}
