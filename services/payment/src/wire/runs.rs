//! Runs, outwards.

use chrono::{DateTime, Utc};
use niva_proto::payment::v1 as pb;

use super::values::{money_out, month_out};
use crate::run::tally::Tally;
use crate::store::runs::{Run, State};

pub(crate) fn time_out(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0);
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

fn state_out(state: State) -> pb::payment_run::State {
    match state {
        State::Calculating => pb::payment_run::State::Calculating,
        State::Calculated => pb::payment_run::State::Calculated,
        State::Approved => pb::payment_run::State::Approved,
        State::Discarded => pb::payment_run::State::Discarded,
        State::Failed => pb::payment_run::State::Failed,
    }
}

/// A run. Its sums are told once they are all there.
pub(crate) fn run_out(run: &Run) -> pb::PaymentRun {
    let finished = run.error.is_none() && run.state != State::Calculating;
    pb::PaymentRun {
        payment_run_id: run.id.clone(),
        month: Some(month_out(run.month)),
        state: state_out(run.state).into(),
        maker: run.maker.clone(),
        approver: run.approver.clone().unwrap_or_default(),
        create_time: Some(time_out(run.create_time)),
        approve_time: run.approve_time.map(time_out),
        frozen_fact_number: run.frozen,
        models_fingerprint: run.models_fingerprint.clone(),
        placements_done: run.tally.placements,
        placements_total: run.placements_total,
        control: finished.then(|| control_out(&run.tally)),
        totals: if finished { totals_out(&run.tally) } else { Vec::new() },
        error: run.error.clone().unwrap_or_default(),
    }
}

fn control_out(tally: &Tally) -> pb::ControlTotals {
    pb::ControlTotals {
        placements: tally.placements,
        lines: tally.all.lines,
        amount: Some(money_out(tally.all.amount)),
        reversals: tally.reversals.lines,
        reversed: Some(money_out(tally.reversals.amount)),
        earlier_months: Some(money_out(tally.earlier)),
        holds: tally.holds,
        lines_sha256: tally.lines_sha256(),
    }
}

fn totals_out(tally: &Tally) -> Vec<pb::Total> {
    let totals = tally.totals().map(|(dimension, key, sum)| pb::Total {
        dimension: dimension.to_owned(),
        key: key.to_owned(),
        lines: sum.lines,
        amount: Some(money_out(sum.amount)),
    });
    totals.collect()
}
