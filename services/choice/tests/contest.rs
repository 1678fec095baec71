//! Many who want the last place at once: one gets it.

use futures_util::future::join_all;
use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_testing::on_both_databases;

use crate::import::messages;
use crate::rig::{
    OCCUPATION, Rig, accept, date, day, decline, grant, make_offer, reason, request_id, start_on,
};

const CALLERS: usize = 16;

fn grants() -> Vec<String> {
    (0..CALLERS).map(|n| format!("g{n:02}")).collect()
}

async fn all_wish(rig: &Rig, units: &[&str]) {
    rig.grants(grants().iter().map(|id| grant(id)).collect()).await;
    for id in grants() {
        rig.wish(&id, units).await;
    }
}

async fn placed_at(rig: &Rig, unit: &str) -> usize {
    let list = pb::ListPlacementsRequest { unit_id: unit.into(), ..Default::default() };
    rig.client.clone().placements.list_placements(list).await.unwrap().into_inner().placements.len()
}

on_both_databases! {
    async fn the_last_place_is_offered_once(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 1).await;
        all_wish(rig, &["a"]).await;
        let ids = grants();
        let offers = join_all(ids.iter().map(|id| rig.offer(id, "a"))).await;
        assert_eq!(offers.iter().filter(|offer| offer.is_ok()).count(), 1);
        for refused in offers.iter().filter_map(|offer| offer.as_ref().err()) {
            assert_eq!(reason(refused), "NO_FREE_PLACE");
        }
        assert_eq!(rig.offers(pb::offer::State::Open).await.len(), 1);
    }

    async fn an_offer_is_accepted_once(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 16).await;
        rig.grants(vec![grant("g")]).await;
        rig.wish("g", &["a"]).await;
        let offer = &rig.offer("g", "a").await.unwrap();
        let answers = join_all((0..CALLERS).map(|n| async move {
            let mut client = rig.client.clone();
            if n % 4 == 3 {
                client.offers.decline_offer(decline(&offer.offer_id)).await.map(|_| false)
            } else {
                client.offers.accept_offer(accept(&offer.offer_id, day(2024, 4, 2))).await.map(|_| true)
            }
        }))
        .await;
        let done: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(done.len(), 1);
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(reason(refused), "OFFER_ANSWERED");
        }
        assert_eq!(placed_at(rig, "a").await, usize::from(*done[0]));
    }

    async fn imports_and_offers_share_the_last_place(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 1).await;
        all_wish(rig, &["a"]).await;
        let ids = grants();
        let taken = join_all(ids.iter().enumerate().map(|(n, id)| async move {
            if n % 2 == 0 {
                return rig.offer(id, "a").await.map(|_| ()).map_err(|refused| reason(&refused));
            }
            let placement = pb::Placement {
                placement_id: id.clone(),
                grant_id: id.clone(),
                person_id: format!("person of {id}"),
                service: OCCUPATION.into(),
                unit_id: "a".into(),
                ordered_start: date(2024, 3, 1),
                ..Default::default()
            };
            let record = pb::create_import_request::Record::Placement(placement);
            let (_, mut errors) = rig.import(messages(&request_id(), vec![record])).await.unwrap();
            errors.pop().map_or(Ok(()), |error| Err(error.reason))
        }))
        .await;
        assert_eq!(taken.iter().filter(|result| result.is_ok()).count(), 1);
        for refused in taken.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!(refused, "NO_FREE_PLACE");
        }
        assert_eq!(rig.offers(pb::offer::State::Open).await.len() + placed_at(rig, "a").await, 1);
    }

    async fn one_person_gets_one_offer(db: &TestDb) {
        let rig = &Rig::new(db).await;
        let units = ["a", "b", "c", "d"];
        for unit in units {
            rig.unit(unit, 9).await;
        }
        // Two grants of one person, several times over.
        for round in 0..6 {
            let ids = [format!("g{round}"), format!("h{round}")];
            let person_id = format!("person {round}");
            rig.grants(ids.iter().map(|id| told::Grant { person_id: person_id.clone(), ..grant(id) }).collect()).await;
            for id in &ids {
                rig.wish(id, &units).await;
            }
            let offers = join_all((0..CALLERS).map(|n| rig.offer(&ids[n % 2], units[n % 4]))).await;
            assert_eq!(offers.iter().filter(|offer| offer.is_ok()).count(), 1);
            for refused in offers.iter().filter_map(|offer| offer.as_ref().err()) {
                assert_eq!(reason(refused), "OFFER_OPEN");
            }
        }
    }

    async fn one_request_sent_many_times_is_done_once(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 9).await;
        rig.grants(vec![grant("g")]).await;
        rig.wish("g", &["a"]).await;
        let request = make_offer("g", "a");
        let offers = join_all((0..CALLERS).map(|_| {
            let (mut client, request) = (rig.client.clone(), request.clone());
            async move { client.offers.make_offer(request).await.unwrap().into_inner() }
        }))
        .await;
        assert!(offers.iter().all(|offer| *offer == offers[0]));
        assert_eq!(rig.offers(pb::offer::State::Open).await.len(), 1);
    }

    async fn offers_lapse_once_however_many_look(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 16).await;
        all_wish(rig, &["a"]).await;
        for id in grants() {
            rig.offer(&id, "a").await.unwrap();
        }
        rig.clock.advance_to(day(2024, 4, 4));
        // Beside the service's own job.
        let told = join_all((0..CALLERS).map(|_| async {
            let request = pb::LapseOffersRequest { request_id: request_id(), validate_only: false };
            rig.client.clone().offers.lapse_offers(request).await.unwrap().into_inner().offers.len()
        }))
        .await;
        assert!(told.iter().sum::<usize>() <= CALLERS, "{told:?}");
        assert_eq!(rig.offers(pb::offer::State::Lapsed).await.len(), CALLERS);
    }

    async fn a_start_is_recorded_once(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 1).await;
        let placement = rig.ordered("g", "a", day(2024, 3, 27)).await;
        let started = join_all((0..CALLERS).map(|_| async {
            let request = start_on(&placement.placement_id, day(2024, 3, 28));
            rig.client.clone().placements.start_placement(request).await.unwrap().into_inner().placement.unwrap().info.unwrap().revision
        }))
        .await;
        assert_eq!(started, [2; CALLERS]);
    }
}
