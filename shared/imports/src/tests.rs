mod jobs;

use niva_access::{Reach, Scope};
use niva_base::Clock;
use niva_facts::{Author, Fact, Info};
use niva_feed::{FeedLog, NewEvent};
use niva_names::FactId;
use niva_proto::common::v1::{self as pb, FactInfo, job};
use niva_rpc::reason;
use niva_store::{Secrets, facts};
use niva_testing::TestDb;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio::sync::Semaphore;
use tonic::Status;

use super::*;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own = [niva_store::request::migration(), facts::migration(), niva_feed::migration(), migration()];
        own.into_iter().chain(niva_store::audit::migrations()).collect()
    }
}

#[derive(Clone, PartialEq, Message)]
struct Note {
    #[prost(string, tag = "1")]
    note_id: String,
    #[prost(int64, tag = "2")]
    value: i64,
    #[prost(message, optional, tag = "3")]
    info: Option<FactInfo>,
}

impl Fact for Note {
    type Id = FactId;
    const KIND: &'static str = "note";

    fn fact_id(&self) -> &str {
        &self.note_id
    }

    fn info(&self) -> Option<Info> {
        self.info.as_ref().and_then(niva_proto::facts::read)
    }

    fn set_info(&mut self, info: Option<&Info>) {
        self.info = info.map(niva_proto::facts::write);
    }
}

/// A note; its rank says when it takes effect.
#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(bool, tag = "2")]
    validate_only: bool,
    #[prost(string, tag = "3")]
    reason: String,
    #[prost(string, tag = "4")]
    origin: String,
    #[prost(message, optional, tag = "5")]
    note: Option<Note>,
    #[prost(int32, tag = "6")]
    rank: i32,
}

impl Entry for Line {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn origin(&self) -> &str {
        &self.origin
    }
}

struct Notes {
    feed: FeedLog,
    /// How many parts may take effect before they wait for more.
    parts: Arc<Semaphore>,
}

#[async_trait]
impl Target for Notes {
    type Entry = Line;

    fn rank(entry: &Line) -> i32 {
        entry.rank
    }

    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<Line>],
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        self.parts.acquire().await.unwrap().forget();
        let mut notes = Vec::new();
        for Numbered { number, entry } in entries {
            let note = entry.note.clone().unwrap_or_default();
            if note.value < 0 {
                effects.refuse(*number, "note.value", "VALUE_NEGATIVE", "is negative: give 0 or more");
            } else {
                notes.push(Numbered { number: *number, entry: note });
            }
        }
        let mut kept = Vec::new();
        for Numbered { entry, .. } in upsert(tx, told, notes, effects).await? {
            let (Upsert::Created(note) | Upsert::Corrected { after: note, .. }) = entry;
            effects.tell(NewEvent::new("note", note.note_id.clone(), &note));
            kept.push(note);
        }
        facts::append(tx, &kept).await
    }

    fn committed(&self) {
        self.feed.notify();
    }
}

/// A service's imports, as one of its processes has them.
struct Process {
    imports: Imports<Notes>,
    parts: Arc<Semaphore>,
    shutdown: CancellationToken,
    worker: JoinHandle<()>,
}

impl Process {
    async fn start(db: &TestDb, parts: usize) -> Self {
        db.migrate::<Migrator>().await.unwrap();
        let clock = Clock::manual("2024-03-01T08:00:00Z".parse().unwrap()).0;
        let (parts, shutdown) = (Arc::new(Semaphore::new(parts)), CancellationToken::new());
        let target = Notes { feed: FeedLog::new(db.db().clone()), parts: Arc::clone(&parts) };
        let secrets = Secrets::load(db).await.unwrap();
        let (imports, worker) = Imports::start(db.db().clone(), clock, secrets, target, shutdown.clone());
        Self { imports, parts, shutdown, worker }
    }

    /// Ends it where it is.
    async fn stop(self) {
        self.shutdown.cancel();
        self.worker.await.unwrap();
    }
}

async fn imports(db: &TestDb) -> Imports<Notes> {
    Process::start(db, Semaphore::MAX_PERMITS).await.imports
}

fn importer() -> Scope {
    of("nightly")
}

/// A call that reaches what one importer has made.
fn of(subject: &str) -> Scope {
    Scope::new(Author { subject: subject.into(), role: "importer".into() }, Reach::Author(subject.into()))
}

/// The lines of an import, its first with what stands for the whole.
fn lines(request_id: &str, notes: &[(&str, i64)]) -> Vec<Line> {
    let line = |(n, (id, value)): (usize, &(&str, i64))| Line {
        origin: format!("notes.csv:{}", n + 2),
        note: Some(Note { note_id: (*id).to_owned(), value: *value, info: None }),
        ..Line::default()
    };
    let mut lines: Vec<Line> = notes.iter().enumerate().map(line).collect();
    lines[0].request_id = request_id.to_owned();
    lines
}

