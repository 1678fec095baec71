//! Payment runs: made, calculated by a job, approved or discarded.

mod check;
mod filter;
pub(crate) mod find;
pub(crate) mod job;
mod pays;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod tally;
mod verify;
mod watch;
pub(crate) mod wire;

pub use verify::{Finding, Verified, verify};

use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Month;
use niva_facts::Changing;
use niva_names::{CaseId, PaymentRunId};
use niva_payment_domain::{ENGINE_VERSION, Ledger, LinesSeen, Run, RunRefused};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::status;
use niva_rpc::wire::read::{money, month};
use niva_store::{DbError, Tx};
use pb::run_service_server::RunService;
use tonic::{Request, Response, Status};

use self::check::NotAsWritten;
use self::find::find;
use self::job::{Inputs, RunError, preview, repeat};
use self::pays::pays;
use self::stored::StoredRun;
use self::tally::Tally;
use self::wire::{control_out, run_out};
use crate::cases::store::{newest_number, placements_as_of};
use crate::feed::{ASSESSMENT, CHOICE};
use crate::store::Connection;
use crate::wire::{after, whole};
use crate::{Answer, App};

/// Runs on a page at most.
const MAX_RUNS: u32 = 1_000;
/// Longest reason of a discard, in characters.
const MAX_REASON: usize = 500;

/// Runs as tonic sees them.
pub(crate) struct Runs(pub(crate) Arc<App>);

#[tonic::async_trait]
impl RunService for Runs {
    type WatchPaymentRunStream = BoxStream<'static, Result<pb::WatchPaymentRunResponse, Status>>;

    async fn create_payment_run(
        &self,
        request: Request<pb::CreatePaymentRunRequest>,
    ) -> Answer<pb::CreatePaymentRunResponse> {
        answer!(self.create(request))
    }

    async fn get_payment_run(
        &self,
        request: Request<pb::GetPaymentRunRequest>,
    ) -> Answer<pb::GetPaymentRunResponse> {
        answer!(self.get(request))
    }

    async fn list_payment_runs(
        &self,
        request: Request<pb::ListPaymentRunsRequest>,
    ) -> Answer<pb::ListPaymentRunsResponse> {
        answer!(self.list(request))
    }

    async fn approve_payment_run(
        &self,
        request: Request<pb::ApprovePaymentRunRequest>,
    ) -> Answer<pb::ApprovePaymentRunResponse> {
        answer!(self.approve(request))
    }

    async fn repeat_payment_run(
        &self,
        request: Request<pb::RepeatPaymentRunRequest>,
    ) -> Answer<pb::RepeatPaymentRunResponse> {
        answer!(self.repeat(request))
    }

    async fn discard_payment_run(
        &self,
        request: Request<pb::DiscardPaymentRunRequest>,
    ) -> Answer<pb::DiscardPaymentRunResponse> {
        answer!(self.discard(request))
    }

    async fn cancel_payment_run(
        &self,
        request: Request<pb::CancelPaymentRunRequest>,
    ) -> Answer<pb::CancelPaymentRunResponse> {
        answer!(self.cancel(request))
    }

    async fn watch_payment_run(
        &self,
        request: Request<pb::WatchPaymentRunRequest>,
    ) -> Answer<Self::WatchPaymentRunStream> {
        let watched = watch::watched(Arc::clone(&self.0), request.into_inner()).await.map_err(status)?;
        Ok(Response::new(watched.map_err(status).boxed()))
    }
}

