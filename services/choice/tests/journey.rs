//! A person's way through choice, and the ways that end elsewhere.

use niva_proto::choice::v1 as pb;
use niva_testing::on_both_databases;
use pb::offer::State as OfferState;
use pb::placement::State;

use crate::rig::{
    Rig, accept, capacity_from, correct, date, day, decline, end_on, get_placement, grant, make_offer,
    notice_on, reason, request_id, revision, start_on, withdraw,
};

on_both_databases! {
    async fn from_wish_to_end(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        rig.unit("b", 1).await;
        rig.grants(vec![grant("g")]).await;
        let first = rig.wish("g", &["b"]).await;
        let wish = rig.wish("g", &["a", "b"]).await;
        assert_eq!((&wish.wish_id, wish.info.unwrap().revision), (&first.wish_id, 2));
        assert_eq!((wish.unit_ids, wish.person_id.as_str()), (vec!["a".to_owned(), "b".to_owned()], "person of g"));

        // 28 March is the first working day after, 2 April the second, 3 April the third.
        let offer = rig.offer("g", "a").await.unwrap();
        assert_eq!(offer.state(), OfferState::Open);
        assert_eq!((offer.offer_date, offer.answer_by), (date(2024, 3, 27), date(2024, 4, 3)));
        assert_eq!(offer.person_id, "person of g");

        // Seven working days after 3 April: 4, 5, 8, 9, 10, 11, 12 April.
        rig.clock.advance_to(day(2024, 4, 3));
        let answer = client.offers.accept_offer(accept(&offer.offer_id, day(2024, 4, 12))).await.unwrap().into_inner();
        let (offer, placement) = (answer.offer.unwrap(), answer.placement.unwrap());
        assert_eq!((offer.state(), &offer.placement_id), (OfferState::Accepted, &placement.placement_id));
        assert_eq!((placement.state(), revision(&placement), placement.grant_id.as_str()), (State::Ordered, 1, "g"));
        assert_eq!((placement.ordered_start, placement.unit_id.as_str()), (date(2024, 4, 12), "a"));

        let id = placement.placement_id.as_str();
        let started = client.placements.start_placement(start_on(id, day(2024, 4, 15))).await.unwrap().into_inner();
        assert_eq!(started.placement.as_ref().unwrap().state(), State::Started);
        let leaving = client.placements.give_notice(notice_on(id, day(2024, 5, 6))).await.unwrap().into_inner();
        assert_eq!(leaving.placement.as_ref().unwrap().notice_date, date(2024, 5, 6));
        let ended = client.placements.end_placement(end_on(id, day(2024, 5, 10))).await.unwrap().into_inner();
        let told = pb::Placement { end_date: date(2024, 5, 8), ..ended.placement.unwrap() };
        let corrected = client.placements.correct_placement(correct(&told)).await.unwrap().into_inner();
        let last = corrected.placement.unwrap();
        assert_eq!((revision(&last), last.info.as_ref().unwrap().reason.as_str()), (5, "a slip"));
        assert_eq!(last, pb::Placement {
            state: State::Ended.into(),
            actual_start: date(2024, 4, 15),
            notice_date: date(2024, 5, 6),
            end_date: date(2024, 5, 8),
            info: last.info.clone(),
            ..placement.clone()
        });
        let read = client.placements.get_placement(get_placement(id)).await.unwrap();
        assert_eq!(read.into_inner().placement, Some(last.clone()));
        let list = pb::ListPlacementsRequest { unit_id: "a".into(), ..Default::default() };
        assert_eq!(client.placements.list_placements(list).await.unwrap().into_inner().placements, [last]);
    }

    async fn the_same_again_changes_nothing(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g")]).await;
        rig.wish("g", &["a"]).await;
        // By request id, also after things have moved on.
        let request = make_offer("g", "a");
        let offer = client.offers.make_offer(request.clone()).await.unwrap().into_inner();
        let yes = accept(&offer.offer.as_ref().unwrap().offer_id, day(2024, 4, 2));
        let answer = client.offers.accept_offer(yes.clone()).await.unwrap().into_inner();
        let id = answer.placement.as_ref().unwrap().placement_id.clone();
        let start = start_on(&id, day(2024, 4, 2));
        let started = client.placements.start_placement(start.clone()).await.unwrap().into_inner();
        let state = rig.state().await;
        assert_eq!(client.offers.make_offer(request.clone()).await.unwrap().into_inner(), offer);
        assert_eq!(client.offers.accept_offer(yes.clone()).await.unwrap().into_inner(), answer);
        assert_eq!(client.placements.start_placement(start).await.unwrap().into_inner(), started);
        assert_eq!(rig.state().await, state);
        // The same id with other content.
        let other = pb::AcceptOfferRequest { ordered_start: date(2024, 4, 3), ..yes };
        assert_eq!(reason(&client.offers.accept_offer(other).await.unwrap_err()), "REQUEST_ID_REUSED");
        assert_eq!(rig.state().await, state);
        // Another request that asks for what is so already: answered, with no new revision and no event.
        let again = client.placements.start_placement(start_on(&id, day(2024, 4, 2))).await.unwrap().into_inner();
        assert_eq!((again.placement, again.feed_position), (started.placement, 0));
        let capacity = client.units.set_unit_capacity(capacity_from("a", day(2024, 1, 1), 1)).await.unwrap().into_inner();
        assert_eq!((capacity.unit.unwrap().info.unwrap().revision, capacity.feed_position), (1, 0));
        let events = |state: &[String]| state.iter().filter(|row| row.starts_with("feed_event")).count();
        assert_eq!(events(&rig.state().await), events(&state));
    }

    async fn a_no_keeps_the_wish(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g"), grant("h")]).await;
        rig.wish("g", &["a"]).await;
        rig.wish("h", &["a"]).await;
        let offer = rig.offer("g", "a").await.unwrap();
        // The open offer holds the only place.
        assert_eq!(reason(&rig.offer("h", "a").await.unwrap_err()), "NO_FREE_PLACE");
        let declined = client.offers.decline_offer(decline(&offer.offer_id)).await.unwrap().into_inner();
        assert_eq!(declined.offer.unwrap().state(), OfferState::Declined);
        let other = rig.offer("h", "a").await.unwrap();
        client.offers.decline_offer(decline(&other.offer_id)).await.unwrap();
        rig.offer("g", "a").await.unwrap();
    }

    async fn an_offer_lapses_by_itself_when_its_day_has_passed(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 2).await;
        rig.grants(vec![grant("g"), grant("h")]).await;
        rig.wish("g", &["a"]).await;
        rig.wish("h", &["a"]).await;
        let offer = rig.offer("g", "a").await.unwrap();
        rig.clock.advance_to(day(2024, 4, 3));
        rig.service().lapsed_by(day(2024, 4, 3)).await;
        assert_eq!(rig.offers(OfferState::Open).await, std::slice::from_ref(&offer));
        let later = rig.offer("h", "a").await.unwrap();
        rig.clock.advance_to(day(2024, 4, 4));
        rig.service().lapsed_by(day(2024, 4, 4)).await;
        let lapsed = rig.offers(OfferState::Lapsed).await;
        assert_eq!(lapsed.iter().map(|o| &o.offer_id).collect::<Vec<_>>(), [&offer.offer_id]);
        assert_eq!(rig.offers(OfferState::Open).await, [later]);
        // The wish stands: the same place can be offered again.
        rig.offer("g", "a").await.unwrap();
    }

    async fn offers_lapse_when_told_to_and_once(db: &TestDb) {
        let mut rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 2).await;
        rig.grants(vec![grant("g")]).await;
        rig.stop_background().await;
        rig.wish("g", &["a"]).await;
        let offer = rig.offer("g", "a").await.unwrap();
        let lapse = || pb::LapseOffersRequest { request_id: request_id(), validate_only: false };
        assert_eq!(client.offers.lapse_offers(lapse()).await.unwrap().into_inner().offers, []);
        rig.clock.advance_to(day(2024, 4, 4));
        let request = lapse();
        let lapsed = client.offers.lapse_offers(request.clone()).await.unwrap().into_inner();
        assert_eq!(lapsed.offers.iter().map(|o| (&o.offer_id, o.state())).collect::<Vec<_>>(), [
            (&offer.offer_id, OfferState::Lapsed)
        ]);
        assert_eq!(client.offers.lapse_offers(request).await.unwrap().into_inner(), lapsed);
        assert_eq!(client.offers.lapse_offers(lapse()).await.unwrap().into_inner().offers, []);
    }

    async fn an_answer_after_the_deadline_comes_too_late(db: &TestDb) {
        let mut rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 2).await;
        rig.grants(vec![grant("g"), grant("h")]).await;
        rig.stop_background().await;
        for (grant, yes) in [("g", true), ("h", false)] {
            rig.clock.advance_to(day(2024, 3, 27));
            rig.wish(grant, &["a"]).await;
            let offer = rig.offer(grant, "a").await.unwrap();
            rig.clock.advance_to(day(2024, 4, 4));
            let before = rig.state().await;
            let late = if yes {
                client.offers.accept_offer(accept(&offer.offer_id, day(2024, 4, 5))).await.unwrap_err()
            } else {
                client.offers.decline_offer(decline(&offer.offer_id)).await.unwrap_err()
            };
            assert_eq!(reason(&late), "OFFER_LAPSED");
            // That it has lapsed is seen from now on; nothing else has changed.
            let seen: Vec<_> = rig.state().await.into_iter().filter(|row| !before.contains(row)).collect();
            let id = &offer.offer_id;
            assert_eq!(seen, [format!("fact_revision offer{id}2stands"), format!("offer {id}lapsedstands")]);
        }
    }

    async fn who_never_comes_is_a_no_show_and_frees_the_place(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        let placement = rig.ordered("g", "a", day(2024, 4, 2)).await;
        rig.clock.advance_to(day(2024, 4, 10));
        let gone = rig.client.clone().placements.give_notice(notice_on(&placement.placement_id, day(2024, 4, 9))).await;
        let gone = gone.unwrap().into_inner().placement.unwrap();
        assert_eq!((gone.state(), gone.notice_date, gone.actual_start), (State::NoShow, date(2024, 4, 9), None));
        rig.ordered("h", "a", day(2024, 4, 10)).await;
    }

    async fn an_order_is_withdrawn_before_its_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        let placement = rig.ordered("g", "a", day(2024, 3, 28)).await;
        let withdrawn = client.placements.withdraw_placement(withdraw(&placement.placement_id, 1)).await.unwrap().into_inner();
        assert_eq!(withdrawn.placement.unwrap().state(), State::Withdrawn);
        let next = rig.ordered("h", "a", day(2024, 3, 28)).await;
        rig.clock.advance_to(day(2024, 3, 28));
        let late = client.placements.withdraw_placement(withdraw(&next.placement_id, 1)).await.unwrap_err();
        assert_eq!(reason(&late), "WITHDRAWAL_TOO_LATE");
    }

    async fn a_switch_overlaps(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for unit in ["a", "b", "c"] {
            rig.unit(unit, 1).await;
        }
        let first = rig.ordered("g", "a", day(2024, 3, 27)).await;
        rig.wish("g", &["b", "c"]).await;
        // Not before the start.
        assert_eq!(reason(&rig.offer("g", "b").await.unwrap_err()), "ALREADY_PLACED");
        client.placements.start_placement(start_on(&first.placement_id, day(2024, 3, 27))).await.unwrap();
        let offer = rig.offer("g", "b").await.unwrap();
        let second = rig.accept(&offer, day(2024, 4, 2)).await.unwrap();
        client.placements.start_placement(start_on(&second.placement_id, day(2024, 4, 2))).await.unwrap();
        // One switch at a time.
        assert_eq!(reason(&rig.offer("g", "c").await.unwrap_err()), "ALREADY_PLACED");
        client.placements.give_notice(notice_on(&first.placement_id, day(2024, 4, 2))).await.unwrap();
        client.placements.end_placement(end_on(&first.placement_id, day(2024, 4, 5))).await.unwrap();
        rig.offer("g", "c").await.unwrap();
    }

    async fn another_grant_of_the_service_is_no_way_around(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        let mut second = grant("h");
        second.person_id = "person of g".into();
        rig.grants(vec![grant("g"), second]).await;
        rig.wish("g", &["a"]).await;
        rig.wish("h", &["a"]).await;
        let offer = rig.offer("g", "a").await.unwrap();
        assert_eq!(reason(&rig.offer("h", "a").await.unwrap_err()), "OFFER_OPEN");
        rig.accept(&offer, day(2024, 3, 27)).await.unwrap();
        assert_eq!(reason(&rig.offer("h", "a").await.unwrap_err()), "ALREADY_PLACED");
    }

    async fn lowering_the_capacity_evicts_nobody_and_lets_nobody_in(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 3).await;
        let stays = rig.ordered("g", "a", day(2024, 3, 27)).await;
        rig.grants(vec![grant("h"), grant("i")]).await;
        rig.wish("h", &["a"]).await;
        rig.wish("i", &["a"]).await;
        let offer = rig.offer("h", "a").await.unwrap();
        let lowered = client.units.set_unit_capacity(capacity_from("a", day(2024, 5, 1), 1)).await.unwrap().into_inner();
        assert_eq!(lowered.unit.unwrap().info.unwrap().revision, 2);
        // From May on there is no place for two.
        assert_eq!(reason(&rig.offer("i", "a").await.unwrap_err()), "NO_FREE_PLACE");
        assert_eq!(reason(&rig.accept(&offer, day(2024, 3, 28)).await.unwrap_err()), "NO_FREE_PLACE");
        client.placements.start_placement(start_on(&stays.placement_id, day(2024, 3, 27))).await.unwrap();
        client.units.set_unit_capacity(capacity_from("a", day(2024, 5, 1), 2)).await.unwrap();
        rig.accept(&offer, day(2024, 3, 28)).await.unwrap();
    }

    async fn a_later_end_needs_the_place_to_be_free(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        let first = rig.ordered("g", "a", day(2024, 3, 27)).await;
        let id = first.placement_id.as_str();
        client.placements.start_placement(start_on(id, day(2024, 3, 27))).await.unwrap();
        rig.clock.advance_to(day(2024, 4, 10));
        let ended = client.placements.end_placement(end_on(id, day(2024, 4, 5))).await.unwrap().into_inner();
        rig.ordered("h", "a", day(2024, 4, 12)).await;
        let state = rig.state().await;
        let until = |end_date| correct(&pb::Placement { end_date, ..ended.placement.clone().unwrap() });
        let late = client.placements.correct_placement(until(date(2024, 4, 12))).await.unwrap_err();
        assert_eq!(reason(&late), "NO_FREE_PLACE");
        assert_eq!(rig.state().await, state);
        client.placements.correct_placement(until(date(2024, 4, 11))).await.unwrap();
    }
}
