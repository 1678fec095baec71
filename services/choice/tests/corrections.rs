//! Placements as facts: told back in time, told anew, taken back, and read as they stood.

use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use niva_testing::requests::choice::record_placement;
use pb::placement::{Beside, State};

use crate::feed::read;
use crate::rig::{
    OCCUPATION, Rig, correct, date, day, end_on, get_placement, grant, notice_on, revision, start_on,
    withdraw,
};

/// Ordered, and come to, on 1 March 2024.
fn since_march(id: &str, person: &str, unit: &str) -> pb::Placement {
    pb::Placement {
        placement_id: id.into(),
        person_id: person.into(),
        service: OCCUPATION.into(),
        unit_id: unit.into(),
        ordered_start: date(2024, 3, 1),
        actual_start: date(2024, 3, 1),
        ..Default::default()
    }
}

fn record(placement: pb::Placement) -> pb::RecordPlacementRequest {
    record_placement(placement)
}

async fn recorded(rig: &Rig, placement: pb::Placement) -> pb::Placement {
    let answer = rig.client.clone().placements.record_placement(record(placement)).await;
    answer.unwrap().into_inner().placement.unwrap()
}

async fn corrected(rig: &Rig, placement: pb::Placement) -> pb::Placement {
    let answer = rig.client.clone().placements.correct_placement(correct(&placement)).await;
    answer.unwrap().into_inner().placement.unwrap()
}

async fn listed(rig: &Rig, list: pb::ListPlacementsRequest) -> Vec<String> {
    let answer = rig.client.clone().placements.list_placements(list).await.unwrap().into_inner();
    answer.placements.into_iter().map(|p| p.placement_id).collect()
}

