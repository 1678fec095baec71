//! All that choice has of a person, for that person.

use niva_access::{Caller, Role};
use niva_proto::choice::v1 as pb;
use niva_testing::on_both_databases;
use pb::export_person_data_response::Fact;

use crate::merges::{heard, merge};
use crate::rig::{Client, Rig, day, grant, officer_of, reason};

async fn exported(client: &Client, person: &str) -> Result<Vec<String>, tonic::Status> {
    let request = pb::ExportPersonDataRequest { person_id: person.into() };
    let mut stream = client.clone().exports.export_person_data(request).await?.into_inner();
    let mut found = Vec::new();
    while let Some(message) = stream.message().await? {
        let (kind, info) = match message.fact.unwrap() {
            Fact::Wish(wish) => ("wish", wish.info),
            Fact::Offer(offer) => ("offer", offer.info),
            Fact::Placement(placement) => ("placement", placement.info),
            Fact::AuditRecord(record) => {
                found.push(record.method.rsplit('/').next().unwrap().to_owned());
                continue;
            }
        };
        found.push(format!("{kind} {}", info.unwrap().revision));
    }
    Ok(found)
}

on_both_databases! {
    async fn a_person_is_given_all_that_choice_has_of_them(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("u", 2).await;
        let placement = rig.ordered("g", "u", day(2024, 4, 2)).await;
        rig.grants(vec![grant("h")]).await;
        rig.wish("h", &["u"]).await;
        let all = ["wish 1", "offer 1", "offer 2", "placement 1", "RecordWish", "MakeOffer", "AcceptOffer"];
        assert_eq!(exported(&rig.client, &placement.person_id).await.unwrap(), all);
        // By either id, what is of both records, and all the calls.
        heard(&rig, vec![merge("person of h", &placement.person_id, 1, true)]).await;
        let both = exported(&rig.client, "person of h").await.unwrap();
        assert_eq!(both.iter().filter(|fact| *fact == "wish 1").count(), 2, "{both:?}");
        assert_eq!(both.iter().filter(|fact| *fact == "ExportPersonData").count(), 1, "{both:?}");
        // Of whom the call does not reach it says nothing, as of nobody.
        let other = rig.client_of(officer_of("olle", &[Role::CaseOfficer], "Bromma"));
        assert_eq!(reason(&exported(&other, &placement.person_id).await.unwrap_err()), "NOT_FOUND");
        assert_eq!(reason(&exported(&rig.client, "nobody").await.unwrap_err()), "NOT_FOUND");
        let auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
        assert_eq!(reason(&exported(&auditor, &placement.person_id).await.unwrap_err()), "ROLE_MISSING");
    }
}
