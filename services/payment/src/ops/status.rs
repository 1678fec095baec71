//! GetFeedStatus and WatchPaymentRun: how far things have come.

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream;
use niva_kit::OpError;
use niva_kit::wire::write;
use niva_proto::common::v1::FeedStatus;
use niva_proto::payment::v1 as pb;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Context, lists};
use crate::store::feeds;
use crate::store::runs::{Run, State};
use crate::wire::runs::run_out;

/// How often a run that another process calculates is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How far the feeds have been applied.
pub(crate) async fn feeds(context: &Context) -> Result<pb::GetFeedStatusResponse, OpError> {
    let moved = feeds::moved(context.db.conn()).await?;
    let feeds = context.consumers.iter().map(|(name, consumer)| {
        let status = consumer.status();
        FeedStatus {
            feed: (*name).to_owned(),
            applied_position: status.cursor,
            newest_position: status.newest,
            connected: status.connected,
            last_error: status.last_error.unwrap_or_default(),
            update_time: moved.get(*name).copied().map(write::timestamp),
        }
    });
    Ok(pb::GetFeedStatusResponse { feeds: feeds.collect() })
}

/// A run's progress: at once, whenever it has come further, and when it is no longer being calculated; then the end.
pub(crate) async fn watch(
    context: Arc<Context>,
    request: pb::WatchPaymentRunRequest,
    shutdown: CancellationToken,
) -> Result<impl Stream<Item = Result<pb::WatchPaymentRunResponse, OpError>> + Send + 'static, OpError> {
    // Before the first look: what comes after it wakes us.
    let progress = context.jobs.progress();
    let run = lists::find(&context, &request.payment_run_id).await?;
    let told = Watch { context, progress, shutdown, id: run.id.clone(), next: Next::Tell(Box::new(run)) };
    Ok(stream::unfold(told, |mut watch| async move {
        let item = watch.next().await?;
        Some((item, watch))
    }))
}

enum Next {
    Tell(Box<Run>),
    After(String),
    End,
}

struct Watch {
    context: Arc<Context>,
    progress: watch::Receiver<()>,
    shutdown: CancellationToken,
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
        if run.state == State::Calculating {
            self.next = Next::After(run.cursor.clone());
        }
        Some(Ok(pb::WatchPaymentRunResponse { payment_run: Some(run_out(&run)) }))
    }

    /// The run when it has come beyond a case; `None` at shutdown.
    async fn further(&mut self, cursor: &str) -> Option<Result<Run, OpError>> {
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                // The sender lives in the context.
                _ = self.progress.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            match lists::find(&self.context, &self.id).await {
                Ok(run) if run.state == State::Calculating && run.cursor == cursor => {}
                found => return Some(found),
            }
        }
    }
}
