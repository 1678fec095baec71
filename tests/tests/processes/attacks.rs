//! What a caller with a good token sends makes no service hold much, nor say it again.

use niva_access::Caller;
use niva_base::Clock;
use niva_journeys::steps;
use niva_journeys::values::new_request;
use niva_journeys::world::{Part, Role, Store, World};
use niva_proto::assessment::v1::{CreateImportRequest, ListPersonsRequest, create_import_request::Record};
use niva_proto::{FILE_DESCRIPTOR_SET, METHODS};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MethodDescriptor, Value};
use tonic::{Code, Status};

use crate::matrix::wire;

/// Memory that a call may need for a while, beside what a service has anyway.
const SOME: u64 = 100 << 20;
/// No text of ours has so many of one letter.
const LONG: usize = 200;

fn method(pool: &DescriptorPool, path: &str) -> MethodDescriptor {
    let (service, name) = path.trim_start_matches('/').split_once('/').unwrap();
    let service = pool.get_service_by_name(service).unwrap();
    service.methods().find(|method| method.name() == name).unwrap()
}

fn part(path: &str) -> Option<Part> {
    Part::ALL.into_iter().find(|part| path.contains(&format!(".{}.", part.name())))
}

/// A request whose every text is very long, those of the messages in it too; less than what errors may say in all, so that
/// nothing hides behind that.
fn shouted(of: &prost_reflect::MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        let one = match field.kind() {
            Kind::String => Value::String("x".repeat(40_000)),
            Kind::Message(inner) if depth > 0 => Value::Message(shouted(&inner, depth - 1)),
            _ => continue,
        };
        match (field.is_list(), field.is_map()) {
            (true, _) => message.set_field(&field, Value::List(vec![one])),
            (false, false) => message.set_field(&field, one),
            (false, true) => {}
        }
    }
    message
}

fn said_again(status: &Status) -> bool {
    let echoes = |bytes: &[u8]| bytes.windows(LONG).any(|run| run.iter().all(|letter| *letter == b'x'));
    echoes(status.message().as_bytes()) || echoes(status.details())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_error_says_a_request_again_nor_is_it_kept() {
    let world = World::processes(Store::Sqlite).await;
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let before = Part::ALL.map(|part| world.peak_memory(part));
    let (mut refused, mut again) = (0, Vec::new());
    for known in METHODS {
        let (Some(part), Some(opening)) = (part(known.path), known.open.first()) else { continue };
        let name = opening.roles[0].as_str_name().trim_start_matches("ROLE_").to_lowercase();
        let channel = world.channel_with(part, name.parse::<Role>().unwrap());
        let method = method(&pool, known.path);
        if method.is_server_streaming() {
            continue;
        }
        let message = shouted(&method.input(), 2).encode_to_vec();
        if message.len() > niva_rpc::MAX_REQUEST_BYTES {
            continue;
        }
        if let Err(status) = wire::call(&channel, &method, message).await {
            assert_ne!(status.code(), Code::Internal, "{}: {status:?}", known.path);
            again.extend(said_again(&status).then_some(known.path));
            assert!(status.details().len() < 64 * 1024, "{}: {}", known.path, status.details().len());
            refused += 1;
        }
    }
    assert_eq!(again, [""; 0]);
    assert!(refused > 80, "only {refused} were refused");
    for (part, before) in Part::ALL.into_iter().zip(before) {
        let more = world.peak_memory(part).saturating_sub(before);
        assert!(more < SOME, "{}: {} MiB more", part.name(), more >> 20);
        let log = std::fs::read_to_string(world.folder().join(format!("{}.log", part.name()))).unwrap();
        assert!(!log.contains(&"x".repeat(LONG)), "{}: the log says it again", part.name());
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_bytes_that_would_be_much_in_memory_are_refused() {
    let world = World::processes(Store::Sqlite).await;
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let calculate = method(&pool, "/niva.payment.v1.CompensationService/CalculateCompensation");
    let channel = world.channel_with(Part::Payment, Role::FinanceMaker);
    let before = world.peak_memory(Part::Payment);
    // Half a million occasions that say nothing, two bytes each, as many as a request has room for: hundreds of megabytes, if they
    // were read.
    let case = [0x52, 0x00].repeat(niva_rpc::MAX_REQUEST_BYTES / 2 - 8);
    let mut message = vec![0x0a];
    prost::encoding::encode_varint(case.len() as u64, &mut message);
    message.extend_from_slice(&case);
    for _ in 0..3 {
        let status = wire::call(&channel, &calculate, message.clone()).await.unwrap_err();
        assert_eq!(
            (status.code(), niva_rpc::reason(&status).as_deref()),
            (Code::InvalidArgument, Some("FIELD_INVALID"))
        );
    }
    let more = world.peak_memory(Part::Payment).saturating_sub(before);
    assert!(more < SOME, "{} MiB more", more >> 20);
    world.close().await;
}

/// A hundred answers of which nobody takes more than the first bytes, by the limits as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_keep_nobody_out() {
    let world = World::processes(Store::Sqlite).await;
    let persons = (0..2_000).map(|n| CreateImportRequest {
        request_id: if n == 0 { new_request() } else { String::new() },
        record: Some(Record::Person(steps::living(&format!("P-{n:04}"), "Farsta"))),
        ..Default::default()
    });
    world.assessment(Role::Importer).imports.create_import(tokio_stream::iter(persons)).await.unwrap();
    let before = world.peak_memory(Part::Assessment);
    let address = world.address(Part::Assessment).unwrap();
    let stream = tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (mut client, connection) =
        builder.initial_window_size(100).handshake::<_, prost::bytes::Bytes>(stream).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let (greedy, now) = (Caller::new("greedy", [Role::Auditor]), Clock::system().now());
    let token = world.issuer().token(&greedy, chrono::Duration::minutes(10), now).unwrap();
    let call = || {
        http::Request::post("http://niva/niva.assessment.v1.PersonService/ListPersons")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {token}"))
            .body(())
            .unwrap()
    };
    let asked = ListPersonsRequest { page_size: 1_000, ..Default::default() };
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(asked.encoded_len()).unwrap().to_be_bytes());
    body.extend_from_slice(&asked.encode_to_vec());
    let (mut unread, mut over) = (Vec::new(), 0);
    for n in 0..100 {
        client = client.ready().await.unwrap();
        let (answer, mut sending) = client.send_request(call(), false).unwrap();
        sending.send_data(body.clone().into(), true).unwrap();
        let answer = answer.await.unwrap();
        match answer.headers().contains_key("grpc-status") {
            true => over += 1,
            false => unread.push(answer.into_body()),
        }
        if n % 10 == 0 {
            let some = ListPersonsRequest { page_size: 1, ..Default::default() };
            let honest = world.assessment(Role::CaseOfficer).persons.list_persons(some).await.unwrap();
            assert_eq!(honest.into_inner().persons.len(), 1);
        }
    }
    assert_eq!((unread.len(), over), (64, 36), "a caller has its share of calls, taken or not");
    let more = world.peak_memory(Part::Assessment).saturating_sub(before);
    assert!(more < SOME, "{} MiB more", more >> 20);
    drop(unread);
    world.close().await;
}
