//! Wishes and offers as facts.

use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use pb::offer::State;

use crate::rig::{
    Rig, accept, correct, date, day, decline, grant, make_offer, request_id, start_on, wish, withdraw,
};

fn correct_wish(wish: &pb::Wish, expected_revision: i64) -> pb::CorrectWishRequest {
    pb::CorrectWishRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision,
        reason: "misheard".into(),
        wish: Some(wish.clone()),
    }
}

fn withdraw_wish(wish: &pb::Wish, expected_revision: i64) -> pb::WithdrawWishRequest {
    pb::WithdrawWishRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision,
        reason: "misheard".into(),
        wish_id: wish.wish_id.clone(),
    }
}

fn correct_offer(offer: &pb::Offer, expected_revision: i64) -> pb::CorrectOfferRequest {
    pb::CorrectOfferRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision,
        reason: "misheard".into(),
        offer: Some(offer.clone()),
    }
}

fn withdraw_offer(offer: &pb::Offer, expected_revision: i64) -> pb::WithdrawOfferRequest {
    pb::WithdrawOfferRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision,
        reason: "another person's".into(),
        offer_id: offer.offer_id.clone(),
    }
}

fn opened(offer: &pb::Offer) -> pb::Offer {
    pb::Offer { state: State::Open.into(), ..offer.clone() }
}

