//! Marked numbers and names are put in by every method that takes one, and then looked for in all that the three processes
//! write, send and answer: they are where they were asked for by who may ask, and nowhere else.

mod put_in;

use std::fmt::Debug;
use std::path::Path;

use niva_base::hex;
use niva_journeys::collector::Collector;
use niva_journeys::steps;
use niva_journeys::world::{Part, Role, Store, World};
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_proto::choice::v1 as choice;
use niva_proto::feed::{FeedFact as _, FeedMessage};
use niva_proto::payment::v1 as payment;
use niva_testing::values::{invented_coordination_number, invented_number};
use prost::Message;
use tonic::Streaming;

/// Words that are nobody's and stand nowhere else.
const NAMES: [&str; 5] = ["Kanariewille", "Kanariesson", "Kanariedotter", "Kanarieskäl", "Kanarierubrik"];
/// Stands openly in databases and feeds: by it is seen that a search finds what is there.
const PERSON: &str = "farsta-kolibri";

/// What must be nowhere: names, and numbers in each form that they are written in.
fn marks() -> Vec<String> {
    let numbers =
        (980..988).flat_map(|serial| [invented_number(serial), invented_coordination_number(serial)]);
    let forms = numbers.flat_map(|twelve| {
        let (day, rest) = (twelve[2..8].to_owned(), twelve[8..].to_owned());
        [format!("{day}{rest}"), format!("{day}-{rest}"), format!("{day}+{rest}")]
    });
    NAMES.iter().map(|name| (*name).to_owned()).chain(forms).collect()
}

/// Where something was looked for, and what was found there.
#[derive(Default)]
struct Search {
    looked_at: Vec<String>,
    found: Vec<String>,
    with_person: Vec<String>,
}

impl Search {
    /// Looks at bytes for the marks as text, as hexadecimal digits, and as a debugger prints letters that are not ASCII.
    fn look(&mut self, place: &str, bytes: &[u8]) {
        let holds = |mark: &str| {
            let escaped: String = mark.escape_default().collect();
            let forms = [mark.as_bytes().to_vec(), hex(mark.as_bytes()).into_bytes(), escaped.into_bytes()];
            forms.iter().any(|form| bytes.windows(form.len()).any(|part| part == form))
        };
        self.looked_at.push(place.to_owned());
        if holds(PERSON) {
            self.with_person.push(place.to_owned());
        }
        self.found.extend(marks().iter().filter(|mark| holds(mark)).map(|mark| format!("{mark} in {place}")));
    }

    /// Looks at an answer, a refusal included: its words, its details and its headers.
    fn answer<T: Debug + Message>(
        &mut self,
        place: &str,
        answer: &Result<tonic::Response<T>, tonic::Status>,
    ) {
        match answer {
            Ok(answer) => {
                self.look(place, format!("{answer:?}").as_bytes());
                // What a debugger prints leaves out what is secret.
                self.look(place, &answer.get_ref().encode_to_vec());
            }
            Err(status) => {
                self.look(place, format!("{status:?}").as_bytes());
                self.look(place, status.details());
            }
        }
    }
}

/// All that a feed tells up to a position.
async fn follow<M: FeedMessage>(mut feed: Streaming<M>, newest: i64, place: &str, search: &mut Search) {
    let mut at = 0;
    while at < newest {
        let told = feed.message().await.unwrap().unwrap();
        search.look(place, &told.encode_to_vec());
        let (events, _) = told.into_parts();
        at = events.iter().filter_map(|event| Some(event.info()?.position)).max().unwrap_or(at);
    }
}

