//! The feeds as others see them: nothing is skipped, nothing doubled, a restart heals, a gap is refused.

use std::collections::BTreeSet;

use niva_journeys::{
    steps,
    world::{Part, Role, Store, World, look_again},
};
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1::{AssessmentFeedEvent, WatchAssessmentRequest, assessment_feed_event::Fact};
use sea_orm::ConnectionTrait;

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;
const WRITERS: usize = 8;
const EACH: usize = 25;

/// Reads the feed from the start until it has seen so many events, coming again each hundred.
async fn read(world: &World, expected: usize) -> Vec<AssessmentFeedEvent> {
    let mut events: Vec<AssessmentFeedEvent> = Vec::new();
    while events.len() < expected {
        let after_position = events.last().map_or(0, position);
        let request = WatchAssessmentRequest { after_position };
        let mut feed =
            world.assessment(Role::FeedReader).feed.watch_assessment(request).await.unwrap().into_inner();
        let enough = (events.len() + 100).min(expected);
        while events.len() < enough {
            events.extend(feed.message().await.unwrap().expect("the feed has no end").events);
        }
    }
    events
}

fn position(event: &AssessmentFeedEvent) -> i64 {
    event.info.as_ref().map_or(0, |info| info.position)
}

/// Writers by the dozen, a reader at the same time: PostgreSQL commits out of order, and the reader skips nothing.
async fn nothing_is_skipped(store: Store) {
    let world = World::memory(store).await;
    let write = |writer: usize| {
        let world = &world;
        async move {
            for n in 0..EACH {
                let person = format!("person-{writer:02}-{n:02}");
                steps::person_with_grant(world, &person, SERVICE, "Farsta", "2024-03-01").await;
            }
        }
    };
    let writers = futures_util::future::join_all((0..WRITERS).map(write));
    let (_, events) = tokio::join!(writers, read(&world, 2 * WRITERS * EACH));

    let mut before = 0;
    let (mut persons, mut grants) = (BTreeSet::new(), BTreeSet::new());
    for event in &events {
        let info = event.info.as_ref().expect("its place");
        assert_eq!(info.previous_position, before, "event {} follows another", info.position);
        assert!(info.position > before);
        before = info.position;
        match &event.fact {
            Some(Fact::Grant(grant)) => {
                assert!(grants.insert(grant.grant_id.clone()), "{} twice", grant.grant_id);
            }
            Some(Fact::Person(person)) => {
                assert!(persons.insert(person.person_id.clone()), "{} twice", person.person_id);
            }
            other => panic!("only persons and grants were written: {other:?}"),
        }
    }
    let written = (0..WRITERS).flat_map(|w| (0..EACH).map(move |n| format!("grant-of-person-{w:02}-{n:02}")));
    assert_eq!(grants, written.collect(), "every grant is told");
    assert_eq!(persons.len(), WRITERS * EACH, "every person is told");
    world.feeds_caught_up().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_skipped_on_postgres() {
    nothing_is_skipped(Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_skipped_on_sqlite() {
    nothing_is_skipped(Store::Sqlite).await;
}

/// A producer that goes away and comes back is heard again, from where its listener was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_producer_that_comes_back_is_heard_again() {
    let mut world = World::memory(Store::Sqlite).await;
    steps::person_with_grant(&world, "before", SERVICE, "Farsta", "2024-03-01").await;
    world.feeds_caught_up().await;
    for round in 0..3 {
        world.halt(Part::Assessment).await;
        while world.choice_feed().await.connected {
            look_again().await;
        }
        world.resume(Part::Assessment).await;
        steps::person_with_grant(&world, &format!("after-{round}"), SERVICE, "Farsta", "2024-03-01").await;
        world.feeds_caught_up().await;
    }
    // And a listener that goes away hears what it missed.
    world.halt(Part::Choice).await;
    steps::person_with_grant(&world, "meanwhile", SERVICE, "Farsta", "2024-03-01").await;
    world.resume(Part::Choice).await;
    world.feeds_caught_up().await;
    world.close().await;
}

/// The event that a listener heard last is gone from the log, as after a restore from a wrong backup: it says so and
/// applies nothing until the log is whole again.
async fn a_gap_is_refused(store: Store) {
    let mut world = World::memory(store).await;
    steps::person_with_grant(&world, "first", SERVICE, "Farsta", "2024-03-01").await;
    steps::person_with_grant(&world, "second", SERVICE, "Farsta", "2024-03-01").await;
    world.feeds_caught_up().await;
    let applied = world.choice_feed().await.applied_position;

    world.halt(Part::Choice).await;
    let log = world.database(Part::Assessment).conn().clone();
    log.execute_unprepared("CREATE TABLE kept AS SELECT * FROM feed_event WHERE position > 1").await.unwrap();
    // As somebody does who owns the database.
    let guard = match store {
        Store::Sqlite => "DROP TRIGGER feed_event_no_delete",
        Store::Postgres => "ALTER TABLE feed_event DISABLE TRIGGER USER",
    };
    log.execute_unprepared(guard).await.unwrap();
    log.execute_unprepared("DELETE FROM feed_event WHERE position > 1").await.unwrap();
    steps::person_with_grant(&world, "third", SERVICE, "Farsta", "2024-03-01").await;
    world.resume(Part::Choice).await;
    let refused = loop {
        let status = world.choice_feed().await;
        if !status.last_error.is_empty() {
            break status;
        }
        look_again().await;
    };
    assert_eq!(refused.applied_position, applied, "{refused:?}");

    let as_they_were =
        if world.database(Part::Assessment).is_postgres() { "OVERRIDING SYSTEM VALUE" } else { "" };
    let restore = format!("INSERT INTO feed_event {as_they_were} SELECT * FROM kept");
    log.execute_unprepared(&restore).await.unwrap();
    world.feeds_caught_up().await;
    assert_eq!(world.choice_feed().await.last_error, "");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_is_refused_on_sqlite() {
    a_gap_is_refused(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_is_refused_on_postgres() {
    a_gap_is_refused(Store::Postgres).await;
}
