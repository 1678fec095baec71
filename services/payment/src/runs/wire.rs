//! Runs, outwards.

use niva_payment_domain::RunState;
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::write;

use super::stored::StoredRun;
use super::tally::Tally;

fn state_out(state: &RunState) -> pb::payment_run::State {
    match state {
        RunState::Calculating => pb::payment_run::State::Calculating,
        RunState::Calculated { .. } => pb::payment_run::State::Calculated,
        RunState::Approved { .. } => pb::payment_run::State::Approved,
        RunState::Discarded { .. } => pb::payment_run::State::Discarded,
        RunState::Failed { .. } => pb::payment_run::State::Failed,
    }
}

/// A run. Its sums are told once they are all there.
pub(crate) fn run_out(stored: &StoredRun) -> pb::PaymentRun {
    let StoredRun { run, tally, .. } = stored;
    let error = match &run.state {
        RunState::Failed { error } => Some(error),
        RunState::Discarded { error, .. } => error.as_ref(),
        RunState::Calculating | RunState::Calculated { .. } | RunState::Approved { .. } => None,
    };
    let (approver, approve_time) = match &run.state {
        RunState::Approved { approver, time } => (approver.clone(), Some(*time)),
        _ => (String::new(), None),
    };
    let finished = error.is_none() && run.state != RunState::Calculating;
    pb::PaymentRun {
        payment_run_id: run.id.clone(),
        month: Some(write::month(run.month)),
        state: state_out(&run.state).into(),
        maker: run.maker.clone(),
        approver,
        create_time: Some(write::timestamp(stored.create_time)),
        approve_time: approve_time.map(write::timestamp),
        frozen_fact_number: stored.frozen,
        models_fingerprint: stored.models_fingerprint.clone(),
        placements_done: if finished { stored.placements_total } else { tally.placements },
        placements_total: stored.placements_total,
        control: finished.then(|| control_out(tally)),
        totals: if finished { totals_out(tally) } else { Vec::new() },
        error: error.cloned().unwrap_or_default(),
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
