//! Facts by feed: taken in once, in any order, over the real protocol.

use std::sync::Arc;

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;

use crate::common::city::{Person, on, placed, revision, unit};
use crate::common::producers::Feeds;
use crate::common::{Start, World, amount, day, reason};

niva_testing::on_both_databases! {
    async fn a_feed_that_is_doubled_or_shuffled_leaves_the_same(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let mut ended = person.placement("U-1");
        (ended.end_date, ended.info) = (on(day(2024, 3, 12)), revision(2));
        let unit = unit("U-1", "PR-1", "Farsta", Regime::Municipal);
        world.chosen(&[placed(ended.clone()), person.placed("U-1"), unit.clone()]).await;
        world.assessed(&[person.level(2, 2, person.start), person.level(1, 3, person.start), person.grant()]).await;
        let before = world.preview(2024, 3).await.unwrap();
        world.chosen(&[unit, person.placed("U-1"), placed(ended)]).await;
        world.assessed(&[person.grant(), person.level(1, 3, person.start)]).await;
        let after = world.preview(2024, 3).await.unwrap();
        assert_eq!(after.control, before.control);
        assert_eq!(amount(&after), 16 * 39_500 + 7 * 30_000);
        assert_eq!(after.job.unwrap().total, 1);
        world.stop().await;
    }

    async fn both_feeds_come_over_the_wire_and_their_state_is_told(db: &TestDb) {
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let feeds = Feeds {
            assessment: Arc::new(vec![person.grant(), person.level(1, 1, person.start)]),
            choice: Arc::new(vec![unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]),
        };
        let world = World::start(db, Start { producers: Some(feeds), ..Start::default() }).await;
        for feed in [niva_payment::feed::ASSESSMENT, niva_payment::feed::CHOICE] {
            world.service.as_ref().unwrap().consumer(feed).unwrap().wait_until(20).await.unwrap();
        }
        assert_eq!(amount(&world.paid(2024, 3).await), 31 * 30_000);
        let mut client = world.by(Caller::new("auditor", [Role::Auditor]));
        let feeds = client.feed.get_feed_status(pb::GetFeedStatusRequest {}).await.unwrap().into_inner().feeds;
        assert_eq!(feeds.iter().map(|f| (f.feed.as_str(), f.applied_position, f.connected)).collect::<Vec<_>>(), [
            ("assessment", 20, true), ("choice", 20, true),
        ]);
        assert!(feeds.iter().all(|f| f.update_time.is_some() && f.last_error.is_empty()));
        let run = world.settled("2024-03.1").await;
        let froze: Vec<_> = run.feed_positions.iter().map(|p| (p.feed.as_str(), p.position)).collect();
        assert_eq!(froze, [("assessment", 20), ("choice", 20)], "a run tells what it knows of");
        world.stop().await;
    }

    async fn no_run_is_made_of_half_of_what_was_told(db: &TestDb) {
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        // What choice tells of a placement without dates cannot be taken in: the reader stops there.
        let broken = placed(niva_proto::choice::v1::Placement { ordered_start: None, ..person.placement("U-1") });
        let feeds = Feeds {
            assessment: Arc::new(vec![person.grant(), person.level(1, 1, person.start)]),
            choice: Arc::new(vec![unit("U-1", "PR-1", "Farsta", Regime::Municipal), broken]),
        };
        let world = World::start(db, Start { producers: Some(feeds), ..Start::default() }).await;
        let assessment = world.service.as_ref().unwrap().consumer(niva_payment::feed::ASSESSMENT).unwrap();
        assessment.wait_until(20).await.unwrap();
        for refused in [world.create(2024, 3).await.unwrap_err(), world.preview(2024, 3).await.unwrap_err()] {
            assert_eq!(reason(&refused), "FEED_BEHIND");
            assert_eq!(niva_rpc::metadata(&refused, "feed").as_deref(), Some("choice"));
        }
        let list = pb::ListPaymentRunsRequest::default();
        assert_eq!(world.maker().runs.list_payment_runs(list).await.unwrap().into_inner().payment_runs, []);
        world.stop().await;
    }
}
