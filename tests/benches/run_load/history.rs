//! Ten years of months: what a month costs when the history is long.
//!
//! Everybody lives in supported housing. Each month a sixth of them is measured anew, a twelfth has a new grant, one in a
//! hundred gets a level that should have been known a month before, one in fifty leaves and somebody else comes in
//! their place, a unit changes hands; then the month is run and approved. So each month from the second on has as many
//! people, lines and late facts as any other, and only the history grows.

use niva_testing::requests;
use std::time::{Duration, Instant};

use niva_journeys::steps;
use niva_journeys::values::day;
use niva_journeys::world::{Part, Store, World};
use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, stockholm};
use niva_payment::feed::{apply_assessment, apply_choice};
use niva_proto::assessment::v1::{
    AssessmentFeedEvent, Grant, LevelDecision, ScopePeriod, assessment_feed_event, level_decision,
};
use niva_proto::choice::v1::{ChoiceFeedEvent, Placement, Unit, choice_feed_event, placement};
use niva_proto::common::v1::{Date, DateInterval, FactInfo, GrantScope, Regime, fact_info};
use sea_orm::ConnectionTrait;

use super::{AT_ONCE, machine, seconds};

/// The first month, and how many there are.
const FIRST: (i32, i32) = (2014, 1);
const MONTHS: usize = 120;
const UNITS: usize = 100;

/// Month number `n` from the first on, as year and month.
fn month(n: usize) -> (i32, i32) {
    let n = i32::try_from(n).unwrap() + FIRST.1 - 1;
    (FIRST.0 + n / 12, n % 12 + 1)
}

fn on((year, month): (i32, i32), day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

fn told(revision: i64) -> Option<FactInfo> {
    Some(FactInfo { revision, state: fact_info::State::Stands.into(), ..FactInfo::default() })
}

/// A place and whoever lives in it: the `n`th place in its `turn`th person.
#[derive(Debug, Clone, Copy)]
struct Tenant {
    n: usize,
    turn: usize,
    since: (i32, i32),
}

impl Tenant {
    fn id(&self, kind: &str) -> String {
        format!("{kind}-{:06}-{:02}", self.n, self.turn)
    }

    fn grant(&self, number: usize, first: (i32, i32), last: (i32, i32)) -> AssessmentFeedEvent {
        let grant = Grant {
            scopes: vec![ScopePeriod { valid_from: on(first, 1), scope: Some(GrantScope::default()) }],
            info: told(1),
            ..requests::assessment::grant(
                &format!("{}-{number:03}", self.id("grant")),
                &self.id("person"),
                stockholm::SUPPORTED_HOUSING,
                "Farsta",
                Some(DateInterval { first: on(first, 1), last: on(last, 28) }),
            )
        };
        AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::Grant(grant)) }
    }

    fn level(&self, number: usize, value: usize, from: (i32, i32)) -> AssessmentFeedEvent {
        let decision = LevelDecision {
            kind: level_decision::Kind::Stated.into(),
            scale_id: "supported-housing-2010".to_owned(),
            decision_number: i64::try_from(number).unwrap() + 1,
            info: told(1),
            ..requests::assessment::level_decision(
                &format!("{}-{number:03}", self.id("level")),
                &self.id("person"),
                stockholm::SUPPORTED_HOUSING,
                i32::try_from(value % 3).unwrap() + 1,
                on(from, 1),
            )
        };
        AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::LevelDecision(decision)) }
    }

    fn placement(&self, left: Option<(i32, i32)>) -> ChoiceFeedEvent {
        let state = if left.is_some() { placement::State::Ended } else { placement::State::Started };
        let placement = Placement {
            placement_id: self.id("placement"),
            grant_id: self.id("grant"),
            person_id: self.id("person"),
            service: stockholm::SUPPORTED_HOUSING.into(),
            unit_id: format!("unit-{:03}", self.n % UNITS),
            state: state.into(),
            ordered_start: on(self.since, 1),
            actual_start: on(self.since, 1),
            notice_date: left.and_then(|left| on(left, 10)),
            end_date: left.and_then(|left| on(left, 20)),
            info: told(1 + i64::from(left.is_some())),
            ..Placement::default()
        };
        ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Placement(placement)) }
    }

    /// Everything that is told of somebody who comes.
    fn comes(&self, assessed: &mut Vec<AssessmentFeedEvent>, chosen: &mut Vec<ChoiceFeedEvent>) {
        let (year, month) = self.since;
        assessed.push(self.grant(0, self.since, (year + 1, month)));
        assessed.push(self.level(0, self.n, self.since));
        chosen.push(self.placement(None));
    }
}

