//! Many who want the last place at once: one gets it.

use futures_util::future::join_all;
use niva_kit::on_both_databases;
use niva_proto::choice::v1 as pb;

use crate::rig::{Rig, accept, capacity_from, day, decline, grant, make_offer, reason, request_id, start_on};

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

    async fn the_last_place_is_ordered_once(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 16).await;
        all_wish(rig, &["a"]).await;
        let mut offers = Vec::new();
        for id in grants() {
            offers.push(rig.offer(&id, "a").await.unwrap());
        }
        // All hold an offer; then all places but one are taken away.
        rig.client.clone().set_unit_capacity(capacity_from("a", day(2024, 1, 1), 16)).await.unwrap();
        for offer in &offers[1..] {
            // Those who decline free the place for the others.
            rig.client.clone().decline_offer(decline(&offer.offer_id)).await.unwrap();
        }
        rig.client.clone().set_unit_capacity(capacity_from("a", day(2024, 1, 1), 1)).await.unwrap();
        let yes = join_all((0..CALLERS).map(|_| async {
            rig.client.clone().accept_offer(accept(&offers[0].offer_id, day(2024, 4, 2))).await
        }))
        .await;
        assert_eq!(yes.iter().filter(|answer| answer.is_ok()).count(), 1);
        for refused in yes.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(reason(refused), "OFFER_ANSWERED");
        }
        let list = pb::ListPlacementsRequest { unit_id: "a".into(), ..Default::default() };
        assert_eq!(rig.client.clone().list_placements(list).await.unwrap().into_inner().placements.len(), 1);
    }

    async fn more_offers_than_places_are_accepted_no_further_than_there_are_places(db: &TestDb) {
        let rig = &Rig::new(db).await;
        rig.unit("a", 16).await;
        all_wish(rig, &["a"]).await;
        let ids = grants();
        let offers = join_all(ids.iter().map(|id| rig.offer(id, "a"))).await;
        let offers: Vec<_> = offers.into_iter().map(Result::unwrap).collect();
        // Sixteen hold an offer and five places are left. An answer counts the offers that are still open, so some must
        // say no before others may say yes.
        rig.client.clone().set_unit_capacity(capacity_from("a", day(2024, 1, 1), 5)).await.unwrap();
        let answers = join_all(offers.iter().enumerate().map(|(n, offer)| async move {
            if n % 2 == 0 {
                rig.client.clone().decline_offer(decline(&offer.offer_id)).await.unwrap();
                return None;
            }
            Some(rig.accept(offer, day(2024, 4, 2)).await)
        }))
        .await;
        for refused in answers.iter().flatten().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(reason(refused), "NO_FREE_PLACE");
        }
        let list = pb::ListPlacementsRequest { unit_id: "a".into(), ..Default::default() };
        let placed = rig.client.clone().list_placements(list).await.unwrap().into_inner().placements;
        assert!(placed.len() <= 5, "{} people in 5 places", placed.len());
        assert_eq!(placed.len(), answers.iter().flatten().filter(|answer| answer.is_ok()).count());
    }

    async fn one_person_gets_one_offer(db: &TestDb) {
        let rig = &Rig::new(db).await;
        let units = ["a", "b", "c", "d"];
        for unit in units {
            rig.unit(unit, 9).await;
        }
        let mut second = grant("h");
        second.person_id = "person of g".into();
        rig.grants(vec![grant("g"), second]).await;
        rig.wish("g", &units).await;
        rig.wish("h", &units).await;
        let offers = join_all((0..CALLERS).map(|n| rig.offer(if n % 2 == 0 { "g" } else { "h" }, units[n % 4]))).await;
        assert_eq!(offers.iter().filter(|offer| offer.is_ok()).count(), 1);
        for refused in offers.iter().filter_map(|offer| offer.as_ref().err()) {
            assert_eq!(reason(refused), "OFFER_OPEN");
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
            async move { client.make_offer(request).await.unwrap().into_inner() }
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
            let request = pb::LapseOffersRequest { request_id: request_id() };
            rig.client.clone().lapse_offers(request).await.unwrap().into_inner().offers.len()
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
            rig.client.clone().start_placement(request).await.unwrap().into_inner().placement.unwrap().revision
        }))
        .await;
        assert_eq!(started, [2; CALLERS]);
    }
}
