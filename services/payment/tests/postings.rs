//! How runs are booked.

use niva_names::stockholm;
use niva_payment::Mapping;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;
use sea_orm::ConnectionTrait;
use tonic::{Code, Status};

use crate::common::city::{Person, unit};
use crate::common::{Start, World, amount, day, ore, reason};
use crate::ledger::tamper;

/// Farsta buys of a private provider, and has a unit of its own.
async fn settle(world: &World) {
    world
        .chosen(&[
            unit("U-1", "PR-1", "Bromma", Regime::Private),
            unit("U-2", "PR-2", "Farsta", Regime::Municipal),
        ])
        .await;
    for n in 1..=4 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
        world.chosen(&[person.placed(&format!("U-{}", 1 + n % 2))]).await;
    }
}

fn booked(text: Option<&str>) -> Start {
    let mapping = text.map_or_else(Mapping::shipped, |text| Mapping::parse("city.toml", text));
    Start { postings: Some(mapping.unwrap()), ..Start::default() }
}

async fn postings(world: &World, run: &str) -> Result<Vec<pb::Posting>, Status> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListPostingsRequest { payment_run_id: run.to_owned(), page_size: 3, page_token };
        let page = world.erp().postings.list_postings(request).await?.into_inner();
        found.extend(page.postings);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

async fn findings(world: &World) -> Vec<String> {
    let verified = niva_payment::verify(&world.db).await.unwrap();
    verified.findings.iter().map(ToString::to_string).collect()
}

niva_testing::on_both_databases! {
    async fn a_run_is_booked_twice_and_balanced(db: &TestDb) {
        let world = World::start(db, booked(None)).await;
        settle(&world).await;
        let run = world.calculated(2024, 3).await;
        let before = postings(&world, &run.payment_run_id).await.unwrap();
        world.approve(&run).await.unwrap();
        let after = postings(&world, &run.payment_run_id).await.unwrap();
        assert_eq!(after, before);
        let accounts: Vec<_> = after.iter().map(|p| (p.account.as_str(), p.cost_centre.as_str(), p.counterpart.as_str())).collect();
        assert_eq!(accounts, [("2510", "103", "871"), ("3690", "103", "130"), ("4630", "103", "871"), ("4695", "103", "130")]);
        assert_eq!(after.iter().map(|p| ore(p.amount)).sum::<i64>(), 0);
        assert_eq!(after[2..].iter().map(|p| ore(p.amount)).sum::<i64>(), amount(&run));
        assert_eq!(findings(&world).await, [""; 0]);
        let refused = world.db.conn().execute_unprepared("UPDATE payment_posting SET amount = 0").await.unwrap_err();
        assert!(refused.to_string().contains("are never changed"), "{refused}");
        tamper(&world, "UPDATE payment_posting SET amount = amount + 1 WHERE posting_no = 1").await;
        let found = findings(&world).await;
        assert!(found.iter().any(|found| found.contains("posting 1 is not what was written")), "{found:?}");
        assert!(found.iter().any(|found| found.contains("not balanced")), "{found:?}");
        world.stop().await;
    }

    async fn a_hole_in_the_file_of_accounts_stops_the_approval_and_names_its_keys(db: &TestDb) {
        let holes = "[[account]]\nfrom = '2020-01-01'\nregime = 'private'\ndebit = '4630'\ncredit = '2510'\n";
        let world = World::start(db, booked(Some(holes))).await;
        settle(&world).await;
        let run = world.calculated(2024, 3).await;
        let refused = world.approve(&run).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "POSTINGS_MISSING"));
        for words in ["service supported_housing, regime municipal, component rate, settlement own_unit", "cost centre for district Farsta"] {
            assert!(refused.message().contains(words), "{}", refused.message());
        }
        assert_eq!(reason(&postings(&world, &run.payment_run_id).await.unwrap_err()), "POSTINGS_MISSING");
        assert_eq!(world.settled(&run.payment_run_id).await.state(), pb::payment_run::State::Calculated);
        world.discard(&run).await.unwrap();
        assert_eq!(reason(&postings(&world, &run.payment_run_id).await.unwrap_err()), "RUN_STATE");
        assert_eq!(reason(&postings(&world, "2024-09.1").await.unwrap_err()), "NOT_FOUND");
        world.stop().await;
    }

    async fn without_a_file_of_accounts_nothing_is_booked(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let run = world.paid(2024, 3).await;
        assert_eq!(postings(&world, &run.payment_run_id).await.unwrap(), []);
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }
}