async fn send(imports: &Imports<Notes>, lines: Vec<Line>) -> Result<(pb::Import, i64), Status> {
    imports.create(&importer(), futures_util::stream::iter(lines.into_iter().map(Ok))).await
}

fn counts(import: &pb::Import) -> (i64, i64, i64, i64) {
    (import.created, import.corrected, import.unchanged, import.refused)
}

fn state(import: &pb::Import) -> job::State {
    import.job.as_ref().unwrap().state()
}

async fn events(db: &TestDb) -> usize {
    FeedLog::new(db.db().clone()).read(0, 1000).await.unwrap().len()
}

niva_testing::on_both_databases! {
    async fn an_import_twice_changes_nothing_and_changed_lines_are_corrections(db: &TestDb) {
        let imports = imports(db).await;
        let (import, position) = send(&imports, lines("r-1", &[("A", 1), ("B", 2), ("C", 3)])).await.unwrap();
        assert_eq!((state(&import), counts(&import)), (job::State::Done, (3, 0, 0, 0)));
        assert_eq!((position > 0, events(db).await), (true, 3));
        let (import, position) = send(&imports, lines("r-2", &[("A", 1), ("B", 2), ("C", 3)])).await.unwrap();
        assert_eq!((counts(&import), position, events(db).await), ((0, 0, 3, 0), 0, 3));
        let mut changed = lines("r-3", &[("A", 1), ("B", 5), ("C", 3)]);
        changed[0].reason = "the nightly copy".to_owned();
        let (import, _) = send(&imports, changed).await.unwrap();
        assert_eq!((counts(&import), events(db).await), ((0, 1, 2, 0), 4));
        let b: Note = facts::newest(db.conn(), &"B".into()).await.unwrap().unwrap();
        let told = b.info().unwrap().told;
        assert_eq!((b.value, told.reason.as_str(), told.author.role.as_str()), (5, "the nightly copy", "importer"));
    }

    async fn what_is_refused_is_told_by_record_and_nothing_takes_effect(db: &TestDb) {
        let imports = imports(db).await;
        let (import, position) =
            send(&imports, lines("r-1", &[("A", 1), ("B", -2), ("A", 3), ("C", -4)])).await.unwrap();
        assert_eq!((state(&import), counts(&import).3, position), (job::State::Failed, 3, 0));
        assert_eq!((events(db).await, facts::newest::<Note>(db.conn(), &"A".into()).await.unwrap()), (0, None));
        let (first, token) = imports.errors(&importer(), &import.import_id.as_str().into(), (2, "")).await.unwrap();
        let (rest, end) = imports.errors(&importer(), &import.import_id.as_str().into(), (2, &token)).await.unwrap();
        let told: Vec<_> =
            first.iter().chain(&rest).map(|e| (e.record, e.origin.as_str(), e.reason.as_str())).collect();
        let expected = [
            (1, "notes.csv:3", "VALUE_NEGATIVE"),
            (2, "notes.csv:4", "ID_TAKEN"),
            (3, "notes.csv:5", "VALUE_NEGATIVE"),
        ];
        assert_eq!((told, end.as_str()), (expected.to_vec(), ""));
        assert_eq!(imports.errors(&importer(), &"none".into(), (2, "")).await.unwrap_err().reason(), "NOT_FOUND");
    }

    async fn a_correction_without_a_reason_is_refused(db: &TestDb) {
        let imports = imports(db).await;
        send(&imports, lines("r-1", &[("A", 1)])).await.unwrap();
        let (import, _) = send(&imports, lines("r-2", &[("A", 2)])).await.unwrap();
        let (errors, _) = imports.errors(&importer(), &import.import_id.as_str().into(), (0, "")).await.unwrap();
        assert_eq!(errors[0].reason, "REASON_MISSING");
    }

    async fn a_rehearsal_counts_and_leaves_nothing(db: &TestDb) {
        let imports = imports(db).await;
        let mut rehearsal = lines("r-1", &[("A", 1), ("B", 2)]);
        rehearsal[0].validate_only = true;
        let (import, position) = send(&imports, rehearsal).await.unwrap();
        assert_eq!((state(&import), counts(&import), position), (job::State::Done, (2, 0, 0, 0), 0));
        assert_eq!((events(db).await, facts::newest::<Note>(db.conn(), &"A".into()).await.unwrap()), (0, None));
        let (import, _) = send(&imports, lines("r-1", &[("A", 1), ("B", 2)])).await.unwrap();
        assert_eq!(counts(&import), (2, 0, 0, 0));
    }

    async fn a_repeated_import_is_the_earlier_one(db: &TestDb) {
        let imports = imports(db).await;
        let (first, position) = send(&imports, lines("r-1", &[("A", 1)])).await.unwrap();
        assert_eq!(send(&imports, lines("r-1", &[("A", 1)])).await.unwrap(), (first.clone(), position));
        let other = send(&imports, lines("r-1", &[("A", 2)])).await.unwrap_err();
        assert_eq!(reason(&other).unwrap(), "REQUEST_ID_REUSED");
        assert_eq!(imports.get(&importer(), &first.import_id.as_str().into()).await.unwrap(), first);
        assert_eq!(events(db).await, 1);
    }

    async fn a_stream_that_breaks_off_leaves_nothing(db: &TestDb) {
        let imports = imports(db).await;
        let cut = lines("r-1", &[("A", 1)]).into_iter().map(Ok).chain([Err(Status::cancelled("gone"))]);
        let error = imports.create(&importer(), futures_util::stream::iter(cut)).await.unwrap_err();
        assert_eq!(error.message(), "gone");
        let mut twice = lines("r-2", &[("A", 1), ("B", 2)]);
        twice[1].request_id = "r-2".to_owned();
        let repeated = send(&imports, twice).await.unwrap_err();
        assert_eq!(reason(&repeated).unwrap(), "REQUEST_ID_REPEATED");
        assert_eq!(reason(&send(&imports, Vec::new()).await.unwrap_err()).unwrap(), "FIELD_REQUIRED");
        for table in ["import", "import_entry"] {
            let count = format!("SELECT COUNT(*) AS n FROM {table}");
            let count = sea_orm::Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(db.conn()), count);
            let row = sea_orm::ConnectionTrait::query_one_raw(db.conn(), count).await.unwrap().unwrap();
            assert_eq!(row.try_get::<i64>("", "n").unwrap(), 0, "{table}");
        }
    }

    async fn ranks_take_effect_in_order_whatever_the_stream(db: &TestDb) {
        let imports = imports(db).await;
        let mut mixed = lines("r-1", &[("late", 1), ("early", 2), ("later", 3)]);
        for (line, rank) in mixed.iter_mut().zip([2, 1, 3]) {
            line.rank = rank;
        }
        send(&imports, mixed).await.unwrap();
        let log = FeedLog::new(db.db().clone()).read(0, 10).await.unwrap();
        let ids: Vec<String> =
            log.iter().map(|e| Note::decode(e.payload.as_slice()).unwrap().note_id).collect();
        assert_eq!(ids, ["early", "late", "later"]);
    }

    async fn an_import_that_a_crash_broke_off_goes_on(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let told = &Telling {
            author: importer().author().clone(),
            recorded_at: "2024-03-01T08:00:00Z".parse().unwrap(),
            reason: String::new(),
        };
        let content = lines("r-1", &[("A", 1)]).remove(0).encode_to_vec();
        let aside = &[store::entries::Aside { rank: 0, number: 0, origin: String::new(), content }];
        let received: Result<bool, niva_store::DbError> = db.write(|tx| Box::pin(async move {
            store::begin(tx, &"I-1".into(), false, told).await?;
            store::entries::set_aside(tx, &"I-1".into(), aside).await?;
            store::received(tx, &"I-1".into(), Some("r-1"), vec![1], 1).await
        })).await;
        assert!(received.unwrap());
        let process = Process::start(db, 9).await;
        let import = jobs::end(&process.imports, &"I-1".into()).await;
        assert_eq!((state(&import), counts(&import), events(db).await), (job::State::Done, (1, 0, 0, 0), 1));
        process.stop().await;
        Process::start(db, 9).await.stop().await;
        assert_eq!(events(db).await, 1);
    }

    async fn more_than_a_part_takes_effect_as_a_whole(db: &TestDb) {
        let imports = imports(db).await;
        let names: Vec<String> = (0..2 * PART + 7).map(|n| format!("N-{n:05}")).collect();
        let mut notes: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let (import, _) = send(&imports, lines("r-1", &notes)).await.unwrap();
        let all = i64::try_from(notes.len()).unwrap();
        assert_eq!(counts(&import).0, all);
        notes.push(("N-x", -1));
        notes[0].1 = 2;
        let mut wrong = lines("r-2", &notes);
        wrong[0].reason = "new values".to_owned();
        let (import, _) = send(&imports, wrong).await.unwrap();
        assert_eq!((state(&import), counts(&import)), (job::State::Failed, (0, 1, all - 1, 1)));
        assert_eq!(facts::newest::<Note>(db.conn(), &"N-00000".into()).await.unwrap().unwrap().value, 1);
    }
}
