//! What attacks cost everybody else: `tests/run cargo bench -p niva-journeys -- attacks` (release).
//!
//! Honest callers read persons of an assessment that is a process of its own, before an attack and under it. The limits are those
//! that a city has. Wanted is a p99 of at most twice what it is in peace; attackers and honest callers share this machine's
//! processors, which no city's do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use niva_access::Caller;
use niva_base::Clock;
use niva_journeys::steps;
use niva_journeys::values::new_request;
use niva_journeys::world::{Part, Role, Store, World};
use niva_proto::assessment::v1::create_import_request::Record;
use niva_proto::assessment::v1::{CreateImportRequest, GetPersonRequest, ListPersonsRequest};
use prost::Message as _;
use prost::bytes::Bytes;
use tokio::net::TcpStream;

const PERSONS: usize = 2_000;
/// Honest reads in peace, and under each attack.
const READS: usize = 2_000;

/// What an attacker needs.
#[derive(Clone)]
struct Against {
    address: String,
    token: String,
    over: Arc<AtomicBool>,
}

pub(crate) async fn measure() {
    let world = World::in_real_time(Store::Sqlite).await;
    let persons = (0..PERSONS).map(|n| CreateImportRequest {
        request_id: if n == 0 { new_request() } else { String::new() },
        record: Some(Record::Person(steps::living(&format!("P-{n}"), "Farsta"))),
        ..Default::default()
    });
    world.assessment(Role::Importer).imports.create_import(tokio_stream::iter(persons)).await.unwrap();
    reads(&world).await;
    under(&world, "300 silent connections", silent).await;
    under(&world, "answers that nobody reads", unread).await;
    under(&world, "calls that are reset at once", resets).await;
    under(&world, "requests as large as may be, which are refused", shouting).await;
    println!("most memory {} MiB", world.peak_memory(Part::Assessment) >> 20);
    world.close().await;
}

/// The p99 in peace, then under the attack, then in peace again; both ways near each other in time.
async fn under<F: Future<Output = ()> + Send + 'static>(
    world: &World,
    what: &str,
    attack: impl FnOnce(Against) -> F,
) {
    let peace = reads(world).await;
    let attacker = Caller::new("attacker", [Role::Auditor]);
    let (lifetime, now) = (chrono::Duration::minutes(30), Clock::system().now());
    let against = Against {
        address: world.address(Part::Assessment).unwrap().trim_start_matches("http://").to_owned(),
        token: world.issuer().token(&attacker, lifetime, now).unwrap(),
        over: Arc::default(),
    };
    let over = Arc::clone(&against.over);
    let attacking = tokio::spawn(attack(against));
    // It has begun.
    reads(world).await;
    let attacked = reads(world).await;
    over.store(true, Ordering::Relaxed);
    attacking.await.unwrap();
    let again = reads(world).await;
    let ratio = attacked.as_secs_f64() / peace.max(again).as_secs_f64();
    println!("{what}: p99 {attacked:?} under it, {peace:?} before and {again:?} after: {ratio:.2} times");
}

async fn reads(world: &World) -> Duration {
    let mut client = world.assessment(Role::CaseOfficer).persons;
    let mut times = Vec::with_capacity(READS);
    for n in 0..READS {
        let get = GetPersonRequest { person_id: format!("P-{}", n % PERSONS), as_of: None };
        let began = Instant::now();
        client.get_person(get).await.unwrap();
        times.push(began.elapsed());
    }
    times.sort();
    times[READS * 99 / 100]
}

async fn silent(against: Against) {
    while !against.over.load(Ordering::Relaxed) {
        let mut held = Vec::new();
        for _ in 0..300 {
            held.extend(TcpStream::connect(&against.address).await);
        }
        // Closed by the server after some seconds; then anew.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn client(against: &Against, window: u32) -> h2::client::SendRequest<Bytes> {
    let stream = TcpStream::connect(&against.address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (client, connection) = builder.initial_window_size(window).handshake(stream).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

fn call(against: &Against) -> http::Request<()> {
    http::Request::post("http://niva/niva.assessment.v1.PersonService/ListPersons")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {}", against.token))
        .body(())
        .unwrap()
}

fn body(asked: &ListPersonsRequest) -> Bytes {
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(asked.encoded_len()).unwrap().to_be_bytes());
    body.extend_from_slice(&asked.encode_to_vec());
    body.into()
}

async fn unread(against: Against) {
    let asked = body(&ListPersonsRequest { page_size: 1_000, ..Default::default() });
    let mut held = Vec::new();
    while !against.over.load(Ordering::Relaxed) {
        let mut client = client(&against, 100).await;
        for _ in 0..64 {
            let Ok(ready) = client.clone().ready().await else { break };
            client = ready;
            let Ok((answer, mut sending)) = client.send_request(call(&against), false) else { break };
            drop(sending.send_data(asked.clone(), true));
            held.extend(answer.await);
        }
        held.truncate(10_000);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn resets(against: Against) {
    let request = call(&against);
    while !against.over.load(Ordering::Relaxed) {
        let mut client = client(&against, 65_535).await;
        while !against.over.load(Ordering::Relaxed) {
            let Ok(ready) = client.clone().ready().await else { break };
            client = ready;
            let Ok((_, mut sending)) = client.send_request(request.clone(), false) else { break };
            sending.send_reset(h2::Reason::CANCEL);
        }
    }
}

async fn shouting(against: Against) {
    let long =
        ListPersonsRequest { page_token: "x".repeat(niva_rpc::MAX_REQUEST_BYTES - 64), ..Default::default() };
    let asked = body(&long);
    while !against.over.load(Ordering::Relaxed) {
        let client = client(&against, 65_535).await;
        let Ok(mut client) = client.ready().await else { continue };
        let Ok((answer, mut sending)) = client.send_request(call(&against), false) else { continue };
        drop(sending.send_data(asked.clone(), true));
        drop(answer.await);
    }
}
