//! Files as they are kept and chained.

use chrono::{DateTime, NaiveDate, Utc};
use niva_base::hex;
use niva_facts::Author;
use niva_money::Ore;
use niva_names::{PaymentFileNo, PaymentRunId, RunNo};
use sha2::{Digest as _, Sha256};

use crate::hash;

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) no: PaymentFileNo,
    pub(crate) run_no: RunNo,
    pub(crate) run_id: PaymentRunId,
    pub(crate) format: String,
    pub(crate) file_name: String,
    pub(crate) pay_on: Option<NaiveDate>,
    pub(crate) records: i64,
    pub(crate) amount: Ore,
    pub(crate) size: i64,
    pub(crate) content_sha256: String,
    pub(crate) author: Author,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

impl Kept {
    /// The hash of the row, after that of the row before it.
    pub(crate) fn chained(&self, before: &str) -> String {
        let pay_on = self.pay_on.map(|day| day.to_string()).unwrap_or_default();
        let numbers = [
            self.no.into(),
            self.run_no.into(),
            self.records,
            self.amount.0,
            self.size,
            self.made_at.timestamp_micros(),
        ];
        let numbers = numbers.map(|number: i64| number.to_string());
        let texts = [
            before,
            &self.format,
            &self.file_name,
            &pay_on,
            &self.content_sha256,
            &self.author.subject,
            &self.author.role,
        ];
        hash::of(texts.into_iter().chain(numbers.iter().map(String::as_str)))
    }
}

/// The size and the hash of bytes that come in parts.
#[derive(Default)]
pub(crate) struct Digest {
    size: i64,
    hash: Sha256,
}

impl Digest {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.hash.update(bytes);
    }

    pub(crate) fn end(&self) -> (i64, String) {
        (self.size, hex(&self.hash.clone().finalize()))
    }

    /// The bytes are those of a file.
    pub(crate) fn is_of(&self, kept: &Kept) -> bool {
        self.end() == (kept.size, kept.content_sha256.clone())
    }
}