/// A unit, and the months in which it changed hands.
fn unit(n: usize, takeovers: &[(i32, i32)]) -> ChoiceFeedEvent {
    let regime = [Regime::Municipal, Regime::Contracted, Regime::Private][n % 3];
    let period = |provider: usize, valid_from| {
        requests::choice::period(
            valid_from,
            &format!("provider-{n:03}-{provider}"),
            "Farsta",
            regime,
            100_000,
        )
    };
    let mut periods = vec![period(0, day("2010-01-01"))];
    periods.extend((1..).zip(takeovers).map(|(provider, since)| period(provider, on(*since, 1))));
    let unit = Unit {
        unit_id: format!("unit-{n:03}"),
        name: format!("Verksamhet {n}"),
        service: stockholm::SUPPORTED_HOUSING.into(),
        periods,
        info: told(1 + i64::try_from(takeovers.len()).unwrap()),
    };
    ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Unit(unit)) }
}

/// What happens before month `n` is run.
fn happens(
    n: usize,
    tenants: &mut [Tenant],
    units: &mut [Vec<(i32, i32)>],
) -> (Vec<AssessmentFeedEvent>, Vec<ChoiceFeedEvent>) {
    let now = month(n);
    let (mut assessed, mut chosen) = (Vec::new(), Vec::new());
    for tenant in tenants {
        let of = tenant.n + 7 * n;
        if of.is_multiple_of(6) {
            assessed.push(tenant.level(2 * n, tenant.n + n / 6, now));
        }
        if of.is_multiple_of(12) {
            assessed.push(tenant.grant(n + 1, now, (now.0 + 1, now.1)));
        }
        if of % 100 == 33 && now > tenant.since {
            // Another level than any that was in force then.
            assessed.push(tenant.level(2 * n + 1, tenant.n + (n - 1) / 6 + 1, month(n - 1)));
        }
        if of % 50 == 17 && now > tenant.since {
            chosen.push(tenant.placement(Some(now)));
            *tenant = Tenant { turn: tenant.turn + 1, since: now, ..*tenant };
            tenant.comes(&mut assessed, &mut chosen);
        }
    }
    if let Some(takeovers) = units.get_mut(n % UNITS) {
        takeovers.push(now);
        chosen.push(unit(n % UNITS, takeovers));
    }
    (assessed, chosen)
}

