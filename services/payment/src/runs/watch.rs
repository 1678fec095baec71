//! WatchPaymentRun: how far a run has come.

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream;
use niva_base::OpError;
use niva_payment_domain::RunState;
use niva_proto::payment::v1 as pb;
use tokio::sync::watch;

use super::find;
use super::stored::StoredRun;
use super::wire::run_out;
use crate::App;

/// How often a run that another process calculates is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// A run's progress: at once, whenever it has come further, and when it is no longer being calculated; then the end.
pub(super) async fn watch(
    app: Arc<App>,
    request: pb::WatchPaymentRunRequest,
) -> Result<impl Stream<Item = Result<pb::WatchPaymentRunResponse, OpError>> + Send + 'static, OpError> {
    // Before the first look: what comes after it wakes us.
    let progress = app.jobs.progress();
    let run = find(&app, &request.payment_run_id).await?;
    let told = Watch { app, progress, id: run.run.id.clone(), next: Next::Tell(Box::new(run)) };
    Ok(stream::unfold(told, |mut watch| async move {
        let item = watch.next().await?;
        Some((item, watch))
    }))
}

enum Next {
    Tell(Box<StoredRun>),
    After(String),
    End,
}

struct Watch {
    app: Arc<App>,
    progress: watch::Receiver<()>,
    id: String,
    next: Next,
}

impl Watch {
    async fn next(&mut self) -> Option<Result<pb::WatchPaymentRunResponse, OpError>> {
        let run = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return None,
            Next::Tell(run) => *run,
            Next::After(cursor) => match self.further(&cursor).await? {
                Ok(run) => run,
                Err(error) => return Some(Err(error)),
            },
        };
        if run.run.state == RunState::Calculating {
            self.next = Next::After(run.cursor.clone());
        }
        Some(Ok(pb::WatchPaymentRunResponse { payment_run: Some(run_out(&run)) }))
    }

    /// The run when it has come beyond a case; `None` at shutdown.
    async fn further(&mut self, cursor: &str) -> Option<Result<StoredRun, OpError>> {
        loop {
            tokio::select! {
                () = self.app.shutdown.cancelled() => return None,
                // The sender lives in the app.
                _ = self.progress.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            match find(&self.app, &self.id).await {
                Ok(run) if run.run.state == RunState::Calculating && run.cursor == cursor => {}
                found => return Some(found),
            }
        }
    }
}