impl Runs {
    /// Makes a run, or previews it.
    async fn create(
        &self,
        scope: &Scope,
        request: &pb::CreatePaymentRunRequest,
    ) -> Result<pb::CreatePaymentRunResponse, OpError> {
        let mut v = Violations::new();
        v.text("request_id", &request.request_id);
        let month = month(&mut v, "month", request.month);
        let month = v.finish_with(month)?;
        self.0.consumers.reach(&request.min_positions()).await?;
        self.0.consumers.reach_newest().await?;
        if request.validate_only {
            return self.previewed(scope, month).await;
        }
        let made = self
            .0
            .change(scope, request, |tx, _| {
                Box::pin(async move {
                    let run = self.plan(tx, scope, month).await?;
                    self.0.archive.keep(tx).await?;
                    store::insert(tx, &run).await?;
                    Ok(pb::CreatePaymentRunResponse { payment_run: Some(run_out(&run)) })
                })
            })
            .await;
        let response = match made {
            // Another run was made at the same time and came first.
            Err(e) if DbError::of(&e).is_some_and(DbError::is_unique_violation) => return Err(made_at_once()),
            made => made?,
        };
        self.0.jobs.wake();
        Ok(response)
    }

    /// Calculates a run and keeps nothing.
    async fn previewed(&self, scope: &Scope, month: Month) -> Result<pb::CreatePaymentRunResponse, OpError> {
        let mut run = self.plan(self.0.db.conn(), scope, month).await?;
        let inputs = Inputs::of(&self.0.db, &run, &self.0.archive).await.map_err(failed)?;
        run.tally = preview(&self.0.db, &Arc::new(inputs), self.0.cases_per_part).await.map_err(failed)?;
        run.run = run.run.calculated(run.tally.seen()).map_err(refused)?;
        run.run.id = PaymentRunId::none().clone();
        Ok(pb::CreatePaymentRunResponse { payment_run: Some(run_out(&run)) })
    }

    /// The run that would be made now, with its inputs frozen. Errors are looked for in this order: MONTH_IN_FUTURE,
    /// MONTH_BEFORE_LEDGER, RUN_IN_PROGRESS, MONTH_ALREADY_RUN.
    async fn plan(&self, db: &impl Connection, scope: &Scope, month: Month) -> Result<StoredRun, OpError> {
        let App { clock, catalogue, opening_month, .. } = &*self.0;
        let (last_approved, unsettled) = (store::last_approved(db).await?, store::unsettled(db).await?);
        let (run_no, before) = store::next_numbers(db, month).await?;
        let ledger = Ledger {
            opening: *opening_month,
            last_approved: last_approved.as_ref().map(|stored| &stored.run),
            unsettled: unsettled.as_ref().map(|stored| &stored.run),
        };
        let run =
            Run::make(&ledger, month, clock.today(), &scope.author().subject, before).map_err(refused)?;
        let frozen = newest_number(db).await?;
        let told = async |feed: &str| niva_feed::cursor(db, feed).await;
        Ok(StoredRun {
            run_no,
            run,
            maker_role: scope.author().role.clone(),
            create_time: clock.now(),
            start_time: None,
            end_time: None,
            frozen,
            baseline: last_approved.map(|stored| stored.run_no),
            models_fingerprint: catalogue.fingerprint.clone(),
            engine_version: ENGINE_VERSION,
            cursor: CaseId::none().clone(),
            tally: Tally::default(),
            placements_total: placements_as_of(db, frozen).await?,
            run_sha256: String::new(),
            feeds: [
                (ASSESSMENT.to_owned(), told(ASSESSMENT).await?),
                (CHOICE.to_owned(), told(CHOICE).await?),
            ]
            .into(),
        })
    }

    async fn get(
        &self,
        _: &Scope,
        request: &pb::GetPaymentRunRequest,
    ) -> Result<pb::GetPaymentRunResponse, OpError> {
        let run = find(self.0.db.conn(), &request.payment_run_id.as_str().into()).await?;
        Ok(pb::GetPaymentRunResponse { payment_run: Some(run_out(&run)) })
    }

