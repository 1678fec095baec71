//! The audit trail: a record a call, found by the person whom it was about.

use niva_access::{Caller, Role};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::{AuditRecord, Month};

use crate::rig::{Rig, day, get_placement, reason};

type List = pb::ListAuditRecordsRequest;

async fn listed(rig: &Rig, wanted: List) -> Vec<AuditRecord> {
    let mut auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
    auditor.audit.list_audit_records(wanted).await.unwrap().into_inner().audit_records
}

fn brief(record: &AuditRecord) -> String {
    let method = record.method.rsplit('/').next().unwrap_or_default();
    let outcome = if record.reason.is_empty() { &record.status } else { &record.reason };
    format!("{method} {outcome}")
}

niva_testing::on_both_databases! {
    async fn reads_and_changes_are_found_by_the_person(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("u", 1).await;
        let placement = rig.ordered("g", "u", day(2024, 4, 2)).await;
        let mut client = rig.client.clone();
        client.placements.get_placement(get_placement(&placement.placement_id)).await.unwrap();
        // Whoever is not known leaves a record of trying, and so does whoever asks for what is not there.
        let mut nobody = pb::Clients::new(rig.as_nobody());
        let get = || get_placement("none");
        assert_eq!(reason(&nobody.placements.get_placement(get()).await.unwrap_err()), "TOKEN_MISSING");
        assert_eq!(reason(&client.placements.get_placement(get()).await.unwrap_err()), "NOT_FOUND");
        let wanted = List { person_id: placement.person_id.clone(), ..List::default() };
        assert_eq!(
            listed(&rig, wanted).await.iter().map(brief).collect::<Vec<_>>(),
            ["RecordWish OK", "MakeOffer OK", "AcceptOffer OK", "GetPlacement OK"]
        );
        let path = "/niva.choice.v1.PlacementService/GetPlacement";
        let found = listed(&rig, List { method: path.into(), ..List::default() }).await;
        assert_eq!(
            found.iter().map(brief).collect::<Vec<_>>(),
            ["GetPlacement OK", "GetPlacement TOKEN_MISSING", "GetPlacement NOT_FOUND"]
        );
    }

    async fn pages_and_samples_have_bounds(db: &TestDb) {
        let rig = Rig::new(db).await;
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
