//! What the audit trail costs a call: `tests/run cargo bench -p niva-journeys -- audit` (release, with a throw-away
//! PostgreSQL).
//!
//! Reads go over memory to one service that is served twice, once with its trail and once with nobody who keeps records;
//! changes are made in the database as a service makes them, with the record in their transaction and without. Both ways
//! take turns, so that whatever else the machine does meets both.

use niva_testing::requests::assessment::record_person;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, join_all};
use niva_access::{Caller, Reach, Record, Role, Scope};
use niva_assessment::{Deps, Migrator};
use niva_base::{Clock, OpError};
use niva_facts::{Author, Changing, Info, Telling};
use niva_proto::assessment::v1 as pb;
use niva_retention::Retention;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::Recorder;
use niva_store::{Tx, facts, request};
use niva_testing::values::living;
use niva_testing::{Service, TestDb, TestIssuer, city, models, serve};
use tokio_util::sync::CancellationToken;

/// Calls of each way, one after the other; and with many callers at once, in rounds.
const CALLS: usize = 2_000;
const CALLERS: usize = 32;
const ROUNDS: usize = 60;

/// Nobody keeps records.
#[derive(Debug)]
struct Nobody;

impl Recorder for Nobody {
    fn record(&self, _: Record) -> BoxFuture<'_, Result<(), OpError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn turned_away(&self, _: Record) -> BoxFuture<'_, Result<(), OpError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// On both databases.
pub(crate) async fn measure() {
    of("sqlite", &TestDb::sqlite().await).await;
    of("postgres", &TestDb::postgres().await).await;
}

async fn of(store: &str, db: &TestDb) {
    db.migrate::<Migrator>().await.unwrap();
    let (clock, shutdown, issuer) = (Clock::system(), CancellationToken::new(), TestIssuer::new());
    let deps = Deps {
        db: db.db().clone(),
        clock,
        city: city(),
        catalogue: models(),
        allow_example_instruments: true,
        identity_keys: None,
        retention: Arc::new(Retention::shipped().unwrap()),
    };
    let started = niva_assessment::start(deps, shutdown.clone()).await.unwrap();
    let recorders: [Arc<dyn Recorder>; 2] = [Arc::new(started.audit.clone()), Arc::new(Nobody)];
    let mut served = Vec::new();
    for recorder in recorders {
        let memory = MemoryConnector::new();
        let (routes, policy) = (started.routes.clone(), niva_assessment::policy());
        let service = Service { name: "assessment", routes, policy, recorder };
        let caller = Caller::new("ada", [Role::CaseOfficer]);
        let channel = Endpoint::Memory(memory.clone()).channel(Credentials::minted(&issuer, caller));
        let running = serve(&memory, service, &issuer, shutdown.clone()).await;
        served.push((pb::Clients::new(channel), running));
    }
    let [(mut recorded, first), (mut bare, second)] = <[_; 2]>::try_from(served).ok().unwrap();
    let mut whole = Vec::new();
    for n in 0..CALLS {
        let request = tell(&format!("p{n}"));
        let began = Instant::now();
        recorded.persons.record_person(request).await.unwrap();
        whole.push(began.elapsed());
    }
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..CALLS {
        with.push(read(&mut recorded, n).await);
        without.push(read(&mut bare, n).await);
    }
    compare(store, "a read", &mut with, &mut without);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        with.extend(at_once(&recorded).await);
        without.extend(at_once(&bare).await);
    }
    compare(store, &format!("a read of {CALLERS} at once"), &mut with, &mut without);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..CALLS {
        with.push(change(db, &format!("w{n}"), true).await);
        without.push(change(db, &format!("b{n}"), false).await);
    }
    compare(store, "a change in the database", &mut with, &mut without);
    // Over the wire a change is that, and whatever else it does.
    let more = at(&mut with, 99).saturating_sub(at(&mut without, 99));
    let all = at(&mut whole, 99);
    let ratio = all.as_secs_f64() / all.saturating_sub(more).as_secs_f64();
    println!(
        "{store}: RecordPerson over the wire, p99 {all:?}, so the record makes it {ratio:.2} times as long"
    );
    shutdown.cancel();
    first.finished().await;
    second.finished().await;
    started.finished().await;
}

fn tell(id: &str) -> pb::RecordPersonRequest {
    record_person(living(id, "Farsta"))
}

async fn read(client: &mut pb::Clients<Channel>, n: usize) -> Duration {
    let get = pb::GetPersonRequest { person_id: format!("p{n}"), as_of: None };
    let began = Instant::now();
    client.persons.get_person(get).await.unwrap();
    began.elapsed()
}

async fn at_once(client: &pb::Clients<Channel>) -> Vec<Duration> {
    let reads = (0..CALLERS).map(|n| {
        let mut client = client.clone();
        async move { read(&mut client, n).await }
    });
    join_all(reads).await
}

/// A fact told in its transaction, with the claim of the request and the stored answer.
async fn change(db: &TestDb, id: &str, recorded: bool) -> Duration {
    let author = Author { subject: "ada".into(), role: "case_officer".into() };
    let (scope, now) = (&Scope::new(author.clone(), Reach::City), now());
    let (asked, told) = (&tell(id), &Telling { author, recorded_at: now, reason: String::new() });
    let began = Instant::now();
    let done = if recorded {
        request::change(db, scope, asked, now, |tx, told| Box::pin(work(tx, asked, told))).await
    } else {
        let caller = scope.author().subject.as_str();
        let request_id = asked.request_id.as_str();
        let id = request::Key { caller, method: pb::RecordPersonRequest::METHOD, request_id };
        db.write(|tx| {
            Box::pin(async move {
                request::claim(tx, id, asked, now).await?;
                let answer = work(tx, asked, told.clone()).await?;
                request::finish(tx, id, asked, &answer).await?;
                Ok::<_, OpError>(answer)
            })
        })
        .await
    };
    done.unwrap();
    began.elapsed()
}

async fn work(
    tx: &Tx<'_>,
    asked: &pb::RecordPersonRequest,
    told: Telling,
) -> Result<pb::RecordPersonResponse, OpError> {
    let mut person = asked.person.clone().unwrap();
    let info = Info::first(person.person_id.as_str(), told);
    niva_facts::Fact::set_info(&mut person, Some(&info));
    facts::append(tx, std::slice::from_ref(&person)).await?;
    Ok(pb::RecordPersonResponse { person: Some(person), feed_position: 0 })
}

fn now() -> DateTime<Utc> {
    Clock::system().now()
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[times.len() * percent / 100]
}

fn compare(store: &str, what: &str, with: &mut [Duration], without: &mut [Duration]) {
    for percent in [50, 99] {
        let (with, without) = (at(with, percent), at(without, percent));
        let ratio = with.as_secs_f64() / without.as_secs_f64();
        println!(
            "{store}: {what}, p{percent}: {with:?} recorded, {without:?} not: {ratio:.2} times, {:?} more",
            with.saturating_sub(without)
        );
    }
}