    /// Runs in the order they were made.
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentRunsRequest,
    ) -> Result<pb::ListPaymentRunsResponse, OpError> {
        let asked = (request.page_size, request.page_token.as_str());
        let filter = wire::filter(request)?;
        let list = pb::ListPaymentRunsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = self.0.secrets.page(scope.author(), asked, &["runs", &whole(&list)], MAX_RUNS)?;
        let found = store::list(self.0.db.conn(), &filter, after(&page)?, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |run| run.run_no.to_string());
        Ok(pb::ListPaymentRunsResponse { payment_runs: found.iter().map(run_out).collect(), next_page_token })
    }

    /// Asks the calculation of a run to stop. Errors are looked for in this order: NOT_FOUND, RUN_STATE.
    async fn cancel(
        &self,
        scope: &Scope,
        request: &pb::CancelPaymentRunRequest,
    ) -> Result<pb::CancelPaymentRunResponse, OpError> {
        let mut v = Violations::new();
        let id = v.text("payment_run_id", &request.payment_run_id).map(PaymentRunId::from);
        let id = &v.finish_with(id)?;
        let now = self.0.clock.now();
        let response = self
            .0
            .change(scope, request, |tx, _| {
                Box::pin(async move {
                    let mut stored = for_update(tx, id).await?;
                    stored.run = stored.run.ask_to_cancel(&scope.author().subject, now).map_err(refused)?;
                    store::ask_to_cancel(tx, &stored).await?;
                    Ok(pb::CancelPaymentRunResponse { payment_run: Some(run_out(&stored)) })
                })
            })
            .await?;
        // Whoever calculates it hears of it at its next part; where nobody does, the worker here ends it.
        self.0.jobs.wake();
        self.0.jobs.progressed();
        tracing::info!(run = %id, "payment run asked to stop");
        Ok(response)
    }

    /// Approves a run, whose rows are what it wrote. Errors are looked for in this order: NOT_FOUND, RUN_STATE, SAME_PERSON,
    /// OWN_FACT, AMOUNT_DIFFERS, LINES_DIFFER, REPRICED_DIFFERS, LEDGER_ALTERED, POSTINGS_MISSING.
    async fn approve(
        &self,
        scope: &Scope,
        request: &pb::ApprovePaymentRunRequest,
    ) -> Result<pb::ApprovePaymentRunResponse, OpError> {
        let mut v = Violations::new();
        let id = v.text("payment_run_id", &request.payment_run_id).map(PaymentRunId::from);
        let amount = money(&mut v, "amount", request.amount);
        let sha256 = v.text("lines_sha256", &request.lines_sha256);
        let repriced = match request.repriced {
            None => Some(None),
            given => money(&mut v, "repriced", given).map(Some),
        };
        let (id, ((amount, sha256), repriced)) = v.finish_with(id.zip(amount.zip(sha256).zip(repriced)))?;
        let (id, seen) = (&id, &LinesSeen { amount, sha256, repriced });
        let now = self.0.clock.now();
        let response = self
            .0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let mut stored = for_update(tx, id).await?;
                    let approver = &scope.author().subject;
                    let own_fact = store::first_paid_by(tx, &stored, approver).await?;
                    stored.run = stored.run.approve(approver, own_fact, seen, now).map_err(refused)?;
                    let content = check::content(tx, &stored).await.map_err(not_as_written)?;
                    let before = store::last_approved(tx).await?.map(|run| run.run_sha256);
                    stored.run_sha256 = check::run_sha256(&stored, &content, &before.unwrap_or_default());
                    store::settle(tx, &stored).await?;
                    pays(&self.0, tx, &stored, &told).await?;
                    Ok(pb::ApprovePaymentRunResponse { payment_run: Some(run_out(&stored)) })
                })
            })
            .await?;
        self.0.orders.notify();
        tracing::info!(run = %id, "payment run approved");
        Ok(response)
    }

    /// Calculates a run again as it was calculated then. Errors are looked for in this order: NOT_FOUND, RUN_STATE.
    async fn repeat(
        &self,
        _: &Scope,
        request: &pb::RepeatPaymentRunRequest,
    ) -> Result<pb::RepeatPaymentRunResponse, OpError> {
        let run = find(self.0.db.conn(), &request.payment_run_id.as_str().into()).await?;
        run.run.was_calculated().map_err(refused)?;
        let App { db, archive, cases_per_part, .. } = &*self.0;
        let again = repeat(db, archive, &run, *cases_per_part).await.map_err(failed)?;
        let difference = again.differs(&run.tally).map(|what| format!("{what} differ")).unwrap_or_default();
        Ok(pb::RepeatPaymentRunResponse {
            control: Some(control_out(&again)),
            same: difference.is_empty(),
            difference,
            engine_version: ENGINE_VERSION,
        })
    }

    /// Discards a run. Errors are looked for in this order: REASON_MISSING, NOT_FOUND, RUN_STATE.
    async fn discard(
        &self,
        scope: &Scope,
        request: &pb::DiscardPaymentRunRequest,
    ) -> Result<pb::DiscardPaymentRunResponse, OpError> {
        let mut v = Violations::new();
        let id = v.text("payment_run_id", &request.payment_run_id).map(PaymentRunId::from);
        let reason = request.reason.trim();
        let length = reason.chars().count();
        let text = format!("is required, for the record: 1 to {MAX_REASON} characters");
        v.require((1..=MAX_REASON).contains(&length), "reason", "REASON_MISSING", text);
        let id = &v.finish_with(id)?;
        let now = self.0.clock.now();
        let response = self
            .0
            .change(scope, request, |tx, _| {
                Box::pin(async move {
                    let mut stored = for_update(tx, id).await?;
                    stored.run = stored.run.discard(&scope.author().subject, reason, now).map_err(refused)?;
                    store::settle(tx, &stored).await?;
                    Ok(pb::DiscardPaymentRunResponse { payment_run: Some(run_out(&stored)) })
                })
            })
            .await?;
        tracing::info!(run = %id, "payment run discarded");
        Ok(response)
    }
}

