//! Files for other systems: how a run is booked, what it pays and what it consists of, in the forms that they read.
//!
//! A [`Driver`] writes one form. It is given the [`Part`]s of a file in order, and what it writes of each depends on nothing but that
//! part and what the file is about: a file of any length takes no memory, and is the same bytes whoever makes it. Drivers are found
//! in [`DRIVERS`]; a city adds its own there.

mod lines;
mod pain001;
mod payers;
mod sie;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use niva_calendar::Month;
use niva_money::Ore;
use niva_names::{DistrictId, OrderNo, PaymentRunId};
use niva_payment_domain::ledger::Payable;
use niva_payment_domain::orders::PaidTo;
use niva_payment_domain::postings::Posting;

pub use payers::{Board, Payers, PayersError};

/// All drivers there are.
pub const DRIVERS: &[&dyn Driver] =
    &[&sie::Sie4, &pain001::Pain001 { version: 9 }, &pain001::Pain001 { version: 3 }, &lines::LinesCsv];

/// The driver of a form.
#[must_use]
pub fn driver(format: &str) -> Option<&'static dyn Driver> {
    DRIVERS.iter().copied().find(|driver| driver.format().key == format)
}

/// Writes one form of file.
pub trait Driver: Send + Sync {
    /// Which.
    fn format(&self) -> Format;

    /// Writes a part of a file after those before it.
    ///
    /// # Errors
    /// The part cannot be said in this form.
    fn write(&self, about: &About<'_>, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), CannotSay>;
}

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Names it in requests and in the names of files.
    pub key: &'static str,
    /// What it is, in words.
    pub title: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// How names of files end.
    pub extension: &'static str,
    /// What it is made of.
    pub content: Content,
}

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The postings of a run: [`Part::Posting`].
    Postings,
    /// The orders of a run that are to be paid, by payer: [`Part::Batch`], its [`Part::Payment`]s, [`Part::BatchEnd`].
    Payments,
    /// The lines of a run: [`Part::Line`].
    Lines,
}

/// What a file is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About<'a> {
    /// What it is called, of no other file.
    pub reference: &'a str,
    /// The run.
    pub run: &'a PaymentRunId,
    /// Its month.
    pub month: Month,
    /// When it is made.
    pub made_at: DateTime<Utc>,
    /// On which day the bank is to pay; of no form but payments.
    pub pay_on: Option<NaiveDate>,
    /// Who pays.
    pub payers: &'a Payers,
    /// How many postings, payments or lines.
    pub records: u64,
    /// The sum of payments or lines; of postings nothing, which are balanced.
    pub sum: Ore,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Before everything else.
    Begin,
    /// Before the payments of a payer.
    Batch(Batch<'a>),
    /// An amount that is booked.
    Posting(&'a Posting),
    /// An order that is paid.
    Payment(Payment<'a>),
    /// A line.
    Line(Line<'a>),
    /// After the payments of a payer.
    BatchEnd,
    /// After everything else.
    End,
}

/// The payments of a payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Its place among the payers of the file, from 1.
    pub number: usize,
    /// Who pays.
    pub payer: &'a DistrictId,
    /// How many payments.
    pub payments: u64,
    /// Their sum.
    pub sum: Ore,
}

/// An order that is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment<'a> {
    /// The order.
    pub order: OrderNo,
    /// The how manyth time it was issued.
    pub issue: i32,
    /// Where it is paid to.
    pub to: &'a PaidTo,
    /// How much.
    pub amount: Ore,
}

impl Payment<'_> {
    /// What names the payment on its whole way to the payee and back, such as `PO-17-1`: the order, and the how manyth time it was
    /// issued.
    #[must_use]
    pub fn end_to_end(&self) -> String {
        format!("PO-{}-{}", self.order, self.issue)
    }
}

/// A line. It names no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its id.
    pub id: String,
    /// The service.
    pub service: &'a str,
    /// What it pays, to whom.
    pub payable: &'a Payable<'static>,
    /// Whether it takes back an earlier line.
    pub reversal: bool,
    /// The line that it corrects; empty where nothing was paid before.
    pub corrects: String,
}

/// Why a file cannot be made in a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSay {
    /// The city has not told how a board pays.
    #[error("no account to pay from for district {0}")]
    PayerMissing(DistrictId),
    /// What is asked for lacks the day to pay on.
    #[error("the day to pay on is missing")]
    PayOnMissing,
    /// A part that files of this form do not have.
    #[error("a part that does not belong in such a file")]
    Part,
    /// A writer failed.
    #[error("{0}")]
    Writer(String),
}

/// An amount in kronor, with two digits after the point.
fn kronor(Ore(ore): Ore) -> String {
    let (kronor, rest) = (ore.unsigned_abs() / 100, ore.unsigned_abs() % 100);
    let sign = if ore < 0 { "-" } else { "" };
    format!("{sign}{kronor}.{rest:02}")
}

/// At most so many characters of a text.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
