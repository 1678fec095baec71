//! Making, approving and discarding runs.

use std::sync::Arc;

use niva_calendar::Month;
use niva_kit::auth::Caller;
use niva_kit::request::Call;
use niva_kit::wire::read::{money, month};
use niva_kit::{DbError, OpError, Violations, request};
use niva_money::Ore;
use niva_proto::payment::v1 as pb;
use sea_orm::ConnectionTrait;

use super::Context;
use crate::run::tally::Tally;
use crate::run::{Inputs, RunError, preview};
use crate::store::facts;
use crate::store::runs::{self, Run, State};
use crate::wire::runs::run_out;

/// Longest reason of a discard, in characters.
const MAX_REASON: usize = 500;

/// Makes a run, or previews it.
pub(crate) async fn create(
    context: &Context,
    caller: &Caller,
    request: &pb::CreatePaymentRunRequest,
) -> Result<pb::CreatePaymentRunResponse, OpError> {
    let mut v = Violations::new();
    v.text("request_id", &request.request_id);
    let month = month(&mut v, "month", request.month);
    let month = v.finish_with(month)?;
    if request.validate_only {
        return previewed(context, caller, month).await;
    }
    let now = context.clock.now();
    let call = Call { method: "CreatePaymentRun", caller, request_id: &request.request_id, request };
    let made = request::once(&context.db, &call, now, |tx| {
        Box::pin(async move {
            let run = plan(context, tx, caller, month).await?;
            runs::insert(tx, &run).await?;
            let response = pb::CreatePaymentRunResponse { payment_run: Some(run_out(&run)) };
            Ok(response)
        })
    })
    .await;
    let response = match made {
        // Another run was made at the same time and came first.
        Err(e) if DbError::of(&e).is_some_and(DbError::is_unique_violation) => return Err(in_progress(None)),
        made => made?,
    };
    context.jobs.wake();
    Ok(response)
}

/// Calculates a run and keeps nothing.
async fn previewed(
    context: &Context,
    caller: &Caller,
    month: Month,
) -> Result<pb::CreatePaymentRunResponse, OpError> {
    let mut run = plan(context, context.db.conn(), caller, month).await?;
    let inputs = Inputs::of(&context.db, &run, &context.catalogue).await.map_err(failed)?;
    run.tally = preview(&context.db, &Arc::new(inputs), context.cases_per_part).await.map_err(failed)?;
    run.state = State::Calculated;
    run.id = String::new();
    Ok(pb::CreatePaymentRunResponse { payment_run: Some(run_out(&run)) })
}

fn failed(error: RunError) -> OpError {
    match error {
        RunError::Database(e) => e.into(),
        other => OpError::internal(other),
    }
}

/// The run that would be made now, with its inputs frozen. Errors are looked for in this order: MONTH_IN_FUTURE,
/// MONTH_BEFORE_LEDGER, RUN_IN_PROGRESS, MONTH_ALREADY_RUN.
async fn plan(
    context: &Context,
    db: &impl ConnectionTrait,
    caller: &Caller,
    month: Month,
) -> Result<Run, OpError> {
    let next_month = Month::of(context.clock.today()).next();
    if month > next_month {
        let text = format!("{month} is after next month: the last that can be run is {next_month}");
        return Err(OpError::precondition("MONTH_IN_FUTURE", text).with("last_month", next_month));
    }
    let baseline = runs::last_approved(db).await?;
    // A ledger that has paid keeps its first month, whatever is configured later.
    let opening = baseline.as_ref().map(|b| b.opening).or(context.opening_month).unwrap_or(month);
    if month < opening {
        let text = format!("{month} is before the ledger's first month {opening}");
        return Err(OpError::precondition("MONTH_BEFORE_LEDGER", text).with("first_month", opening));
    }
    if let Some(run) = runs::unsettled(db).await? {
        return Err(in_progress(Some(&run)));
    }
    if let Some(last) = baseline.as_ref().filter(|last| month <= last.month) {
        let text = format!(
            "{month} is paid by run {}, which stands: what changed since is paid by the next month's run",
            last.id
        );
        return Err(OpError::precondition("MONTH_ALREADY_RUN", text).with("payment_run_id", &last.id));
    }
    let (run_no, of_month) = runs::next_numbers(db, month).await?;
    let frozen = facts::newest_number(db).await?;
    Ok(Run {
        run_no,
        id: format!("{month}.{}", of_month + 1),
        month,
        state: State::Calculating,
        maker: caller.subject.clone(),
        create_time: context.clock.now(),
        approver: None,
        approve_time: None,
        opening,
        frozen,
        baseline: baseline.map(|b| b.run_no),
        models_fingerprint: context.catalogue.fingerprint.clone(),
        cursor: String::new(),
        tally: Tally::default(),
        placements_total: facts::placements_as_of(db, frozen).await?,
        error: None,
    })
}

