//! Runs, outwards.

use niva_kit::wire::write;
use niva_proto::payment::v1 as pb;

use crate::run::tally::Tally;
use crate::store::runs::{Run, State};

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
        month: Some(write::month(run.month)),
        state: state_out(run.state).into(),
        maker: run.maker.clone(),
        approver: run.approver.clone().unwrap_or_default(),
        create_time: Some(write::timestamp(run.create_time)),
        approve_time: run.approve_time.map(write::timestamp),
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
        amount: Some(write::money(tally.all.amount)),
        reversals: tally.reversals.lines,
        reversed: Some(write::money(tally.reversals.amount)),
        earlier_months: Some(write::money(tally.earlier)),
        holds: tally.holds,
        lines_sha256: tally.lines_sha256(),
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