/// What others are told: feeds, lists of people, records of calls.
async fn told_to_others(world: &World, search: &mut Search) {
    let (assessment, choices) = world.newest_positions().await;
    let request = pb::WatchAssessmentRequest { after_position: 0 };
    let feed = world.assessment(Role::FeedReader).feed.watch_assessment(request).await.unwrap().into_inner();
    follow(feed, assessment, "assessment's feed", search).await;
    let request = choice::WatchChoiceRequest { after_position: 0 };
    let feed = world.choice(Role::FeedReader).feed.watch_choice(request).await.unwrap().into_inner();
    follow(feed, choices, "choice's feed", search).await;
    let mut auditor = world.assessment(Role::Auditor);
    search.answer("ListPersons", &auditor.persons.list_persons(pb::ListPersonsRequest::default()).await);
    let request = pb::ListPersonRevisionsRequest { person_id: PERSON.into(), ..Default::default() };
    search.answer("ListPersonRevisions", &auditor.persons.list_person_revisions(request).await);
    // What is given to somebody of one whom they may not see, and of another.
    for person in [PERSON, put_in::NEIGHBOUR] {
        let request = pb::ExportPersonDataRequest { person_id: person.into() };
        let officer = &mut world.assessment(Role::CaseOfficer).exports;
        let mut stream = officer.export_person_data(request).await.unwrap().into_inner();
        while let Some(told) = stream.message().await.unwrap() {
            search.look("an export", format!("{told:?}").as_bytes());
            search.look("an export", &told.encode_to_vec());
        }
    }
    let request = pb::ListAuditRecordsRequest { page_size: 1_000, ..Default::default() };
    search.answer("assessment's audit trail", &auditor.audit.list_audit_records(request).await);
    let request = choice::ListAuditRecordsRequest { page_size: 1_000, ..Default::default() };
    search
        .answer("choice's audit trail", &world.choice(Role::Auditor).audit.list_audit_records(request).await);
    let request = payment::ListAuditRecordsRequest { page_size: 1_000, ..Default::default() };
    search.answer(
        "payment's audit trail",
        &world.payment(Role::Auditor).audit.list_audit_records(request).await,
    );
}

/// The databases as whoever steals a disk or a backup has them.
fn databases(world: &World, search: &mut Search) {
    for part in Part::ALL {
        let url = world.database_url(part);
        let place = format!("the database of {}", part.name());
        if let Some(path) = url.strip_prefix("sqlite://").and_then(|rest| rest.split('?').next()) {
            for end in ["", "-wal", "-shm"] {
                let file = format!("{path}{end}");
                if Path::new(&file).exists() {
                    search.look(&place, &std::fs::read(&file).unwrap());
                }
            }
        } else {
            let dump = std::process::Command::new("pg_dump").args(["--inserts", url]).output().unwrap();
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            search.look(&place, &dump.stdout);
        }
    }
}

/// What the processes have said so far, and where else they may have written.
fn files(folder: &Path, search: &mut Search) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            search.look(
                &format!("the file {}", path.file_name().unwrap().display()),
                &std::fs::read(&path).unwrap(),
            );
        }
    }
}

async fn canaries(store: Store) {
    let mut collector = Collector::start().await;
    let more = ["--otlp-endpoint", &collector.endpoint(), "--log", "trace"].map(str::to_owned);
    let world = World::processes_with(store, &more).await;
    world.set_day("2024-03-18");
    steps::person_with_grant(&world, PERSON, stockholm::SUPPORTED_HOUSING, "Farsta", "2024-03-01").await;
    let mut search = Search::default();
    put_in::all(&world, &mut search).await;
    world.feeds_caught_up().await;
    told_to_others(&world, &mut search).await;
    databases(&world, &mut search);
    files(world.folder(), &mut search);
    let said = std::fs::read_to_string(world.folder().join("assessment.log")).unwrap();
    assert!(said.contains("IdentityService/FindPerson"), "nothing is said of the calls:\n{said}");
    world.close().await;
    let spans = collector.wait_for(|spans| spans.iter().any(|span| span.name.contains("FindPerson"))).await;
    let spans = spans.unwrap_or_else(|spans| panic!("{} spans without the calls", spans.len()));
    spans.iter().for_each(|span| search.look("a trace", span.text.as_bytes()));
    let words = collector.words();
    assert!(words.iter().any(|word| word.contains("rpc.server.duration")), "no metrics came");
    words.iter().for_each(|word| search.look("metrics and logs", word.as_bytes()));
    for place in
        ["assessment's feed", "ListPersons", "assessment's audit trail", "the database of assessment"]
    {
        assert!(search.with_person.iter().any(|found| found == place), "the search finds nothing in {place}");
    }
    search.found.sort();
    search.found.dedup();
    assert!(search.found.is_empty(), "{}\nlooked at: {:?}", search.found.join("\n"), search.looked_at.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_secret_is_nowhere_else_on_sqlite() {
    canaries(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_secret_is_nowhere_else_on_postgres() {
    canaries(Store::Postgres).await;
}
