//! Imports as jobs: whose they are, how they are watched, and how they are stopped.

use futures_util::{Stream, StreamExt};
use niva_facts::Changing;
use niva_jobs::Told;
use niva_names::ImportId;
use pb::WatchEnd;

use super::*;

/// The request of a cancel.
#[derive(Clone, PartialEq, Message)]
struct Stop {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(string, tag = "2")]
    import_id: String,
    #[prost(bool, tag = "3")]
    validate_only: bool,
}

impl Changing for Stop {
    const METHOD: &'static str = "/niva.test.v1.ImportService/CancelImport";

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    fn reason(&self) -> &str {
        ""
    }

    fn min_positions(&self) -> Vec<(&str, i64)> {
        Vec::new()
    }
}

async fn cancel(imports: &Imports<Notes>, scope: &Scope, stop: &Stop) -> Result<pb::Import, OpError> {
    imports.cancel(scope, stop, &stop.import_id.as_str().into(), |import| import).await
}

fn stop(request_id: &str, import_id: impl Into<String>) -> Stop {
    Stop { request_id: request_id.into(), import_id: import_id.into(), validate_only: false }
}

/// An import when it has ended.
pub(super) async fn end(imports: &Imports<Notes>, id: &ImportId) -> pb::Import {
    let told = imports.watch(&importer(), id).await.unwrap().collect::<Vec<_>>().await;
    let last = told.into_iter().last().unwrap().unwrap();
    assert_eq!(last.end, WatchEnd::Job);
    last.item
}

async fn listed(imports: &Imports<Notes>, scope: &Scope, state: job::State) -> Vec<pb::Import> {
    imports.list(scope, state.into(), (0, "")).await.unwrap().0
}

fn many(count: usize) -> Vec<Line> {
    let names: Vec<String> = (0..count).map(|n| format!("N-{n:05}")).collect();
    let notes: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    lines("r-1", &notes)
}

/// The entries of some parts.
fn parts(count: usize) -> i64 {
    i64::try_from(count * PART).unwrap()
}

/// Sends an import in the background, and answers its id when it takes effect, as its process tells.
async fn at_work(process: &Process, count: usize) -> (ImportId, JoinHandle<pb::Import>) {
    let mut progress = process.imports.inner.signals.progress();
    let sender = process.imports.clone();
    let sent = tokio::spawn(async move { send(&sender, many(count)).await.unwrap().0 });
    loop {
        progress.changed().await.unwrap();
        for import in listed(&process.imports, &importer(), job::State::Running).await {
            let job = import.job.unwrap();
            if job.done > 0 {
                return (import.import_id.into(), sent);
            }
        }
    }
}

async fn next(
    told: &mut (impl Stream<Item = Result<Told<pb::Import>, OpError>> + Unpin),
) -> Told<pb::Import> {
    told.next().await.unwrap().unwrap()
}

