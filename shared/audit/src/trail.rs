//! Writing the records of calls that change nothing: those that come at the same time in one transaction.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use niva_access::Record;
use niva_base::{OpError, chain};
use niva_rpc::server::Recorder;
use niva_store::{Database, DbError, audit};
use tokio::sync::{mpsc, oneshot};

use crate::flood::Flood;

/// Records that are written together at most.
const TOGETHER: usize = 256;
/// Records that may wait; more are refused, and their calls fail.
const WAITING: usize = 8_192;
/// How long a call waits for its record: as long as for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the records of a service's calls go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trail(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    queue: mpsc::Sender<Waiting>,
    flood: Mutex<Flood>,
}

/// A record, and who waits for it.
#[derive(Debug)]
struct Waiting {
    record: Record,
    done: oneshot::Sender<Result<(), Unwritten>>,
}

/// Why a record is not written, for the log.
#[derive(Clone, Debug)]
struct Unwritten(String);

impl Trail {
    /// The trail of a database. It writes as long as somebody has it.
    pub(crate) fn start(db: Database) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(write(db, waiting));
        Self(Arc::new(Inner { queue, flood: Mutex::default() }))
    }

    /// Writes what was counted of floods.
    pub(crate) async fn flush(&self) {
        let counted = self.0.flood.lock().unwrap_or_else(PoisonError::into_inner).take();
        for record in counted {
            if let Err(error) = self.written(record.clone()).await {
                let calls = record.calls;
                tracing::error!(error = chain(&error), calls, "a flood that was turned away has no record");
            }
        }
    }

    async fn written(&self, record: Record) -> Result<(), OpError> {
        let (done, written) = oneshot::channel();
        let full = |_| unavailable("too many records wait");
        self.0.queue.try_send(Waiting { record, done }).map_err(full)?;
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(Unwritten(why)))) => Err(unavailable(&why)),
            Ok(Err(_ended)) => Err(unavailable("nobody writes records any more")),
            Err(_late) => Err(unavailable("the record was not written in time")),
        }
    }
}

impl Recorder for Trail {
    fn record(&self, record: Record) -> BoxFuture<'_, Result<(), OpError>> {
        self.written(record).boxed()
    }

    fn turned_away(&self, record: Record) -> BoxFuture<'_, Result<(), OpError>> {
        let alone = self.0.flood.lock().unwrap_or_else(PoisonError::into_inner).meet(record);
        async move {
            match alone {
                Some(record) => self.written(record).await,
                None => Ok(()),
            }
        }
        .boxed()
    }
}

fn unavailable(why: &str) -> OpError {
    audit::unrecorded(why)
}

/// Writes what waits, all that there is at a time, until nobody has the trail any more.
async fn write(db: Database, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(TOGETHER);
    while queue.recv_many(&mut waiting, TOGETHER).await > 0 {
        // Whoever has gone away is answered nothing, and needs no record of it.
        waiting.retain(|waiting| !waiting.done.is_closed());
        let (records, waiters): (Vec<Record>, Vec<_>) =
            waiting.drain(..).map(|Waiting { record, done }| (record, done)).unzip();
        if records.is_empty() {
            continue;
        }
        let mut written = vec![append(&db, &records).await; waiters.len()];
        if records.len() > 1 && written.iter().any(Result::is_err) {
            // One that cannot be written is nobody else's failure.
            for (record, written) in records.iter().zip(&mut written) {
                *written = append(&db, std::slice::from_ref(record)).await;
            }
        }
        for (done, written) in waiters.into_iter().zip(written) {
            // Who has gone away meanwhile has a record of what was not answered.
            let _ = done.send(written);
        }
    }
}

async fn append(db: &Database, records: &[Record]) -> Result<(), Unwritten> {
    let written: Result<(), DbError> =
        db.write(|tx| Box::pin(async move { audit::append(tx, records).await })).await;
    written.map_err(|error| Unwritten(chain(&error)))
}
