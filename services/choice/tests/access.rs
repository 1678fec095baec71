//! Who may do what, and where.

use std::collections::BTreeSet;

use niva_access::{Caller, Role};
use niva_proto::choice::v1 as pb;
use niva_testing::on_both_databases;
use prost::Message;
use tonic::Code;

use crate::rig::{
    Rig, accept, capacity_from, change_from, day, decline, end_on, get_placement, make_offer, officer_of,
    reason, staff_of, start_on, wish, withdraw,
};

#[test]
fn every_method_of_the_contract_has_a_rule() {
    let files = prost_types::FileDescriptorSet::decode(niva_proto::FILE_DESCRIPTOR_SET).unwrap();
    let contract: BTreeSet<String> = files
        .file
        .iter()
        // The catalogue and legal holds are served by every part.
        .filter(|file| ["niva.audit.v1", "niva.catalogue.v1", "niva.choice.v1"].contains(&file.package()))
        .flat_map(|file| file.service.iter().map(move |s| (file.package(), s)))
        .flat_map(|(package, s)| {
            s.method.iter().map(move |m| format!("/{package}.{}/{}", s.name(), m.name()))
        })
        .collect();
    let policy = niva_choice::policy();
    assert_eq!(policy.paths().map(str::to_owned).collect::<BTreeSet<_>>(), contract);
    assert_eq!(contract.len(), 55);
}

