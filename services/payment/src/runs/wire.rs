//! Runs, outwards.

use niva_base::{OpError, Violations};
use niva_facts::Author;
use niva_jobs::Job;
use niva_payment_domain::RunState;
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::{read, write};

use super::filter::Filter;
use super::stored::StoredRun;
use super::tally::Tally;

fn state_out(state: &RunState) -> pb::payment_run::State {
    match state {
        RunState::Calculating { .. } => pb::payment_run::State::Calculating,
        RunState::Calculated { .. } => pb::payment_run::State::Calculated,
        RunState::Approved { .. } => pb::payment_run::State::Approved,
        RunState::Discarded { .. } => pb::payment_run::State::Discarded,
        RunState::Failed { .. } => pb::payment_run::State::Failed,
        RunState::Cancelled { .. } => pb::payment_run::State::Cancelled,
    }
}

/// The name of a state in the table; `None` for all of them.
fn state_name(state: pb::payment_run::State) -> Option<&'static str> {
    Some(match state {
        pb::payment_run::State::Unspecified => return None,
        pb::payment_run::State::Calculating => "calculating",
        pb::payment_run::State::Calculated => "calculated",
        pb::payment_run::State::Approved => "approved",
        pb::payment_run::State::Discarded => "discarded",
        pb::payment_run::State::Failed => "failed",
        pb::payment_run::State::Cancelled => "cancelled",
    })
}

/// Which runs are asked for.
pub(crate) fn filter(request: &pb::ListPaymentRunsRequest) -> Result<Filter, OpError> {
    let mut v = Violations::new();
    let month = request.month.map(|month| read::month(&mut v, "month", Some(month)));
    let state = pb::payment_run::State::try_from(request.state);
    let state = v.check("state", "FIELD_INVALID", state.map_err(|_| "is none of the states of a run"));
    let since = read::timestamp(&mut v, "approved_since", request.approved_since.as_ref());
    let (month, state, approved_since) = (month.flatten(), state.and_then(state_name), since.flatten());
    v.finish_with(Some(Filter { month, state, approved_since }))
}

/// Why a run could not be calculated.
fn error(state: &RunState) -> Option<&str> {
    match state {
        RunState::Failed { error } => Some(error),
        RunState::Discarded { error, .. } => error.as_deref(),
        RunState::Calculating { .. }
        | RunState::Calculated { .. }
        | RunState::Approved { .. }
        | RunState::Cancelled { .. } => None,
    }
}

/// The calculation of a run.
fn job_out(stored: &StoredRun) -> common::Job {
    let state = match &stored.run.state {
        RunState::Calculating { .. } => common::job::State::Running,
        RunState::Cancelled { .. } => common::job::State::Cancelled,
        state if error(state).is_some() => common::job::State::Failed,
        _ => common::job::State::Done,
    };
    // In the end all are done, though those to which nothing has happened are not read.
    let done = if is_finished(stored) { stored.placements_total } else { stored.tally.placements };
    let author = Author { subject: stored.run.maker.clone(), role: stored.maker_role.clone() };
    let job = Job {
        id: stored.run.id.as_str().into(),
        kind: "payment_run",
        state,
        done,
        total: stored.placements_total,
        author: &author,
        created: stored.create_time,
        started: stored.start_time,
        ended: stored.end_time,
        error: error(&stored.run.state).unwrap_or_default(),
        cancel_asked: stored.run.state.cancel().is_some(),
    };
    job.into()
}

/// Whether it was calculated, whatever has become of it.
fn is_finished(stored: &StoredRun) -> bool {
    let state = &stored.run.state;
    !state.is_calculating() && !stored.is_cancelled() && error(state).is_none()
}

/// A run. Its sums are told once they are all there.
pub(crate) fn run_out(stored: &StoredRun) -> pb::PaymentRun {
    let StoredRun { run, tally, .. } = stored;
    let (approver, approve_time) = match &run.state {
        RunState::Approved { approver, time } => (approver.clone(), Some(*time)),
        _ => (String::new(), None),
    };
    let finished = is_finished(stored);
    pb::PaymentRun {
        payment_run_id: (&run.id).into(),
        month: Some(write::month(run.month)),
        state: state_out(&run.state).into(),
        maker: run.maker.clone(),
        approver,
        job: Some(job_out(stored)),
        approve_time: approve_time.map(write::timestamp),
        frozen_fact_number: stored.frozen,
        models_fingerprint: stored.models_fingerprint.clone(),
        control: finished.then(|| control_out(tally)),
        totals: if finished { totals_out(tally) } else { Vec::new() },
        run_sha256: stored.run_sha256.clone(),
        feed_positions: stored.feeds.iter().map(position_out).collect(),
        engine_version: stored.engine_version,
    }
}

fn position_out((feed, position): (&String, &i64)) -> common::FeedPosition {
    common::FeedPosition { feed: feed.clone(), position: *position }
}

pub(crate) fn control_out(tally: &Tally) -> pb::ControlTotals {
    pb::ControlTotals {
        placements: tally.placements,
        lines: tally.all.lines,
        amount: Some(write::money(tally.all.amount)),
        reversals: tally.reversals.lines,
        reversed: Some(write::money(tally.reversals.amount)),
        earlier_months: Some(write::money(tally.earlier)),
        holds: tally.holds,
        lines_sha256: tally.lines_sha256(),
        repriced_lines: tally.repriced.lines,
        repriced: tally.seen().repriced.map(write::money),
    }
}

fn totals_out(tally: &Tally) -> Vec<pb::Total> {
    let totals = tally.totals().map(|(dimension, key, sum)| pb::Total {
        dimension: dimension.to_owned(),
        key: key.to_owned(),
        lines: sum.lines,
        amount: Some(write::money(sum.amount)),
    });
    totals.collect()
}
