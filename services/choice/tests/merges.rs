//! A person who was recorded twice, as assessment tells it: what was told of either record is the person's.

use niva_access::Role;
use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use niva_testing::requests::choice::record_placement;
use pb::create_import_request::Record;
use tonic::Code;

use crate::import::messages;
use crate::rig::{
    OCCUPATION, Rig, date, day, end_on, get_placement, grant, make_offer, officer_of, reason, wish,
};

pub(crate) fn merge(from: &str, into: &str, revision: i64, stands: bool) -> told::PersonMerge {
    let state = if stands { common::fact_info::State::Stands } else { common::fact_info::State::Withdrawn };
    told::PersonMerge {
        person_merge_id: format!("merge of {from}"),
        from_person_id: from.into(),
        into_person_id: into.into(),
        info: Some(common::FactInfo { revision, state: state.into(), ..Default::default() }),
        ..Default::default()
    }
}

/// Tells of merges, and waits until they are known.
pub(crate) async fn heard(rig: &Rig, merges: Vec<told::PersonMerge>) {
    let facts = merges.into_iter().map(told::assessment_feed_event::Fact::PersonMerge).collect();
    let position = rig.assessment.tell(facts).await;
    rig.service().followed().get("assessment").unwrap().wait_until(position).await.unwrap();
}

fn placed(id: &str, person: &str, grant: &str, unit: &str) -> pb::Placement {
    pb::Placement {
        placement_id: id.into(),
        person_id: person.into(),
        grant_id: grant.into(),
        service: OCCUPATION.into(),
        unit_id: unit.into(),
        ordered_start: date(2024, 3, 1),
        actual_start: date(2024, 3, 1),
        ..Default::default()
    }
}

async fn record(rig: &Rig, placement: pb::Placement) -> pb::Placement {
    let answer = rig.client.clone().placements.record_placement(record_placement(placement)).await;
    answer.unwrap().into_inner().placement.unwrap()
}

async fn listed(rig: &Rig, person: &str) -> Vec<String> {
    let request = pb::ListPlacementsRequest { person_id: person.into(), ..Default::default() };
    let found = rig.client.clone().placements.list_placements(request).await.unwrap().into_inner();
    found.placements.into_iter().map(|placement| placement.placement_id).collect()
}

