//! What a seal says of its records: the encoding that the sealer and the verifier share.

use chrono::{DateTime, Utc};
use niva_access::Record;
use niva_base::{Clock, hex};
use niva_facts::Author;
use niva_names::{LegalHoldId, PersonId};
use sha2::{Digest, Sha256};

/// The method of a record that the service leaves itself, when it removes what is too old.
pub(crate) const REMOVAL: &str = "retention";
/// The same, beside the record of a call that places or lifts a legal hold.
pub(crate) const HOLD: &str = "legal-hold";

/// A record as it lies in the database.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) position: i64,
    pub(crate) record: Record,
}

/// A batch that is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) seal_no: i64,
    pub(crate) last_position: i64,
    pub(crate) records: i64,
    pub(crate) sealed_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

impl Seal {
    /// The seal of these records, which come after those of the seal before.
    pub(crate) fn of(before: Option<&Self>, records: &[Kept], sealed_at: DateTime<Utc>) -> Self {
        let seal = Self {
            seal_no: before.map_or(0, |before| before.seal_no) + 1,
            last_position: records.last().map_or(0, |last| last.position),
            records: i64::try_from(records.len()).unwrap_or(i64::MAX),
            sealed_at,
            sha256: String::new(),
        };
        Self { sha256: seal.hash(before, records), ..seal }
    }

    /// The hash that it has when everything is as it was written.
    pub(crate) fn hash(&self, before: Option<&Self>, records: &[Kept]) -> String {
        let mut hash = Hash::new("niva audit seal 1");
        hash.text(before.map_or("", |before| &before.sha256));
        hash.number(self.seal_no);
        hash.number(self.last_position);
        hash.number(self.records);
        hash.number(self.sealed_at.timestamp_micros());
        records.iter().for_each(|kept| hash.record(kept));
        hex(&hash.0.finalize())
    }
}

/// A step of a legal hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HoldStep {
    pub(crate) step_no: i64,
    pub(crate) id: LegalHoldId,
    pub(crate) lifts: bool,
    /// What it keeps; what is lifted is what was placed.
    pub(crate) keeps: Keeps,
    pub(crate) reason: String,
    pub(crate) author: Author,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

/// What a legal hold keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keeps {
    /// Of this person; of everybody and nobody when there is none.
    pub(crate) person_id: Option<PersonId>,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Keeps {
    /// Whether some moment between two (both included) is in its period.
    pub(crate) fn meets(&self, (first, last): (DateTime<Utc>, DateTime<Utc>)) -> bool {
        self.since.is_none_or(|since| since <= last) && self.until.is_none_or(|until| until > first)
    }
}

impl HoldStep {
    /// The hash that it has when everything is as it was written.
    pub(crate) fn hash(&self, before: Option<&Self>) -> String {
        let mut hash = Hash::new("niva audit hold 1");
        hash.text(before.map_or("", |before| &before.sha256));
        hash.number(self.step_no);
        hash.text(self.id.as_str());
        hash.number(self.lifts.into());
        hash.text(self.keeps.person_id.as_ref().map_or("", PersonId::as_str));
        for at in [self.keeps.since, self.keeps.until] {
            hash.number(at.is_some().into());
            hash.number(at.map_or(0, |at| at.timestamp_micros()));
        }
        for text in [&self.reason, &self.author.subject, &self.author.role] {
            hash.text(text);
        }
        hash.number(self.recorded_at.timestamp_micros());
        hex(&hash.0.finalize())
    }

    /// What the trail says of it: `3:17f…`.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.step_no, self.sha256)
    }
}

/// Seals that follow each other and were removed with their records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) checkpoint_no: i64,
    pub(crate) first_seal: i64,
    pub(crate) last_seal: i64,
    pub(crate) after_position: i64,
    pub(crate) last_position: i64,
    pub(crate) records: i64,
    /// The hash of the seal before the first.
    pub(crate) before_sha256: String,
    /// The hash of the last: from here the chain goes on.
    pub(crate) last_sha256: String,
    /// When the first and the last call came.
    pub(crate) calls: (DateTime<Utc>, DateTime<Utc>),
    pub(crate) sealed_at: DateTime<Utc>,
    /// How long the rule said that records are kept.
    pub(crate) years: u32,
    /// The newest step of holds that was known; 0: none.
    pub(crate) hold_step_no: i64,
    pub(crate) hold_sha256: String,
    pub(crate) removed_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

impl Checkpoint {
    /// The hash that it has when everything is as it was written.
    pub(crate) fn hash(&self, before: Option<&Self>) -> String {
        let mut hash = Hash::new("niva audit checkpoint 1");
        hash.text(before.map_or("", |before| &before.sha256));
        let (first_at, last_at) = self.calls;
        let at = [first_at, last_at, self.sealed_at, self.removed_at].map(|at| at.timestamp_micros());
        let numbers =
            [self.checkpoint_no, self.first_seal, self.last_seal, self.after_position, self.last_position];
        let more = [self.records, self.years.into(), self.hold_step_no];
        numbers.into_iter().chain(more).chain(at).for_each(|number| hash.number(number));
        for text in [&self.before_sha256, &self.last_sha256, &self.hold_sha256] {
            hash.text(text);
        }
        hex(&hash.0.finalize())
    }

    /// What the trail says of it: `3:17f…`.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.checkpoint_no, self.sha256)
    }

    /// The seal from which the chain goes on.
    pub(crate) fn end(&self) -> Seal {
        Seal {
            seal_no: self.last_seal,
            last_position: self.last_position,
            records: self.records,
            sealed_at: self.sealed_at,
            sha256: self.last_sha256.clone(),
        }
    }
}

/// The steps that placed a hold that stands.
pub(crate) fn standing(steps: &[HoldStep]) -> Vec<&HoldStep> {
    let lifted = |step: &HoldStep| steps.iter().any(|other| other.lifts && other.id == step.id);
    steps.iter().filter(|step| !step.lifts && !lifted(step)).collect()
}

/// A record of what the service does itself.
pub(crate) fn said(method: &str, name: String) -> Record {
    let (method, code) = (method.to_owned(), "OK".to_owned());
    Record { time: Clock::system().now(), method, purpose: name, code, calls: 1, ..Record::default() }
}

/// Every text with its length before it, so that no two different records read alike.
struct Hash(Sha256);

impl Hash {
    fn new(what: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.text(what);
        hash
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn record(&mut self, Kept { position, record }: &Kept) {
        self.number(*position);
        self.number(record.time.timestamp_micros());
        let Record { subject, role, scope, method, purpose, code, reason, trace_id, .. } = record;
        for text in [subject, role, scope, method, purpose, code, reason, trace_id] {
            self.text(text);
        }
        self.number(record.calls);
        self.number(record.about.left_out);
        for ids in [&record.about.persons, &record.about.placements] {
            self.0.update((ids.len() as u64).to_be_bytes());
            ids.iter().for_each(|id| self.text(id));
        }
    }
}
