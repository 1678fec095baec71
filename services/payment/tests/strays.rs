//! A placement that is told under another person than the one whose id it is: the feed goes on, nothing of what is known
//! changes, and the other is held until somebody puts it right.

use std::sync::Arc;

use niva_names::stockholm;
use niva_proto::choice::v1::{ChoiceFeedEvent, Placement};
use niva_proto::common::v1::{FactInfo, Regime, fact_info};
use niva_proto::payment::v1::{self as pb, HoldReason};

use crate::common::city::{Person, placed, revision, unit};
use crate::common::producers::Feeds;
use crate::common::{Start, World, amount, day};

/// Two people with everything that a payment needs, but that the second has no placement of its own.
async fn settle(world: &World) -> [Person; 2] {
    let people = [1, 2].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)));
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), people[0].placed("U-1")]).await;
    for person in &people {
        world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
    }
    people
}

/// The first person's placement as a later revision tells it of the second.
fn strayed(of: i64, state: fact_info::State) -> ChoiceFeedEvent {
    let people = [1, 2].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)));
    let info = Some(FactInfo { revision: of, state: state.into(), ..Default::default() });
    placed(Placement { person_id: "P-0002".to_owned(), info, ..people[0].placement("U-1") })
}

fn back(of: i64) -> ChoiceFeedEvent {
    let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
    placed(Placement { info: revision(of), ..person.placement("U-1") })
}

async fn strays(world: &World, run: &pb::PaymentRun) -> Vec<(String, String, HoldReason)> {
    let holds = world.holds(run).await.into_iter();
    holds.map(|held| (held.person_id, held.placement_id, held.hold.unwrap().reason())).collect()
}

/// What both of them are told of, and what is held for it.
fn held() -> Vec<(String, String, HoldReason)> {
    vec![("P-0002".to_owned(), "PL-0001".to_owned(), HoldReason::PlacementOfAnotherPerson)]
}

const MARCH: i64 = 31 * 30_000;
const APRIL: i64 = 30 * 30_000;

niva_testing::on_both_databases! {
    async fn a_placement_of_another_person_is_held_and_the_known_one_paid_as_before(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        assert_eq!(amount(&world.paid(2024, 3).await), MARCH);
        world.chosen(&[strayed(2, fact_info::State::Stands)]).await;
        let april = world.calculated(2024, 4).await;
        let job = april.job.clone().unwrap();
        assert_eq!((amount(&april), job.done, job.total), (APRIL, 1, 1), "what is known is paid as before");
        assert_eq!(strays(&world, &april).await, [held(), held()].concat(), "of March and of April");
        let hold = world.holds(&april).await.remove(0).hold.unwrap();
        assert!(hold.message.contains("that of another person"), "{}", hold.message);
        // Told again, in any order, it says nothing new.
        world.chosen(&[back(1), strayed(2, fact_info::State::Stands), back(1)]).await;
        assert_eq!(world.discard(&april).await.unwrap().control, april.control);
        let again = world.calculated(2024, 4).await;
        assert_eq!((again.control.clone(), again.frozen_fact_number), (april.control, again.frozen_fact_number));
        world.approve(&again).await.unwrap();
        assert_eq!(niva_payment_recount::recount(&world.db).await.unwrap(), [""; 0]);
        world.stop().await;
    }

    async fn it_is_held_until_it_is_put_right(db: &TestDb) {
        for right in [back(3), strayed(3, fact_info::State::Withdrawn)] {
            let db = crate::common::another(db).await;
            let world = World::new(&db).await;
            let [_, second] = settle(&world).await;
            world.chosen(&[strayed(2, fact_info::State::Stands)]).await;
            let march = world.paid(2024, 3).await;
            assert_eq!((amount(&march), strays(&world, &march).await), (MARCH, held()));
            // Put right: what was held is no more, and the second is placed under an id of its own.
            world.chosen(&[right, second.placed("U-1")]).await;
            let april = world.paid(2024, 4).await;
            assert_eq!((amount(&april), strays(&world, &april).await), (APRIL + MARCH + APRIL, vec![]));
            assert_eq!(niva_payment_recount::recount(&world.db).await.unwrap(), [""; 0]);
            world.stop().await;
        }
    }

    async fn the_feed_goes_on(db: &TestDb) {
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let third = Person::new(3, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let feeds = Feeds {
            assessment: Arc::new(vec![
                person.grant(), person.level(1, 1, person.start), third.grant(), third.level(1, 1, third.start),
            ]),
            choice: Arc::new(vec![
                unit("U-1", "PR-1", "Farsta", Regime::Municipal),
                person.placed("U-1"),
                strayed(2, fact_info::State::Stands),
                third.placed("U-1"),
            ]),
        };
        let world = World::start(db, Start { producers: Some(feeds), ..Start::default() }).await;
        for feed in [niva_payment::feed::ASSESSMENT, niva_payment::feed::CHOICE] {
            world.service.as_ref().unwrap().consumer(feed).unwrap().wait_until(40).await.unwrap();
        }
        let run = world.paid(2024, 3).await;
        assert_eq!((amount(&run), strays(&world, &run).await), (2 * MARCH, held()));
        world.stop().await;
    }
}
