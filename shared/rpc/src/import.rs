//! An import: a stream of records that is taken in whole or not at all, with every error told at its record.

use futures_util::{Stream, StreamExt};
use niva_base::{OpError, Violation, Violations};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::Status;

use crate::status::status;

/// Most records of one import: they are kept in memory until all are known to be right.
const MAX_RECORDS: usize = 1_000_000;

/// A message of an import's stream: one record.
pub trait Record: Message {
    /// The import's request id; in the first message only.
    fn request_id(&self) -> &str;
    /// Where the sender has the record from, such as `grants.csv:17`, or nothing.
    fn origin(&self) -> &str;
}

macro_rules! records {
    ($($message:ty),+) => {$(
        impl Record for $message {
            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn origin(&self) -> &str {
                &self.origin
            }
        }
    )+};
}

records!(niva_proto::choice::v1::ImportChoiceRequest);

/// An import that has arrived.
#[derive(Debug)]
pub struct Import<M> {
    request_id: String,
    content: String,
    records: Vec<M>,
}

impl<M: Record> Import<M> {
    /// Takes every message of a stream.
    ///
    /// # Errors
    /// The stream's; `REQUEST_ID_REPEATED`, `IMPORT_TOO_LARGE`, and `FIELD_REQUIRED` for an import without records.
    pub async fn gather(messages: impl Stream<Item = Result<M, Status>>) -> Result<Self, Status> {
        let mut messages = std::pin::pin!(messages);
        let (mut request_id, mut hash, mut records) = (String::new(), Sha256::new(), Vec::new());
        while let Some(message) = messages.next().await {
            let message = message?;
            if records.is_empty() {
                message.request_id().clone_into(&mut request_id);
            } else if !message.request_id().is_empty() {
                let words = "stands in the first message only: an import has one";
                return Err(status(OpError::invalid("request_id", "REQUEST_ID_REPEATED", words)));
            }
            if records.len() == MAX_RECORDS {
                let words = format!("more than {MAX_RECORDS} records: split the import");
                return Err(status(OpError::invalid("record", "IMPORT_TOO_LARGE", words)));
            }
            hash.update(message.encode_length_delimited_to_vec());
            records.push(message);
        }
        if records.is_empty() {
            let words = "the import is empty: send at least one record";
            return Err(status(OpError::invalid("record", "FIELD_REQUIRED", words)));
        }
        let content = format!("{:x} of {} records", hash.finalize(), records.len());
        Ok(Self { request_id, content, records })
    }

    /// The records in their order.
    #[must_use]
    pub fn records(&self) -> &[M] {
        &self.records
    }

    /// The id by which the whole import is claimed.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// What stands for the whole import where a request's content is compared.
    #[must_use]
    pub fn content(&self) -> &String {
        &self.content
    }
}

/// What is wrong with an import, by the number of the record; found in any order.
#[derive(Debug, Default)]
pub struct Findings {
    found: Vec<(usize, Violation)>,
    records: std::collections::BTreeSet<usize>,
}

impl Findings {
    /// Notes a violation of a record.
    pub fn add(&mut self, record: usize, field: &str, reason: &'static str, description: impl Into<String>) {
        self.extend(record, [Violation { field: field.to_owned(), description: description.into(), reason }]);
    }

    /// Notes violations of a record.
    pub fn extend(&mut self, record: usize, found: impl IntoIterator<Item = Violation>) {
        self.found.extend(found.into_iter().map(|violation| (record, violation)));
        if self.found.last().is_some_and(|(last, _)| *last == record) {
            self.records.insert(record);
        }
    }

    /// Whether something is wrong with a record.
    #[must_use]
    pub fn has(&self, record: usize) -> bool {
        self.records.contains(&record)
    }

    /// How many are found so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Nothing wrong, or all of it in the records' order.
    ///
    /// # Errors
    /// [`OpError::Invalid`] with all violations, each at its record and origin.
    pub fn finish(mut self, records: &[impl Record]) -> Result<(), OpError> {
        self.found.sort_by_key(|(record, _)| *record);
        let mut v = Violations::new();
        for (record, found) in self.found {
            let origin = records.get(record).map(Record::origin).unwrap_or_default();
            v.record(record, origin, |v| v.add(&found.field, found.reason, found.description));
        }
        v.finish()
    }
}

#[cfg(test)]
mod tests {
    use niva_proto::choice::v1::ImportChoiceRequest;

    use super::*;
    use crate::status::reason;

    fn message(request_id: &str, origin: &str) -> ImportChoiceRequest {
        ImportChoiceRequest { request_id: request_id.to_owned(), origin: origin.to_owned(), record: None }
    }

    async fn gathered(messages: Vec<ImportChoiceRequest>) -> Result<Import<ImportChoiceRequest>, Status> {
        Import::gather(futures_util::stream::iter(messages.into_iter().map(Ok))).await
    }

    #[tokio::test]
    async fn an_import_is_known_by_all_its_messages() {
        let [one, other] =
            ["units.csv:2", "units.csv:3"].map(|last| vec![message("r", ""), message("", last)]);
        let (one, again, other) = (gathered(one.clone()).await, gathered(one).await, gathered(other).await);
        let content = |import: Result<Import<_>, Status>| import.unwrap().content;
        let one = content(one);
        assert_eq!((content(again) == one, content(other) == one), (true, false));
        assert_eq!(reason(&gathered(Vec::new()).await.unwrap_err()).unwrap(), "FIELD_REQUIRED");
        let twice = vec![message("r", ""), message("r", "")];
        assert_eq!(reason(&gathered(twice).await.unwrap_err()).unwrap(), "REQUEST_ID_REPEATED");
    }

    #[test]
    fn errors_are_told_in_the_order_of_records_with_their_origin() {
        let mut findings = Findings::default();
        findings.add(1, "unit.name", "NAME_INVALID", "is no name");
        findings.add(0, "unit.unit_id", "ID_TAKEN", "is taken");
        assert!(findings.has(1) && !findings.has(2));
        let told = findings.finish(&[message("r", ""), message("", "units.csv:3")]).unwrap_err();
        let words = "records[0].unit.unit_id: is taken; records[1].unit.name: units.csv:3: is no name";
        assert_eq!(told.to_string(), words);
    }
}