on_both_databases! {
    async fn two_records_have_one_place_of_an_exclusive_service(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("u", 5).await;
        rig.grants(vec![grant("a"), grant("b")]).await;
        let (a, b) = ("person of a", "person of b");
        record(&rig, placed("pa", a, "a", "u")).await;
        rig.wish("b", &["u"]).await;
        heard(&rig, vec![merge(a, b, 1, true), merge(a, b, 1, true)]).await;
        // By either id the lists answer what is the person's, under the id that it was told of.
        for person in [a, b] {
            assert_eq!(listed(&rig, person).await, ["pa"]);
            let wishes = pb::ListWishesRequest { person_id: person.into(), ..Default::default() };
            assert_eq!(rig.client.clone().wishes.list_wishes(wishes).await.unwrap().into_inner().wishes.len(), 1);
        }
        let got = rig.client.clone().placements.get_placement(get_placement("pa")).await.unwrap().into_inner();
        assert_eq!(got.placement.unwrap().person_id, a);
        refused!(rig, "EXCLUSIVE_SERVICE", placements.record_placement(record_placement(placed("pb", b, "b", "u"))));
        let status = refused!(rig, "PERSON_MERGED", placements.record_placement(record_placement(placed("pc", a, "a", "u"))));
        assert!(status.message().contains(b), "{status}");
        refused!(rig, "GRANT_UNKNOWN", placements.record_placement(record_placement(placed("pc", "nobody", "", "u"))));
        // What was told goes on under its id, and what is new may be under the grant of either record.
        rig.client.clone().placements.end_placement(end_on("pa", day(2024, 3, 20))).await.unwrap();
        let next = pb::Placement { ordered_start: date(2024, 3, 25), actual_start: date(2024, 3, 25), ..placed("pd", b, "a", "u") };
        record(&rig, next).await;
        assert_eq!(listed(&rig, a).await, ["pa", "pd"]);
        // An offer under a grant of either is of one person, who has a place already, and may switch once.
        rig.client.clone().wishes.record_wish(wish("a", &["u"])).await.unwrap();
        rig.offer("a", "u").await.unwrap();
        refused!(rig, "OFFER_OPEN", offers.make_offer(make_offer("b", "u")));
        for person in [a, b] {
            let offers = pb::ListOffersRequest { person_id: person.into(), ..Default::default() };
            assert_eq!(rig.client.clone().offers.list_offers(offers).await.unwrap().into_inner().offers.len(), 1);
        }
        heard(&rig, vec![merge(a, b, 2, false)]).await;
        assert_eq!((listed(&rig, a).await, listed(&rig, b).await), (vec!["pa".to_owned()], vec!["pd".to_owned()]));
    }

    async fn an_import_is_judged_by_the_whole_person(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("u", 5).await;
        rig.grants(vec![grant("a"), grant("b")]).await;
        let (a, b) = ("person of a", "person of b");
        let known = Record::Placement(placed("pa", a, "a", "u"));
        rig.import(messages("first", vec![known.clone()])).await.unwrap();
        heard(&rig, vec![merge(a, b, 1, true)]).await;
        let (again, _) = rig.import(messages("again", vec![known])).await.unwrap();
        assert_eq!(again.unchanged, 1);
        let ended = pb::Placement { end_date: date(2024, 3, 20), ..placed("pa", a, "a", "u") };
        let next = |id: &str, person: &str, from| {
            let (ordered_start, actual_start) = (from, from);
            Record::Placement(pb::Placement { ordered_start, actual_start, ..placed(id, person, "a", "u") })
        };
        let reasons = async |request: &str, records| {
            let (_, errors) = rig.import(messages(request, records)).await.unwrap();
            errors.into_iter().map(|error| error.reason).collect::<Vec<_>>()
        };
        assert_eq!(reasons("both", vec![next("pb", b, date(2024, 3, 10))]).await, ["EXCLUSIVE_SERVICE"]);
        assert_eq!(reasons("gone", vec![next("pb", a, date(2024, 3, 25))]).await, ["PERSON_MERGED"]);
        assert_eq!(reasons("right", vec![Record::Placement(ended), next("pb", b, date(2024, 3, 25))]).await, [""; 0]);
        assert_eq!(listed(&rig, a).await, ["pa", "pb"]);
    }

    async fn whoever_granted_one_record_reaches_the_person(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("u", 5).await;
        let elsewhere = told::Grant { district: "Bromma".into(), ..grant("b") };
        rig.grants(vec![grant("a"), elsewhere]).await;
        record(&rig, placed("pa", "person of a", "a", "u")).await;
        let mut officer = rig.client_of(officer_of("olle", &[Role::CaseOfficer], "Bromma"));
        let unseen = officer.placements.get_placement(get_placement("pa")).await.unwrap_err();
        assert_eq!((unseen.code(), reason(&unseen).as_str()), (Code::NotFound, "NOT_FOUND"));
        // What the caller does not reach is as good as none, merged or not.
        let request = || record_placement(placed("Bromma-pc", "person of a", "", "u"));
        let unknown = officer.placements.record_placement(request()).await.unwrap_err();
        heard(&rig, vec![merge("person of a", "person of c", 1, true)]).await;
        let merged = officer.placements.record_placement(request()).await.unwrap_err();
        assert_eq!((unknown.message(), reason(&merged).as_str()), (merged.message(), "GRANT_UNKNOWN"));
        heard(&rig, vec![merge("person of c", "person of b", 1, true)]).await;
        officer.placements.get_placement(get_placement("pa")).await.unwrap();
        assert_eq!(officer.placements.list_placements(pb::ListPlacementsRequest::default()).await.unwrap().into_inner().placements.len(), 1);
        heard(&rig, vec![merge("person of c", "person of b", 2, false)]).await;
        officer.placements.get_placement(get_placement("pa")).await.unwrap_err();
    }
}
