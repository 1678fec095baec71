//! WatchPaymentRun: how far a run has come.

use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use niva_base::OpError;
use niva_jobs::{Seen, Told, watch};
use niva_names::{CaseId, PaymentRunId};
use niva_proto::payment::v1 as pb;

use super::find::find;
use super::stored::StoredRun;
use super::wire::run_out;
use crate::App;

/// How far a run has come: the last case, whether a process is at it, and whether somebody wants it to stop.
type Place = (CaseId, bool, bool);

/// A run's progress: at once, whenever it has come further, and when it is no longer being calculated; then the end.
pub(super) async fn watched(
    app: Arc<App>,
    request: pb::WatchPaymentRunRequest,
) -> Result<impl Stream<Item = Result<pb::WatchPaymentRunResponse, OpError>> + Send + 'static, OpError> {
    let (progress, shutdown) = (app.jobs.progress(), app.shutdown.clone());
    let id = PaymentRunId::from(request.payment_run_id);
    let first = seen(&find(app.db.conn(), &id).await?);
    let look = move || {
        let (app, id) = (Arc::clone(&app), id.clone());
        async move { Ok(seen(&find(app.db.conn(), &id).await?)) }
    };
    Ok(watch(progress, shutdown, first, look).map_ok(|Told { item, end }| pb::WatchPaymentRunResponse {
        payment_run: Some(item),
        end: end.into(),
    }))
}

fn seen(run: &StoredRun) -> Seen<pb::PaymentRun, Place> {
    let state = &run.run.state;
    let place = (run.cursor.clone(), run.start_time.is_some(), state.cancel().is_some());
    Seen { item: run_out(run), place, ended: !state.is_calculating() }
}
