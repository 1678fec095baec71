//! Whether what was removed could be: checkpoints and holds are what was written, the trail tells of each, and nothing went
//! that was too young or that a hold kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Months, Utc};
use niva_names::LegalHoldId;
use niva_store::{Database, DbError};

use super::PART;
use crate::chain::{Checkpoint, HOLD, HoldStep, Kept, REMOVAL, Seal};
use crate::store::{holds, removal};

/// What was removed, and what was to be kept.
pub(super) struct Removals {
    checkpoints: Vec<Checkpoint>,
    steps: Vec<HoldStep>,
    /// Seals that holds keep.
    kept: Vec<(i64, LegalHoldId)>,
    /// Checkpoints that the walk has not come to, by their first seal.
    ahead: BTreeMap<i64, usize>,
    /// What the trail tells of, by method.
    told: BTreeSet<(String, String)>,
}

impl Removals {
    pub(super) async fn read(db: &Database) -> Result<Self, DbError> {
        let mut checkpoints: Vec<Checkpoint> = Vec::new();
        loop {
            let after = checkpoints.last().map_or(0, |last| last.checkpoint_no);
            let more = removal::checkpoints(db.conn(), after, PART).await?;
            if more.is_empty() {
                break;
            }
            checkpoints.extend(more);
        }
        let steps = holds::steps(db.conn()).await?;
        let kept = holds::kept(db.conn(), (0, i64::MAX)).await?;
        let ahead = checkpoints.iter().enumerate().map(|(place, one)| (one.first_seal, place)).collect();
        Ok(Self { checkpoints, steps, kept, ahead, told: BTreeSet::new() })
    }

    /// The checkpoint that stands where the chain goes on, if one does.
    pub(super) fn next(&mut self, before: Option<&Seal>) -> Option<Checkpoint> {
        let place = self.ahead.remove(&(before.map_or(0, |before| before.seal_no) + 1))?;
        self.checkpoints.get(place).cloned()
    }

    /// The checkpoint by which a seal was removed.
    pub(super) fn covering(&self, seal_no: i64) -> Option<i64> {
        let of = |one: &&Checkpoint| (one.first_seal..=one.last_seal).contains(&seal_no);
        self.checkpoints.iter().find(of).map(|one| one.checkpoint_no)
    }

    /// Records that are there: those of the service itself say what it did.
    pub(super) fn told(&mut self, records: &[Kept]) {
        let own = records.iter().map(|kept| &kept.record);
        let own = own.filter(|record| record.method == REMOVAL || record.method == HOLD);
        self.told.extend(own.map(|record| (record.method.clone(), record.purpose.clone())));
    }

    /// What is not as it should be, when the whole trail was read.
    pub(super) fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let mut before = None;
        for step in &self.steps {
            let (number, next) = (step.step_no, before.map_or(0, |before: &HoldStep| before.step_no) + 1);
            if number != next || step.hash(before) != step.sha256 {
                findings.push(format!("audit: step {number} of legal holds is not what was written"));
            }
            if !self.is_told(HOLD, step.name(), step.recorded_at) {
                findings.push(format!("audit: no record tells of step {number} of legal holds"));
            }
            before = Some(step);
        }
        let mut before = None;
        for one in &self.checkpoints {
            let (number, next) =
                (one.checkpoint_no, before.map_or(0, |before: &Checkpoint| before.checkpoint_no) + 1);
            if number != next || one.hash(before) != one.sha256 {
                findings.push(format!("audit: checkpoint {number} is not what was written"));
            }
            if !self.is_told(REMOVAL, one.name(), one.removed_at) {
                findings.push(format!("audit: no record tells of checkpoint {number}"));
            }
            findings.extend(self.unlawful(one).map(|why| format!("audit: checkpoint {number} {why}")));
            before = Some(one);
        }
        let astray = self.ahead.values().filter_map(|place| self.checkpoints.get(*place));
        findings.extend(
            astray.map(|one| format!("audit: checkpoint {} has no place in the chain", one.checkpoint_no)),
        );
        findings.extend(self.missing());
        findings
    }

    /// Whether the trail tells of it, or may have told of it in what was removed since.
    fn is_told(&self, method: &str, name: String, at: DateTime<Utc>) -> bool {
        self.told.contains(&(method.to_owned(), name))
            || self.checkpoints.iter().any(|one| one.sealed_at >= at)
    }

    /// Why a checkpoint should not have been, if there is a reason.
    fn unlawful(&self, one: &Checkpoint) -> Option<String> {
        let bound = one.removed_at.checked_sub_months(Months::new(one.years.saturating_mul(12)));
        if bound.is_none_or(|bound| one.calls.1 >= bound || one.sealed_at >= bound) {
            return Some("removed what was not old enough".to_owned());
        }
        let known = self.steps.iter().find(|step| step.step_no == one.hold_step_no);
        if one.hold_sha256 != known.map(|step| step.sha256.as_str()).unwrap_or_default() {
            return Some("knew other legal holds than there are".to_owned());
        }
        let stood =
            |step: &&HoldStep| !step.lifts && step.step_no <= one.hold_step_no && !self.lifted_by(step, one);
        let keeps = |step: &HoldStep| match step.keeps.person_id {
            None => step.keeps.meets(one.calls),
            Some(_) => {
                let gone = one.first_seal..=one.last_seal;
                self.kept.iter().any(|(seal_no, id)| *id == step.id && gone.contains(seal_no))
            }
        };
        let kept = self.steps.iter().filter(stood).find(|step| keeps(step))?;
        Some(format!("removed what the legal hold {} kept", kept.id))
    }

    fn lifted_by(&self, placed: &HoldStep, one: &Checkpoint) -> bool {
        let mut of = self.steps.iter().filter(|step| step.lifts && step.id == placed.id);
        of.any(|step| step.step_no <= one.hold_step_no)
    }

    /// What the trail tells of and is not there.
    fn missing(&self) -> Vec<String> {
        let steps = self.steps.iter().map(|step| (HOLD.to_owned(), step.name()));
        let checkpoints = self.checkpoints.iter().map(|one| (REMOVAL.to_owned(), one.name()));
        let known: BTreeSet<(String, String)> = steps.chain(checkpoints).collect();
        let words = |(method, name): &(String, String)| match method.as_str() {
            HOLD => format!("audit: step {name} of legal holds is told of and not there"),
            _ => format!("audit: checkpoint {name} is told of and not there"),
        };
        self.told.difference(&known).map(words).collect()
    }
}
