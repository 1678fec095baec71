//! What is told in tests, as the contract's messages, and what several of them come to. Every request has an id of its own;
//! who needs another, or a rehearsal, says so: `RecordGrantRequest { validate_only: true, ..record_grant(grant) }`.
//!
//! Days are given as a [`NaiveDate`], as a text (`"2024-03-01"`) or as the field itself.

pub mod assessment;
pub mod choice;
pub mod payment;

use niva_calendar::NaiveDate;
use niva_proto::common::v1::Date;

use crate::values::{date, on};

/// Something that is a day in a field.
pub trait Day {
    /// The field.
    fn field(self) -> Option<Date>;
}

impl Day for NaiveDate {
    fn field(self) -> Option<Date> {
        on(self)
    }
}

impl Day for Option<Date> {
    fn field(self) -> Option<Date> {
        self
    }
}

impl Day for &str {
    fn field(self) -> Option<Date> {
        let parts: Vec<i32> = self.split('-').map(|part| part.parse().expect("a number")).collect();
        let [year, month, day] = parts[..] else { panic!("{self} is no date") };
        date(year, month, day)
    }
}

/// `name: Request { field: Message }` writes `name(message)`: the request that records it.
macro_rules! recorded {
    ($($name:ident: $request:ident { $field:ident: $message:ty },)+) => {$(
        /// Records it.
        #[must_use]
        pub fn $name($field: $message) -> $request {
            let request_id = $crate::values::new_request();
            $request { request_id, $field: $field.into(), ..Default::default() }
        }
    )+};
}

use recorded;
