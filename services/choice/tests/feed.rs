//! What choice tells, and what it hears of assessment.

use niva_choice::{Migrator, start};
use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use pb::choice_feed_event::Fact;
use tokio_util::sync::CancellationToken;

use crate::rig::{
    Client, Rig, capacity_from, date, day, deps, end_on, grant, notice_on, reason, revision, start_on,
    told_in, wish,
};

/// Reads `count` events after a position.
pub(crate) async fn read(client: &Client, after: i64, count: usize) -> Vec<pb::ChoiceFeedEvent> {
    let request = pb::WatchChoiceRequest { after_position: after };
    let mut stream = client.clone().feed.watch_choice(request).await.unwrap().into_inner();
    let mut events = Vec::new();
    while events.len() < count {
        events.extend(stream.message().await.unwrap().expect("the feed has no end").events);
    }
    events
}

fn words(event: &pb::ChoiceFeedEvent) -> String {
    match event.fact.clone().unwrap() {
        Fact::Provider(provider) => provider.provider_id,
        Fact::Unit(unit) => format!("unit {} revision {}", unit.unit_id, unit.info.unwrap().revision),
        Fact::Placement(p) => format!("{:?} revision {}", p.state(), revision(&p)),
    }
}

on_both_databases! {
    async fn it_tells_what_was_written_in_order(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 1).await;
        let placement = rig.ordered("g", "a", day(2024, 4, 2)).await;
        let id = placement.placement_id.as_str();
        client.units.set_unit_capacity(capacity_from("a", day(2024, 5, 1), 2)).await.unwrap();
        client.placements.start_placement(start_on(id, day(2024, 4, 2))).await.unwrap();
        client.placements.give_notice(notice_on(id, day(2024, 4, 3))).await.unwrap();
        let ended = client.placements.end_placement(end_on(id, day(2024, 4, 4))).await.unwrap().into_inner().placement.unwrap();

        let events = read(&client, 0, 7).await;
        assert_eq!(events.iter().map(words).collect::<Vec<_>>(), [
            "provider of a",
            "unit a revision 1",
            "Ordered revision 1",
            "unit a revision 2",
            "Started revision 2",
            "Started revision 3",
            "Ended revision 4",
        ]);
        assert_eq!(events[6].fact, Some(Fact::Placement(ended)));
        let info = |n: usize| events[n].info.clone().unwrap();
        assert!((1..7).all(|n| info(n).previous_position == info(n - 1).position) && info(0).previous_position == 0);
        let author = info(1).author.unwrap();
        assert_eq!((author.subject.as_str(), author.role.as_str(), info(1).ignorable), ("ada", "administrator", false));
        assert!(info(1).record_time.is_some());
        assert_eq!(read(&client, info(3).position, 3).await, events[4..]);

        let ahead = pb::WatchChoiceRequest { after_position: info(6).position + 1 };
        let refused = match client.feed.watch_choice(ahead).await {
            Err(status) => status,
            Ok(stream) => stream.into_inner().message().await.unwrap_err(),
        };
        assert_eq!(reason(&refused), "CURSOR_AHEAD");
    }

    async fn it_wakes_who_waits(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        let mut stream = rig.client.clone()
            .feed.watch_choice(pb::WatchChoiceRequest { after_position: read(&rig.client, 0, 2).await[1].info.as_ref().unwrap().position })
            .await.unwrap().into_inner();
        // The first answer comes at once and says how far the feed is.
        let first = stream.message().await.unwrap().unwrap();
        assert_eq!((first.events.len(), first.newest_position > 0), (0, true));
        rig.client.clone().units.set_unit_capacity(capacity_from("a", day(2024, 5, 1), 2)).await.unwrap();
        let heard = loop {
            let message = stream.message().await.unwrap().unwrap();
            if !message.events.is_empty() {
                break message;
            }
        };
        assert_eq!(words(&heard.events[0]), "unit a revision 2");
    }

    async fn the_newest_revision_of_a_grant_stands_whatever_the_order(db: &TestDb) {
        let rig = Rig::new(db).await;
        let told_as = |revision: i64, last: i32| {
            let valid = common::DateInterval { first: date(2024, 1, 1), last: date(2024, 4, last) };
            told::Grant { info: told_in(revision), valid: Some(valid), ..grant("g") }
        };
        let level = told::LevelDecision { level_decision_id: "l".into(), ..Default::default() };
        let facts = [told_as(3, 3), told_as(1, 1), told_as(2, 2)].map(told::assessment_feed_event::Fact::Grant);
        let mut facts = facts.to_vec();
        facts.push(told::assessment_feed_event::Fact::LevelDecision(level));
        let position = rig.assessment.tell(facts).await;
        rig.service().followed().get("assessment").unwrap().wait_until(position).await.unwrap();
        let stands = || async { rig.state().await.into_iter().filter(|row| row.starts_with("\"grant\"")).collect::<Vec<_>>() };
        assert_eq!(stands().await, ["\"grant\" gFarsta2024-04-03stands3"]);
        rig.grants(vec![told_as(2, 2)]).await;
        assert_eq!(stands().await, ["\"grant\" gFarsta2024-04-03stands3"]);
        rig.grants(vec![told_as(4, 30), told_as(4, 30)]).await;
        assert_eq!(stands().await, ["\"grant\" gFarsta2024-04-30stands4"]);

        let status = rig.client.clone().feed.get_feed_status(pb::GetFeedStatusRequest {}).await.unwrap().into_inner();
        let [feed] = status.feeds.as_slice() else { panic!("one feed is heard") };
        assert_eq!((feed.feed.as_str(), feed.connected, feed.last_error.as_str()), ("assessment", true, ""));
        assert_eq!((feed.applied_position, feed.update_time.is_some()), (position + 3, true));
    }

    async fn a_grant_that_ends_bars_what_comes_after(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g")]).await;
        rig.wish("g", &["a"]).await;
        let valid = common::DateInterval { first: date(2024, 1, 1), last: date(2024, 3, 26) };
        rig.grants(vec![told::Grant { info: told_in(2), valid: Some(valid), ..grant("g") }]).await;
        assert_eq!(reason(&rig.offer("g", "a").await.unwrap_err()), "GRANT_ENDED");
        let again = rig.client.clone().wishes.record_wish(wish("g", &["a"])).await.unwrap_err();
        assert_eq!(reason(&again), "GRANT_ENDED");
    }

    async fn a_withdrawn_grant_is_as_if_it_had_never_been(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        rig.grants(vec![grant("g")]).await;
        rig.wish("g", &["a"]).await;
        let state = common::fact_info::State::Withdrawn.into();
        let info = told_in(2).map(|info| common::FactInfo { state, ..info });
        rig.grants(vec![told::Grant { info, ..grant("g") }]).await;
        assert_eq!(reason(&rig.offer("g", "a").await.unwrap_err()), "GRANT_UNKNOWN");
    }

    async fn an_unreadable_grant_is_told_and_not_passed_over(db: &TestDb) {
        let rig = Rig::new(db).await;
        let bad = told::Grant { service: "no key".into(), ..grant("bad") };
        let position = rig.assessment.tell(vec![told::assessment_feed_event::Fact::Grant(bad)]).await;
        let mut status = rig.service().followed().get("assessment").unwrap().watch();
        let seen = status.wait_for(|status| status.last_error.is_some()).await.unwrap().clone();
        assert!(seen.cursor < position, "{seen:?}");
        assert!(seen.last_error.unwrap().contains("service"));
    }

    async fn it_starts_on_a_migrated_database_alone_and_resumes(db: &TestDb) {
        let bare = niva_testing::TestDb::sqlite().await;
        let rig = Rig::new(db).await;
        rig.grants(vec![grant("g")]).await;
        let refused = start(deps(bare.db(), &rig.now, &rig.channel), CancellationToken::new()).await.unwrap_err();
        assert!(refused.to_string().contains("run `niva migrate`"), "{refused}");
        bare.migrate::<Migrator>().await.unwrap();
        // A second replica on the same database hears nothing twice.
        let shutdown = CancellationToken::new();
        let second = start(deps(&rig.db, &rig.now, &rig.channel), shutdown.clone()).await.unwrap();
        rig.grants(vec![grant("h")]).await;
        second.followed().get("assessment").unwrap().wait_until(2).await.unwrap();
        assert_eq!(rig.state().await.iter().filter(|row| row.starts_with("\"grant\"")).count(), 2);
        shutdown.cancel();
        second.finished().await;
    }
}