niva_testing::on_both_databases! {
    async fn an_importer_sees_its_own_imports_alone(db: &TestDb) {
        let imports = imports(db).await;
        let (import, _) = send(&imports, lines("r-1", &[("A", -1)])).await.unwrap();
        let (id, other) = (&ImportId::from(import.import_id.as_str()), of("weekly"));
        let refused = [
            imports.get(&other, id).await.unwrap_err(),
            imports.errors(&other, id, (0, "")).await.unwrap_err(),
            imports.watch(&other, id).await.err().unwrap(),
            cancel(&imports, &other, &stop("c-1", id)).await.unwrap_err(),
        ];
        let missing = imports.get(&other, &"none".into()).await.unwrap_err();
        for refused in refused {
            assert_eq!((refused.reason(), refused.to_string().replace(id.as_str(), "none")), ("NOT_FOUND", missing.to_string()));
        }
        let any = job::State::Unspecified;
        assert_eq!(listed(&imports, &other, any).await, []);
        assert_eq!(listed(&imports, &importer(), any).await, std::slice::from_ref(&import));
        let auditor = Scope::new(Author { subject: "auditor".into(), role: "auditor".into() }, Reach::City);
        assert_eq!(listed(&imports, &auditor, any).await, std::slice::from_ref(&import));
        assert_eq!(imports.get(&auditor, id).await.unwrap(), import);
    }

    async fn imports_are_listed_by_state_page_by_page(db: &TestDb) {
        let imports = imports(db).await;
        for (request, value) in [("r-1", 1), ("r-2", -1), ("r-3", 1)] {
            send(&imports, lines(request, &[("A", value)])).await.unwrap();
        }
        let done = job::State::Done;
        let (first, token) = imports.list(&importer(), done.into(), (1, "")).await.unwrap();
        let (second, end) = imports.list(&importer(), done.into(), (1, &token)).await.unwrap();
        assert_eq!((first.len(), second.len(), end.as_str()), (1, 1, ""));
        assert!(first[0].import_id != second[0].import_id && state(&first[0]) == done && state(&second[0]) == done);
        assert_eq!(listed(&imports, &importer(), job::State::Failed).await.len(), 1);
        assert_eq!(listed(&imports, &importer(), job::State::Unspecified).await.len(), 3);
        // A token is good for its own filter alone.
        let other = imports.list(&importer(), job::State::Failed.into(), (1, &token)).await.unwrap_err();
        assert_eq!(other.reason(), "PAGE_TOKEN_INVALID");
        assert_eq!(imports.list(&importer(), 99, (1, "")).await.unwrap_err().reason(), "FIELD_INVALID");
    }

    async fn progress_is_told_part_by_part_and_the_end_says_that_the_job_ended(db: &TestDb) {
        let process = Process::start(db, 1).await;
        let (id, sent) = at_work(&process, 3 * PART).await;
        let mut told = Box::pin(process.imports.watch(&importer(), &id).await.unwrap());
        let first = next(&mut told).await;
        let done = |told: &Told<pb::Import>| told.item.job.as_ref().map(|job| (job.done, job.total)).unwrap();
        assert_eq!((done(&first), first.end), ((parts(1), parts(3)), WatchEnd::Unspecified));
        let started = first.item.job.unwrap();
        assert!(started.start_time.is_some() && started.end_time.is_none(), "{started:?}");
        process.parts.add_permits(1);
        let second = next(&mut told).await;
        assert_eq!((done(&second), second.end), ((parts(2), parts(3)), WatchEnd::Unspecified));
        process.parts.add_permits(9);
        let mut last = next(&mut told).await;
        while last.end == WatchEnd::Unspecified {
            last = next(&mut told).await;
        }
        assert_eq!((done(&last), last.end, state(&last.item)), ((parts(3), parts(3)), WatchEnd::Job, job::State::Done));
        assert!(told.next().await.is_none());
        assert_eq!(sent.await.unwrap(), last.item);
    }

    async fn a_server_that_stops_says_so_and_the_import_goes_on_in_the_next(db: &TestDb) {
        let process = Process::start(db, 1).await;
        let (id, sent) = at_work(&process, 2 * PART).await;
        let mut told = Box::pin(process.imports.watch(&importer(), &id).await.unwrap());
        next(&mut told).await;
        process.stop().await;
        let last = next(&mut told).await;
        assert_eq!((last.end, state(&last.item)), (WatchEnd::Server, job::State::Running));
        assert!(told.next().await.is_none());
        assert_eq!(state(&sent.await.unwrap()), job::State::Running, "who sent it hears that it has not ended");
        assert_eq!(events(db).await, 0);
        let process = Process::start(db, 9).await;
        let import = end(&process.imports, &id).await;
        assert_eq!((state(&import), counts(&import).0), (job::State::Done, parts(2)));
    }

    async fn an_import_that_takes_effect_is_stopped_and_leaves_nothing(db: &TestDb) {
        let process = Process::start(db, 1).await;
        let (id, sent) = at_work(&process, 3 * PART).await;
        let (imports, request) = (&process.imports, stop("c-1", &id));
        let rehearsed = cancel(imports, &importer(), &Stop { validate_only: true, ..request.clone() }).await.unwrap();
        assert!(rehearsed.job.unwrap().cancel_asked);
        assert!(!imports.get(&importer(), &id).await.unwrap().job.unwrap().cancel_asked, "a rehearsal leaves nothing");
        let administrator = Scope::new(Author { subject: "adam".into(), role: "administrator".into() }, Reach::City);
        let asked = cancel(imports, &administrator, &request);
        let told = async {
            while process.imports.inner.desk.cancelled(&id).is_none() {
                tokio::task::yield_now().await;
            }
            process.parts.add_permits(9);
        };
        let (asked, ()) = tokio::join!(asked, told);
        let asked = asked.unwrap();
        assert!(asked.job.as_ref().unwrap().cancel_asked);
        let ended = sent.await.unwrap();
        assert_eq!((state(&ended), counts(&ended), ended.job.as_ref().unwrap().done), (job::State::Cancelled, (0, 0, 0, 0), 0));
        assert!(ended.job.as_ref().unwrap().end_time.is_some());
        assert_eq!((events(db).await, facts::newest::<Note>(db.conn(), &"N-00000".into()).await.unwrap()), (0, None));
        // The same request gets the same answer; another finds it cancelled.
        assert_eq!(cancel(imports, &administrator, &request).await.unwrap(), asked);
        assert_eq!(cancel(imports, &importer(), &stop("c-2", &id)).await.unwrap(), ended);
        let reused = cancel(imports, &administrator, &stop("c-1", "other")).await.unwrap_err();
        assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
        // It stands in nobody's way.
        let (import, _) = send(imports, lines("r-2", &[("N-00000", 7)])).await.unwrap();
        assert_eq!((state(&import), counts(&import)), (job::State::Done, (1, 0, 0, 0)));
    }

    async fn an_import_that_comes_in_is_stopped_and_its_call_is_answered(db: &TestDb) {
        let imports = &imports(db).await;
        let more = futures_util::stream::once(async {
            // Asked for when the first part has been set aside.
            let running = listed(imports, &importer(), job::State::Running).await;
            let [import] = &running[..] else { panic!("{running:?}") };
            let asked = cancel(imports, &importer(), &stop("c-1", import.import_id.as_str())).await.unwrap();
            assert_eq!(state(&asked), job::State::Cancelled);
            many(1).remove(0)
        });
        let never = futures_util::stream::unfold(2, |n| async move {
            assert!(n < 2 * PART, "what nobody wants is taken");
            Some((Line { origin: format!("notes.csv:{n}"), ..Line::default() }, n + 1))
        });
        let without_request = more.map(|line| Line { request_id: String::new(), ..line });
        let stream = futures_util::stream::iter(many(PART)).chain(without_request).chain(never).map(Ok);
        let (import, _) = imports.create(&importer(), stream).await.unwrap();
        assert_eq!((state(&import), counts(&import)), (job::State::Cancelled, (0, 0, 0, 0)));
        assert!(import.job.unwrap().cancel_asked);
        // Its request id was never claimed.
        let (import, _) = send(imports, many(1)).await.unwrap();
        assert_eq!((state(&import), counts(&import).0), (job::State::Done, 1));
    }

    async fn an_import_that_has_ended_cannot_be_stopped(db: &TestDb) {
        let imports = imports(db).await;
        for (request, value, words) in [("r-1", 1, "done"), ("r-2", -1, "failed")] {
            let (import, _) = send(&imports, lines(request, &[("A", value)])).await.unwrap();
            let refused = cancel(&imports, &importer(), &stop("c-1", import.import_id.as_str())).await.unwrap_err();
            assert_eq!((refused.reason(), refused.metadata()["state"].as_str()), ("IMPORT_STATE", words));
            assert_eq!(imports.get(&importer(), &import.import_id.as_str().into()).await.unwrap(), import);
        }
    }

    async fn another_process_stops_it_through_the_database(db: &TestDb) {
        // On SQLite there is one process, and the one before would be waited for.
        if !db.is_postgres() {
            return;
        }
        let (one, two) = (Process::start(db, 1).await, Process::start(db, 9).await);
        let (id, sent) = at_work(&one, 3 * PART).await;
        assert_eq!(two.imports.get(&importer(), &id).await.unwrap().job.unwrap().done, 0, "its own process knows");
        let asked = cancel(&two.imports, &importer(), &stop("c-1", &id)).await.unwrap();
        assert_eq!((state(&asked), asked.job.unwrap().cancel_asked), (job::State::Running, true));
        one.parts.add_permits(9);
        assert_eq!(state(&sent.await.unwrap()), job::State::Cancelled);
        assert_eq!(events(db).await, 0);
    }
}