async fn for_update(tx: &Tx<'_>, id: &PaymentRunId) -> Result<StoredRun, OpError> {
    store::find_for_update(tx, id).await?.ok_or_else(|| OpError::not_found("payment run", id))
}

fn failed(error: RunError) -> OpError {
    match error {
        RunError::Database(e) => e.into(),
        other => OpError::internal(other),
    }
}

/// Rows that were changed are a matter for people, not for another try.
fn not_as_written(error: NotAsWritten) -> OpError {
    match error {
        NotAsWritten::Altered(what) => {
            tracing::error!(what, "the ledger is not what was written");
            let words = format!(
                "{what}: nothing of this run may be paid; run `niva verify`, and find out who did it"
            );
            OpError::precondition("LEDGER_ALTERED", words)
        }
        NotAsWritten::Database(error) => error.into(),
    }
}

fn made_at_once() -> OpError {
    let text = "another run waits for calculation, approval or discard: settle it first";
    OpError::precondition("RUN_IN_PROGRESS", text)
}

fn refused(error: RunRefused) -> OpError {
    let refused = match &error {
        RunRefused::SamePerson { .. } | RunRefused::OwnFact { .. } => {
            OpError::denied(error.reason(), error.to_string())
        }
        _ => OpError::precondition(error.reason(), error.to_string()),
    };
    match error {
        RunRefused::MonthInFuture { last, .. } => refused.with("last_month", last),
        RunRefused::MonthBeforeLedger { first, .. } => refused.with("first_month", first),
        RunRefused::InProgress { run, .. } | RunRefused::MonthAlreadyRun { run, .. } => {
            refused.with("payment_run_id", run)
        }
        RunRefused::State { state, .. } => refused.with("state", state),
        RunRefused::AmountDiffers { amount, .. } => refused.with("ore", amount.0),
        RunRefused::LinesDiffer { sha256, .. } => refused.with("lines_sha256", sha256),
        RunRefused::RepricedDiffers { repriced, .. } => {
            repriced.iter().fold(refused, |refused, sum| refused.with("ore", sum.0))
        }
        RunRefused::SamePerson { .. } | RunRefused::OwnFact { .. } => refused,
    }
}