fn in_progress(run: Option<&Run>) -> OpError {
    let which = run.map_or_else(|| "another run".to_owned(), |run| format!("run {} ({})", run.id, run.state));
    let text = format!("{which} waits for calculation, approval or discard: settle it first");
    let error = OpError::precondition("RUN_IN_PROGRESS", text);
    match run {
        Some(run) => error.with("payment_run_id", &run.id),
        None => error,
    }
}

/// Approves a run. Errors are looked for in this order: NOT_FOUND, RUN_STATE, SAME_PERSON, AMOUNT_DIFFERS.
pub(crate) async fn approve(
    context: &Context,
    caller: &Caller,
    request: &pb::ApprovePaymentRunRequest,
) -> Result<pb::ApprovePaymentRunResponse, OpError> {
    let mut v = Violations::new();
    let id = v.text("payment_run_id", &request.payment_run_id);
    let amount = money(&mut v, "amount", request.amount);
    let (id, seen) = &v.finish_with(id.zip(amount))?;
    let now = context.clock.now();
    let call = Call { method: "ApprovePaymentRun", caller, request_id: &request.request_id, request };
    let response = request::once(&context.db, &call, now, |tx| {
        Box::pin(async move {
            let mut run =
                runs::find_for_update(tx, id).await?.ok_or_else(|| OpError::not_found("payment run", id))?;
            approvable(&run, caller, *seen)?;
            runs::approve(tx, run.run_no, &caller.subject, now).await?;
            (run.state, run.approver, run.approve_time) =
                (State::Approved, Some(caller.subject.clone()), Some(now));
            let response = pb::ApprovePaymentRunResponse { payment_run: Some(run_out(&run)) };
            Ok::<_, OpError>(response)
        })
    })
    .await?;
    tracing::info!(run = id, "payment run approved");
    Ok(response)
}

fn approvable(run: &Run, caller: &Caller, seen: Ore) -> Result<(), OpError> {
    if run.state != State::Calculated {
        return Err(wrong_state(run, "only a calculated run can be approved"));
    }
    if run.maker == caller.subject {
        let text = format!("run {} was made by the caller: another person must approve it", run.id);
        return Err(OpError::denied("SAME_PERSON", text));
    }
    let amount = run.tally.all.amount;
    if amount != seen {
        let text = format!("run {} adds up to {amount} SEK, not {seen} SEK: look at it again", run.id);
        return Err(OpError::precondition("AMOUNT_DIFFERS", text).with("ore", amount.0));
    }
    Ok(())
}

fn wrong_state(run: &Run, rule: &str) -> OpError {
    OpError::precondition("RUN_STATE", format!("run {} is {}: {rule}", run.id, run.state))
        .with("state", run.state)
}

/// Discards a run. Errors are looked for in this order: REASON_MISSING, NOT_FOUND, RUN_STATE.
pub(crate) async fn discard(
    context: &Context,
    caller: &Caller,
    request: &pb::DiscardPaymentRunRequest,
) -> Result<pb::DiscardPaymentRunResponse, OpError> {
    let mut v = Violations::new();
    let id = v.text("payment_run_id", &request.payment_run_id);
    let reason = request.reason.trim();
    let length = reason.chars().count();
    let text = format!("is required, for the record: 1 to {MAX_REASON} characters");
    v.require((1..=MAX_REASON).contains(&length), "reason", "REASON_MISSING", text);
    let id = &v.finish_with(id)?;
    let now = context.clock.now();
    let call = Call { method: "DiscardPaymentRun", caller, request_id: &request.request_id, request };
    let response = request::once(&context.db, &call, now, |tx| {
        Box::pin(async move {
            let mut run =
                runs::find_for_update(tx, id).await?.ok_or_else(|| OpError::not_found("payment run", id))?;
            if !matches!(run.state, State::Calculated | State::Failed) {
                return Err(wrong_state(&run, "only a calculated or failed run can be discarded"));
            }
            runs::discard(tx, run.run_no, &caller.subject, reason, now).await?;
            run.state = State::Discarded;
            let response = pb::DiscardPaymentRunResponse { payment_run: Some(run_out(&run)) };
            Ok(response)
        })
    })
    .await?;
    tracing::info!(run = id, "payment run discarded");
    Ok(response)
}