on_both_databases! {
    async fn wishes_are_told_anew_and_taken_back(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for unit in ["a", "b"] {
            rig.unit(unit, 1).await;
        }
        rig.grants(vec![grant("g"), grant("h")]).await;
        let first = rig.wish("g", &["a"]).await;
        let second = rig.wish("g", &["b", "a"]).await;
        assert_eq!((&second.wish_id, second.info.as_ref().unwrap().revision), (&first.wish_id, 2));
        let misheard = pb::Wish { unit_ids: vec!["a".into(), "b".into()], ..second.clone() };
        refused!(rig, "REVISION_NOT_NEWEST", wishes.correct_wish(correct_wish(&misheard, 1)));
        refused!(rig, "SUBJECT_FIXED", wishes.correct_wish(correct_wish(&pb::Wish { grant_id: "h".into(), ..misheard.clone() }, 2)));
        refused!(rig, "UNIT_UNKNOWN", wishes.correct_wish(correct_wish(&pb::Wish { unit_ids: vec!["x".into()], ..misheard.clone() }, 2)));
        let told = client.wishes.correct_wish(correct_wish(&misheard, 2)).await.unwrap().into_inner().wish.unwrap();
        assert_eq!((told.unit_ids.as_slice(), told.info.as_ref().unwrap().reason.as_str()), (&["a".to_owned(), "b".to_owned()][..], "misheard"));
        refused!(rig, "UNIT_IN_USE", units.withdraw_unit(pb::WithdrawUnitRequest {
            request_id: request_id(), validate_only: false, expected_revision: 1, reason: "x".into(), unit_id: "b".into(),
        }));
        // Another id for the same grant, and an id that is another's.
        let mut other = wish("g", &["a"]);
        other.wish.as_mut().unwrap().wish_id = "mine".into();
        refused!(rig, "SUBJECT_FIXED", wishes.record_wish(other));
        let mut taken = wish("h", &["a"]);
        taken.wish.as_mut().unwrap().wish_id.clone_from(&first.wish_id);
        refused!(rig, "ID_TAKEN", wishes.record_wish(taken));
        let gone = client.wishes.withdraw_wish(withdraw_wish(&told, 3)).await.unwrap().into_inner().wish.unwrap();
        assert_eq!(gone.info.as_ref().unwrap().state(), common::fact_info::State::Withdrawn);
        refused!(rig, "FACT_WITHDRAWN", wishes.withdraw_wish(withdraw_wish(&told, 4)));
        refused!(rig, "NOT_WISHED", offers.make_offer(make_offer("g", "a")));
        // What was told stays readable; a new wish has an id of its own.
        let get = pb::GetWishRequest { wish_id: first.wish_id.clone(), as_of: None };
        assert_eq!(client.wishes.get_wish(get).await.unwrap().into_inner().wish, Some(gone));
        let list = pb::ListWishRevisionsRequest { wish_id: first.wish_id.clone(), ..Default::default() };
        assert_eq!(client.wishes.list_wish_revisions(list).await.unwrap().into_inner().wishes.len(), 4);
        let new = rig.wish("g", &["b"]).await;
        assert_ne!(new.wish_id, first.wish_id);
        rig.wish("h", &["a"]).await;
        type Filter = fn(&mut pb::ListWishesRequest);
        let by: [(Filter, usize); 5] = [
            (|_| {}, 2),
            (|l| l.include_withdrawn = true, 3),
            (|l| l.grant_id = "g".into(), 1),
            (|l| l.person_id = "person of h".into(), 1),
            (|l| l.unit_id = "b".into(), 1),
        ];
        for (n, (filter, found)) in by.into_iter().enumerate() {
            let mut list = pb::ListWishesRequest::default();
            filter(&mut list);
            assert_eq!(client.wishes.list_wishes(list).await.unwrap().into_inner().wishes.len(), found, "filter {n}");
        }
        refused!(rig, "NOT_FOUND", wishes.get_wish(pb::GetWishRequest { wish_id: "x".into(), as_of: None }));
    }

    async fn an_answer_that_was_none_is_taken_back(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g"), grant("h")]).await;
        for id in ["g", "h"] {
            rig.wish(id, &["a"]).await;
        }
        let offer = rig.offer("g", "a").await.unwrap();
        let no = client.offers.decline_offer(decline(&offer.offer_id)).await.unwrap().into_inner().offer.unwrap();
        let again = client.offers.correct_offer(correct_offer(&opened(&no), 2)).await.unwrap().into_inner();
        let again = again.offer.unwrap();
        assert_eq!((again.state(), again.info.as_ref().unwrap().revision), (State::Open, 3));
        // The place is held again.
        refused!(rig, "NO_FREE_PLACE", offers.make_offer(make_offer("h", "a")));
        client.offers.decline_offer(decline(&offer.offer_id)).await.unwrap();
        let other = rig.offer("h", "a").await.unwrap();
        refused!(rig, "NO_FREE_PLACE", offers.correct_offer(correct_offer(&opened(&no), 4)));
        refused!(rig, "REVISION_NOT_NEWEST", offers.correct_offer(correct_offer(&opened(&no), 2)));
        let elsewhere = pb::Offer { unit_id: "b".into(), ..opened(&no) };
        refused!(rig, "SUBJECT_FIXED", offers.correct_offer(correct_offer(&elsewhere, 4)));
        // Another person's: taken back, and the place is free.
        let gone = client.offers.withdraw_offer(withdraw_offer(&other, 1)).await.unwrap().into_inner().offer.unwrap();
        assert_eq!(gone.info.as_ref().unwrap().state(), common::fact_info::State::Withdrawn);
        refused!(rig, "FACT_WITHDRAWN", offers.decline_offer(decline(&other.offer_id)));
        rig.clock.advance_to(day(2024, 4, 4));
        refused!(rig, "ANSWER_BY_PASSED", offers.correct_offer(correct_offer(&opened(&no), 4)));
        let longer = pb::Offer { answer_by: date(2024, 4, 8), ..opened(&no) };
        let open = client.offers.correct_offer(correct_offer(&longer, 4)).await.unwrap().into_inner().offer.unwrap();
        assert_eq!((open.state(), open.answer_by), (State::Open, date(2024, 4, 8)));
        client.offers.accept_offer(accept(&open.offer_id, day(2024, 4, 8))).await.unwrap();
        refused!(rig, "OFFER_ANSWERED", offers.correct_offer(correct_offer(&open, 6)));
        refused!(rig, "OFFER_ANSWERED", offers.withdraw_offer(withdraw_offer(&open, 6)));
        let list = pb::ListOfferRevisionsRequest { offer_id: open.offer_id.clone(), ..Default::default() };
        let all = client.offers.list_offer_revisions(list).await.unwrap().into_inner().offers;
        assert_eq!(all.iter().map(pb::Offer::state).collect::<Vec<_>>(), [
            State::Open, State::Declined, State::Open, State::Declined, State::Open, State::Accepted,
        ]);
        let get = pb::GetOfferRequest { offer_id: open.offer_id, as_of: None };
        assert_eq!(client.offers.get_offer(get).await.unwrap().into_inner().offer, all.last().cloned());
        refused!(rig, "NOT_FOUND", offers.get_offer(pb::GetOfferRequest { offer_id: "x".into(), as_of: None }));
        type Filter = fn(&mut pb::ListOffersRequest);
        let by: [(Filter, usize); 7] = [
            (|_| {}, 1),
            (|l| l.include_withdrawn = true, 2),
            (|l| l.grant_id = "h".into(), 0),
            (|l| l.person_id = "person of g".into(), 1),
            (|l| l.unit_id = "b".into(), 0),
            (|l| l.service = crate::rig::OCCUPATION.into(), 1),
            (|l| l.made = Some(common::DateInterval { first: date(2024, 3, 28), last: None }), 0),
        ];
        for (n, (filter, found)) in by.into_iter().enumerate() {
            let mut list = pb::ListOffersRequest::default();
            filter(&mut list);
            assert_eq!(client.offers.list_offers(list).await.unwrap().into_inner().offers.len(), found, "filter {n}");
        }
    }

    async fn a_yes_beside_a_running_placement_is_a_switch(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for unit in ["a", "b"] {
            rig.unit(unit, 1).await;
        }
        let first = rig.ordered("g", "a", day(2024, 3, 27)).await;
        assert_eq!(first.beside(), pb::placement::Beside::Unspecified);
        client.placements.start_placement(start_on(&first.placement_id, day(2024, 3, 27))).await.unwrap();
        rig.wish("g", &["b"]).await;
        let offer = rig.offer("g", "b").await.unwrap();
        let second = rig.accept(&offer, day(2024, 4, 2)).await.unwrap();
        assert_eq!(second.beside(), pb::placement::Beside::Switch);
        // The first one's start taken back: then there is nothing to switch from.
        let never = pb::Placement { actual_start: None, ..first.clone() };
        let never = pb::CorrectPlacementRequest { expected_revision: 2, ..correct(&never) };
        refused!(rig, "EXCLUSIVE_SERVICE", placements.correct_placement(never));
        // The order is taken back before its day, and the offer stays answered.
        client.placements.withdraw_placement(withdraw(&second.placement_id, 1)).await.unwrap();
        refused!(rig, "OFFER_ANSWERED", offers.decline_offer(decline(&offer.offer_id)));
        rig.offer("g", "b").await.unwrap();
    }
}
