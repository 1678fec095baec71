//! What a seal says of its records: the encoding that the sealer and the verifier share.

use chrono::{DateTime, Utc};
use niva_access::Record;
use niva_base::hex;
use sha2::{Digest, Sha256};

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