on_both_databases! {
    async fn roles_have_their_methods(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        let state = rig.state().await;
        let denied = |status: tonic::Status| {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
        };
        for role in [Role::Assessor, Role::Provider, Role::FinanceMaker, Role::Analyst, Role::Auditor, Role::FeedReader] {
            let mut client = rig.client_of(Caller::new("x", [role]));
            denied(client.wishes.record_wish(wish("g", &["a"])).await.unwrap_err());
            denied(client.offers.make_offer(make_offer("g", "a")).await.unwrap_err());
            denied(client.placements.start_placement(start_on("p", day(2024, 4, 2))).await.unwrap_err());
            client.units.list_units(pb::ListUnitsRequest::default()).await.unwrap();
        }
        let mut officer = rig.client_of(Caller::new("olle", [Role::CaseOfficer]));
        denied(officer.units.set_unit_capacity(capacity_from("a", day(2024, 4, 1), 1)).await.unwrap_err());
        denied(officer.feed.watch_choice(pb::WatchChoiceRequest::default()).await.unwrap_err());
        denied(officer.imports.create_import(tokio_stream::empty()).await.unwrap_err());
        assert_eq!(rig.state().await, state);
    }

    async fn officers_keep_to_their_districts(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        let placement = rig.ordered("g", "a", day(2024, 4, 2)).await;
        let id = placement.placement_id.as_str();
        let of = |district: &str| officer_of("olle", &[Role::CaseOfficer], district);
        let offer = rig.offers(pb::offer::State::Accepted).await.remove(0).offer_id;
        let (mut own, mut other) = (rig.client_of(of("Farsta")), rig.client_of(of("Bromma")));
        let state = rig.state().await;
        // What belongs to others is not there, in code and words: as if its id were made up.
        macro_rules! unseen {
            ($resource:ident.$rpc:ident($request:expr), $id:expr) => {{
                let status = other.$resource.$rpc($request($id)).await.unwrap_err();
                let nobody = other.$resource.$rpc($request("no one knows this")).await.unwrap_err();
                assert_eq!((status.code(), reason(&status)), (nobody.code(), reason(&nobody)), stringify!($rpc));
                assert_eq!(status.message(), nobody.message().replace("no one knows this", $id), stringify!($rpc));
                assert!(["NOT_FOUND", "GRANT_UNKNOWN"].contains(&reason(&status).as_str()), "{status:?}");
            }};
        }
        unseen!(wishes.record_wish(|id| wish(id, &["a"])), "g");
        unseen!(offers.make_offer(|id| make_offer(id, "a")), "g");
        unseen!(offers.accept_offer(|id| accept(id, day(2024, 4, 2))), &offer);
        unseen!(offers.decline_offer(decline), &offer);
        unseen!(placements.start_placement(|id| start_on(id, day(2024, 4, 2))), id);
        unseen!(placements.end_placement(|id| end_on(id, day(2024, 4, 2))), id);
        unseen!(placements.withdraw_placement(|id| withdraw(id, 1)), id);
        unseen!(placements.get_placement(get_placement), id);
        assert_eq!(rig.state().await, state);
        for (client, count) in [(&mut other, 0), (&mut own, 1)] {
            let placements = client.placements.list_placements(pb::ListPlacementsRequest::default()).await.unwrap();
            assert_eq!(placements.into_inner().placements.len(), count);
            let offers = client.offers.list_offers(pb::ListOffersRequest::default()).await.unwrap();
            assert_eq!(offers.into_inner().offers.len(), count);
        }
        own.placements.get_placement(get_placement(id)).await.unwrap();
    }

    async fn providers_keep_to_their_units(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        rig.unit("b", 9).await;
        let placement = rig.ordered("g", "a", day(2024, 4, 2)).await;
        let ask = || get_placement(&placement.placement_id);
        let of = |provider: Option<&str>| {
            let nobodys = || Caller::new("petra", [Role::Provider]);
            rig.client_of(provider.map_or_else(nobodys, |provider| staff_of("petra", provider)))
        };
        let mut nobody = of(None);
        let listed = nobody.placements.list_placements(pb::ListPlacementsRequest::default()).await;
        assert_eq!(reason(&listed.unwrap_err()), "SCOPE_MISSING");
        let read = nobody.placements.get_placement(ask()).await;
        assert_eq!(reason(&read.unwrap_err()), "SCOPE_MISSING");
        for (provider, sees) in [("provider of a", true), ("provider of b", false)] {
            let mut client = of(Some(provider));
            let placements = client.placements.list_placements(pb::ListPlacementsRequest::default()).await.unwrap();
            assert_eq!(placements.into_inner().placements.len(), usize::from(sees));
            let change = client.units.set_unit_capacity(capacity_from("a", day(2024, 4, 1), 8)).await;
            let read = client.placements.get_placement(ask()).await;
            if sees {
                read.unwrap();
                change.unwrap();
            } else {
                assert_eq!(reason(&read.unwrap_err()), "NOT_FOUND");
                assert_eq!(reason(&change.unwrap_err()), "NOT_FOUND");
            }
        }
    }

    async fn a_provider_sees_who_is_there_in_its_time(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        rig.unit("b", 9).await;
        let before = rig.ordered("g", "a", day(2024, 4, 2)).await;
        rig.clock.advance_to(day(2024, 4, 3));
        rig.client.clone().placements.start_placement(start_on(&before.placement_id, day(2024, 4, 2))).await.unwrap();
        rig.client.clone().placements.end_placement(end_on(&before.placement_id, day(2024, 4, 3))).await.unwrap();
        let taken_over = pb::UnitChange { provider_id: Some("provider of b".into()), ..Default::default() };
        rig.client.clone().units.change_unit(change_from("a", day(2024, 4, 4), taken_over)).await.unwrap();
        let after = rig.ordered("h", "a", day(2024, 4, 5)).await;
        for (provider, own, others) in [("provider of a", &before, &after), ("provider of b", &after, &before)] {
            let client = rig.client_of(staff_of("petra", provider));
            let listed = client.placements.clone().list_placements(pb::ListPlacementsRequest::default()).await.unwrap();
            let listed: Vec<_> = listed.into_inner().placements.into_iter().map(|p| p.placement_id).collect();
            assert_eq!(listed, [own.placement_id.as_str()]);
            let unseen = client.placements.clone().get_placement(get_placement(&others.placement_id)).await;
            assert_eq!(reason(&unseen.unwrap_err()), "NOT_FOUND");
        }
        // Who ran it changes nothing of what is to be.
        let client = rig.client_of(staff_of("petra", "provider of a"));
        let change = client.units.clone().set_unit_capacity(capacity_from("a", day(2024, 4, 5), 8)).await;
        assert_eq!(reason(&change.unwrap_err()), "UNIT_NOT_YOURS");
    }

    async fn lists_come_in_pages(db: &TestDb) {
        let rig = Rig::new(db).await;
        for n in 0..5 {
            rig.unit(&format!("unit-{n} å"), 1).await;
        }
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListUnitsRequest {
                page_size: 2, page_token: token, district: "Farsta".into(), service: crate::rig::OCCUPATION.into(),
                ..Default::default()
            };
            let page = rig.client.clone().units.list_units(request).await.unwrap().into_inner();
            seen.extend(page.units.into_iter().map(|unit| unit.unit_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, (0..5).map(|n| format!("unit-{n} å")).collect::<Vec<_>>());
        let elsewhere = pb::ListUnitsRequest { district: "Bromma".into(), ..Default::default() };
        assert_eq!(rig.client.clone().units.list_units(elsewhere).await.unwrap().into_inner().units, []);
        let providers = rig.client.clone().providers.list_providers(pb::ListProvidersRequest::default()).await.unwrap();
        assert_eq!(providers.into_inner().providers.len(), 5);
    }
}