pub(crate) async fn measure(store: Store, people: usize) {
    let mut world = World::memory(store).await;
    let mut tenants: Vec<Tenant> = (0..people).map(|n| Tenant { n, turn: 0, since: month(0) }).collect();
    let (mut assessed, mut chosen) = (Vec::new(), (0..UNITS).map(|n| unit(n, &[])).collect());
    tenants.iter().for_each(|tenant| tenant.comes(&mut assessed, &mut chosen));
    hear(&world, &assessed, &chosen).await;
    println!("\n{store:?}, {MONTHS} months of {people} people");
    machine::restart_peak();
    let mut units = vec![Vec::new(); UNITS];
    let mut took: Vec<Duration> = Vec::with_capacity(MONTHS + 1);
    for n in 0..MONTHS {
        if n > 0 {
            let (assessed, chosen) = happens(n, &mut tenants, &mut units);
            hear(&world, &assessed, &chosen).await;
        }
        took.push(run(&world, n, n == 1 || n == MONTHS / 2 - 1 || n == MONTHS - 1).await);
    }
    // The median of five about a month: one run alone may be unlucky.
    let about = |n: usize| {
        let mut some: Vec<Duration> = took[n - 2..(n + 3).min(MONTHS)].to_vec();
        some.sort_unstable();
        some[some.len() / 2]
    };
    let (early, late) = (about(3), about(MONTHS - 3));
    println!(
        "  about month 4: {}; about month {}: {}; ratio {:.2}; memory at most {}",
        seconds(early),
        MONTHS - 2,
        seconds(late),
        late.as_secs_f64() / early.as_secs_f64(),
        machine::peak()
    );
    println!("  {} on disk", size(&world, people).await);
    println!("  a quiet month:");
    run(&world, MONTHS, true).await;
    println!("  with a remark in a model:");
    world.load_models(models("title = ", "# A remark.\ntitle = ")).await;
    run(&world, MONTHS + 1, true).await;
    println!("  with another amount at level 1 since 2010:");
    world.load_models(models("[1, 300]", "[1, 301]")).await;
    machine::restart_peak();
    run(&world, MONTHS + 2, true).await;
    println!("  memory at most {}", machine::peak());
    world.close().await;
}

/// Runs and approves a month; how long the run took.
async fn run(world: &World, n: usize, show: bool) -> Duration {
    let ((year, number), after) = (month(n), month(n + 1));
    world.set_day(&format!("{:04}-{:02}-02", after.0, after.1));
    let started = Instant::now();
    let run = steps::run(world, &format!("{year:04}-{number:02}")).await;
    let took = started.elapsed();
    steps::approve(world, &run).await;
    if show {
        let control = run.control.unwrap_or_default();
        println!(
            "  month {}: {} ({} placements looked at, {} lines, {} of them reversals, {} holds)",
            n + 1,
            seconds(took),
            control.placements,
            control.lines,
            control.reversals,
            control.holds
        );
    }
    took
}

async fn hear(world: &World, assessed: &[AssessmentFeedEvent], chosen: &[ChoiceFeedEvent]) {
    for chosen in chosen.chunks(AT_ONCE) {
        let now = world.clock().now();
        let told = world
            .database(Part::Payment)
            .write(|tx| Box::pin(async move { apply_choice(tx, chosen, now).await }));
        told.await.unwrap();
    }
    for assessed in assessed.chunks(AT_ONCE) {
        let now = world.clock().now();
        let told = world
            .database(Part::Payment)
            .write(|tx| Box::pin(async move { apply_assessment(tx, assessed, now).await }));
        told.await.unwrap();
    }
}

/// The shipped models with something else in the list of 2010.
fn models(from: &str, to: &str) -> Catalogue {
    let services = std::sync::Arc::new(ServiceCatalogue::shipped().unwrap());
    let shipped = Catalogue::shipped().unwrap();
    let files = shipped.files.into_iter().map(|(id, text)| {
        let text = if id == "socialpsychiatry-2010" { text.replace(from, to) } else { text };
        (format!("{id}.toml"), text)
    });
    Catalogue::from_files(&services, files.collect()).unwrap()
}

/// What the database takes, in all and for each person at a time.
async fn size(world: &World, people: usize) -> String {
    let db = world.database(Part::Payment);
    let sql = match db.is_postgres() {
        true => "SELECT CAST(pg_database_size(current_database()) AS BIGINT) AS bytes",
        false => "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
    };
    let row =
        db.conn().query_one_raw(sea_orm::Statement::from_string(db.conn().get_database_backend(), sql)).await;
    let bytes: i64 = row.unwrap().unwrap().try_get("", "bytes").unwrap();
    let each = usize::try_from(bytes).unwrap() / people;
    format!("{} MiB, {} KiB a place", bytes / 1024 / 1024, each / 1024)
}