on_both_databases! {
    async fn every_date_is_corrected_and_taken_back(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g")]).await;
        let first = recorded(&rig, since_march("p", "person of g", "a")).await;
        assert_eq!((first.state(), first.grant_id.as_str(), revision(&first)), (State::Started, "g", 1));
        rig.clock.advance_to(day(2024, 5, 2));
        let mut now = first.clone();
        for (change, state) in [
            ((|p| p.actual_start = date(2024, 3, 4)) as fn(&mut pb::Placement), State::Started),
            (|p| p.notice_date = date(2024, 3, 10), State::Started),
            (|p| p.notice_date = date(2024, 3, 11), State::Started),
            (|p| p.end_date = date(2024, 3, 20), State::Ended),
            (|p| p.end_date = date(2024, 3, 25), State::Ended),
            // The person never came at all: a no-show. Then it was one too early.
            (|p| (p.actual_start, p.end_date) = (None, None), State::NoShow),
            (|p| p.notice_date = date(2024, 3, 14), State::NoShow),
            // The notice was a mistake, and so was the order's day.
            (|p| p.notice_date = None, State::Ordered),
            (|p| p.ordered_start = date(2024, 4, 1), State::Ordered),
        ] {
            let mut next = now.clone();
            change(&mut next);
            let told = corrected(&rig, next.clone()).await;
            assert_eq!((told.state(), revision(&told)), (state, revision(&now) + 1));
            next.state = state.into();
            next.info.clone_from(&told.info);
            assert_eq!(told, next);
            now = told;
        }
        // All of it can be read back, and each tells who and why.
        let list = pb::ListPlacementRevisionsRequest { placement_id: "p".into(), ..Default::default() };
        let all = rig.client.clone().placements.list_placement_revisions(list).await.unwrap().into_inner().placements;
        assert_eq!((all.len(), &all[0], all.last()), (10, &first, Some(&now)));
        assert!(all[1..].iter().all(|p| p.info.as_ref().unwrap().reason == "a slip"));
        let then = pb::GetPlacementRequest { as_of: first.info.as_ref().unwrap().record_time, ..get_placement("p") };
        assert_eq!(rig.client.clone().placements.get_placement(then).await.unwrap().into_inner().placement, Some(first));
    }

    async fn an_end_is_taken_back_and_the_feed_tells_it(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g")]).await;
        let open = recorded(&rig, since_march("p", "person of g", "a")).await;
        let ended = client.placements.end_placement(end_on("p", day(2024, 3, 20))).await.unwrap().into_inner();
        let ended = ended.placement.unwrap();
        let reopened = corrected(&rig, pb::Placement { end_date: None, ..ended.clone() }).await;
        assert_eq!((reopened.state(), reopened.end_date, revision(&reopened)), (State::Started, None, 3));
        let told = read(&rig.client, 0, 5).await.into_iter().skip(2).map(|event| event.fact.unwrap());
        assert_eq!(told.collect::<Vec<_>>(), [open, ended, reopened].map(pb::choice_feed_event::Fact::Placement));
    }

    async fn the_wrong_persons_placement_is_withdrawn_and_another_recorded(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g"), grant("h")]).await;
        let wrong = recorded(&rig, since_march("p", "person of g", "a")).await;
        let moved = pb::Placement { person_id: "person of h".into(), grant_id: String::new(), ..wrong.clone() };
        let status = refused!(rig, "SUBJECT_FIXED", placements.correct_placement(correct(&moved)));
        assert_eq!(crate::rig::wrong(&status)[0].0, "placement.person_id");
        refused!(rig, "ID_TAKEN", placements.record_placement(record(since_march("p", "person of h", "b"))));
        refused!(rig, "NO_FREE_PLACE", placements.record_placement(record(since_march("q", "person of h", "a"))));
        refused!(rig, "PLACEMENT_STATE", placements.withdraw_placement(withdraw("p", 1)));
        let mistake = |expected_revision| pb::WithdrawPlacementRequest {
            told_by_mistake: true, ..withdraw("p", expected_revision)
        };
        refused!(rig, "REVISION_NOT_NEWEST", placements.withdraw_placement(mistake(2)));
        refused!(rig, "REASON_MISSING", placements.withdraw_placement(pb::WithdrawPlacementRequest {
            reason: String::new(), ..mistake(1)
        }));
        let gone = rig.client.clone().placements.withdraw_placement(mistake(1)).await.unwrap().into_inner();
        let gone = gone.placement.unwrap();
        assert_eq!((gone.state(), gone.actual_start), (State::Withdrawn, date(2024, 3, 1)));
        assert_eq!(gone.info.as_ref().unwrap().state(), common::fact_info::State::Withdrawn);
        refused!(rig, "FACT_WITHDRAWN", placements.withdraw_placement(mistake(2)));
        refused!(rig, "FACT_WITHDRAWN", placements.correct_placement(correct(&gone)));
        refused!(rig, "FACT_WITHDRAWN", placements.give_notice(notice_on("p", day(2024, 3, 4))));
        // Its place is free.
        recorded(&rig, since_march("q", "person of h", "a")).await;
        let last = read(&rig.client, 0, 5).await.remove(3).fact;
        assert_eq!(last, Some(pb::choice_feed_event::Fact::Placement(gone)));
        assert_eq!(listed(&rig, pb::ListPlacementsRequest::default()).await, ["q"]);
        let state = State::Withdrawn.into();
        assert_eq!(listed(&rig, pb::ListPlacementsRequest { state, ..Default::default() }).await, ["p"]);
    }

    async fn a_second_exclusive_placement_needs_a_name(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        rig.unit("b", 9).await;
        rig.grants(vec![grant("g")]).await;
        let first = recorded(&rig, since_march("p", "person of g", "a")).await;
        let second = || pb::Placement { ordered_start: date(2024, 3, 15), actual_start: None, ..since_march("q", "person of g", "b") };
        refused!(rig, "EXCLUSIVE_SERVICE", placements.record_placement(record(second())));
        let named = |beside: Beside, reason: &str| pb::Placement {
            beside: beside.into(), beside_reason: reason.into(), ..second()
        };
        refused!(rig, "FIELD_REQUIRED", placements.record_placement(record(named(Beside::Exception, " "))));
        refused!(rig, "FIELD_REQUIRED", placements.record_placement(record(named(Beside::Trial, ""))));
        let exception = recorded(&rig, named(Beside::Exception, "two units share the week")).await;
        assert_eq!((exception.beside(), exception.beside_reason.as_str()), (Beside::Exception, "two units share the week"));
        // Told by mistake: withdrawn, and only the first is left.
        let mistake = pb::WithdrawPlacementRequest { told_by_mistake: true, ..withdraw("q", 1) };
        rig.client.clone().placements.withdraw_placement(mistake).await.unwrap();
        // A switch's overlap: the first is given notice.
        rig.client.clone().placements.give_notice(notice_on("p", day(2024, 3, 12))).await.unwrap();
        recorded(&rig, pb::Placement { placement_id: "r".into(), ..second() }).await;
        // The notice taken back would leave two.
        let mut back = pb::Placement { notice_date: None, ..first };
        back.info.as_mut().unwrap().revision = 2;
        refused!(rig, "EXCLUSIVE_SERVICE", placements.correct_placement(correct(&back)));
    }

    async fn a_renewed_grant_carries_the_placement_on(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        let until = |id: &str, district: &str, first, last| told::Grant {
            person_id: "person".into(),
            district: district.into(),
            valid: Some(common::DateInterval { first, last }),
            ..grant(id)
        };
        rig.grants(vec![
            until("old", "Farsta", date(2024, 1, 1), date(2024, 4, 30)),
            // Another board grants from May on: the person has moved.
            until("new", "Bromma", date(2024, 5, 1), None),
        ]).await;
        rig.wish("old", &["a"]).await;
        let offer = rig.offer("old", "a").await.unwrap();
        rig.clock.advance_to(day(2024, 4, 3));
        let placement = rig.accept(&offer, day(2024, 4, 9)).await.unwrap();
        assert_eq!(placement.grant_id, "old");
        rig.clock.advance_to(day(2024, 5, 2));
        let id = placement.placement_id.as_str();
        rig.client.clone().placements.start_placement(start_on(id, day(2024, 4, 9))).await.unwrap();
        rig.client.clone().placements.end_placement(end_on(id, day(2024, 6, 30))).await.unwrap();
        // Ordered on a day that the renewed one carries.
        let later = pb::Placement { ordered_start: date(2024, 7, 1), actual_start: None, ..since_march("later", "person", "a") };
        assert_eq!(recorded(&rig, later.clone()).await.grant_id, "new");
        for district in ["Farsta", "Bromma"] {
            let list = pb::ListPlacementsRequest { district: district.into(), ..Default::default() };
            assert_eq!(listed(&rig, list).await.len(), 2);
        }
        rig.grants(vec![told::Grant { info: crate::rig::told_in(2), ..until("new", "Bromma", date(2024, 5, 1), date(2024, 7, 31)) }]).await;
        let outside = pb::Placement { placement_id: "x".into(), ordered_start: date(2024, 8, 1), ..later };
        refused!(rig, "OUTSIDE_GRANT", placements.record_placement(record(outside)));
    }

    async fn what_is_wrong_with_a_recorded_placement_is_told(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        let mut circle = grant("circle");
        circle.service = niva_names::stockholm::STUDY_CIRCLE.into();
        rig.grants(vec![grant("g"), grant("h"), circle]).await;
        let bad = |f: &dyn Fn(&mut pb::Placement)| {
            let mut placement = since_march("p", "person of g", "a");
            f(&mut placement);
            record(placement)
        };
        refused!(rig, "SERVICE_UNKNOWN", placements.record_placement(bad(&|p| p.service = "gardening".into())));
        refused!(rig, "GRANT_UNKNOWN", placements.record_placement(bad(&|p| p.person_id = "nobody".into())));
        refused!(rig, "GRANT_UNKNOWN", placements.record_placement(bad(&|p| p.grant_id = "x".into())));
        refused!(rig, "GRANT_MISMATCH", placements.record_placement(bad(&|p| p.grant_id = "h".into())));
        refused!(rig, "UNIT_UNKNOWN", placements.record_placement(bad(&|p| p.unit_id = "x".into())));
        refused!(rig, "WRONG_SERVICE", placements.record_placement(bad(&|p| {
            p.service = niva_names::stockholm::STUDY_CIRCLE.into();
            p.person_id = "person of circle".into();
        })));
        refused!(rig, "OUTSIDE_GRANT", placements.record_placement(bad(&|p| p.ordered_start = date(2023, 12, 31))));
        let three = bad(&|p| {
            (p.actual_start, p.notice_date, p.end_date) = (date(2024, 2, 29), date(2024, 2, 29), date(2024, 2, 28));
        });
        let status = refused!(rig, "START_BEFORE_ORDER", placements.record_placement(three));
        let found = crate::rig::wrong(&status);
        assert_eq!(found.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), [
            "placement.actual_start", "placement.notice_date", "placement.end_date",
        ]);
        refused!(rig, "END_WITHOUT_START", placements.record_placement(bad(&|p| {
            (p.actual_start, p.end_date) = (None, date(2024, 3, 4));
        })));
        refused!(rig, "FIELD_INVALID", placements.record_placement(bad(&|p| p.beside = 9)));
        // A grant that assessment has not told of yet: wait for what the caller has seen there.
        let wait = common::FeedPosition { feed: "assessment".into(), position: 1_000 };
        let ahead = pb::RecordPlacementRequest { min_positions: vec![wait], ..bad(&|_| {}) };
        refused!(rig, "FEED_BEHIND", placements.record_placement(ahead));
        let rehearsed = pb::RecordPlacementRequest { validate_only: true, ..bad(&|_| {}) };
        let state = rig.state().await;
        rig.client.clone().placements.record_placement(rehearsed).await.unwrap();
        assert_eq!(rig.state().await, state);
    }

    async fn placements_are_found(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        rig.unit("b", 9).await;
        rig.grants(vec![grant("g"), grant("h")]).await;
        recorded(&rig, since_march("p", "person of g", "a")).await;
        rig.clock.advance_to(day(2024, 4, 10));
        let later = recorded(&rig, pb::Placement {
            ordered_start: date(2024, 4, 2), actual_start: None, ..since_march("q", "person of h", "b")
        }).await;
        rig.client.clone().placements.end_placement(end_on("p", day(2024, 3, 20))).await.unwrap();
        type Filter = fn(&mut pb::ListPlacementsRequest);
        let by: [(Filter, &[&str]); 10] = [
            (|_| {}, &["p", "q"]),
            (|l| l.person_id = "person of h".into(), &["q"]),
            (|l| l.unit_id = "a".into(), &["p"]),
            (|l| l.state = State::Ended.into(), &["p"]),
            (|l| l.state = State::Ordered.into(), &["q"]),
            (|l| l.service = OCCUPATION.into(), &["p", "q"]),
            (|l| l.district = "Bromma".into(), &[]),
            (|l| l.provider_id = "provider of b".into(), &["q"]),
            (|l| l.days = Some(common::DateInterval { first: date(2024, 3, 20), last: date(2024, 4, 1) }), &["p"]),
            (|l| l.days = Some(common::DateInterval { first: date(2024, 3, 21), last: None }), &["q"]),
        ];
        for (n, (filter, found)) in by.into_iter().enumerate() {
            let mut list = pb::ListPlacementsRequest::default();
            filter(&mut list);
            assert_eq!(listed(&rig, list).await, found, "filter {n}");
        }
        let since = pb::ListPlacementsRequest {
            recorded_since: later.info.unwrap().record_time, page_size: 1, ..Default::default()
        };
        let page = rig.client.clone().placements.list_placements(since.clone()).await.unwrap().into_inner();
        assert_eq!(page.placements.iter().map(|p| p.placement_id.as_str()).collect::<Vec<_>>(), ["p"]);
        // A page's token is for its own list.
        let other = pb::ListPlacementsRequest { page_token: page.next_page_token.clone(), ..Default::default() };
        refused!(rig, "PAGE_TOKEN_INVALID", placements.list_placements(other));
        let next = pb::ListPlacementsRequest { page_token: page.next_page_token, ..since };
        assert_eq!(listed(&rig, next).await, ["q"]);
        let backwards = Some(common::DateInterval { first: date(2024, 3, 2), last: date(2024, 3, 1) });
        refused!(rig, "END_BEFORE_START", placements.list_placements(pb::ListPlacementsRequest {
            days: backwards, ..Default::default()
        }));
        let future = pb::GetPlacementRequest {
            as_of: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }), ..get_placement("p")
        };
        refused!(rig, "AS_OF_IN_FUTURE", placements.get_placement(future));
        refused!(rig, "NOT_FOUND", placements.list_placement_revisions(pb::ListPlacementRevisionsRequest {
            placement_id: "x".into(), ..Default::default()
        }));
    }
}
