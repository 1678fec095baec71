//! A file of accounts.

use std::collections::BTreeSet;

use niva_calendar::NaiveDate;
use niva_models::{Component, Regime};
use niva_names::{DistrictId, ServiceKey};
use serde::Deserialize;

use super::{Centre, Entry, Mapping};
use crate::Settlement;

/// Why a file of accounts is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}", .problems.join("; "))]
pub struct MappingError {
    /// The file.
    file: String,
    /// All that is wrong, each with what to do.
    problems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    account: Vec<Row>,
    #[serde(default)]
    cost_centre: Vec<CentreRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    from: NaiveDate,
    service: Option<String>,
    regime: Option<String>,
    component: Option<String>,
    settlement: Option<String>,
    debit: String,
    credit: String,
    #[serde(default)]
    activity: String,
    #[serde(default)]
    counterpart: String,
    #[serde(default)]
    vat: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CentreRow {
    from: NaiveDate,
    district: DistrictId,
    cost_centre: String,
}

impl Mapping {
    /// The example of the synthetic city.
    ///
    /// # Errors
    /// None, unless the file was changed badly before the build.
    pub fn shipped() -> Result<Self, MappingError> {
        Self::parse("stockholm.toml", include_str!("../../data/postings/stockholm.toml"))
    }

    /// A mapping from the text of a file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, MappingError> {
        let wrong = |problems| MappingError { file: file.to_owned(), problems };
        let read: File = toml::from_str(text).map_err(|error| wrong(vec![error.to_string()]))?;
        let mut problems = Vec::new();
        let mut entries = Vec::new();
        for (n, row) in (1..).zip(read.account) {
            match row.entry() {
                Ok(entry) => entries.push(entry),
                Err(problem) => problems.push(format!("account {n}: {problem}")),
            }
        }
        let mut seen = BTreeSet::new();
        for entry in &entries {
            let keys = (entry.from, entry.service, entry.regime, entry.component, entry.settlement);
            if !seen.insert(keys) {
                problems.push(format!("two accounts from {} name the same: take one away", entry.from));
            }
        }
        let mut centres = Vec::new();
        for CentreRow { from, district, cost_centre } in read.cost_centre {
            if !is_code(&cost_centre) {
                problems.push(format!("cost centre of {district}: {CODE}"));
            }
            centres.push(Centre { from, district, cost_centre });
        }
        if problems.is_empty() { Ok(Self { entries, centres }) } else { Err(wrong(problems)) }
    }
}

const CODE: &str = "give 1 to 20 letters and digits";

fn is_code(code: &str) -> bool {
    (1..=20).contains(&code.len()) && code.bytes().all(|sign| sign.is_ascii_alphanumeric())
}

fn key<T: std::str::FromStr<Err: std::fmt::Display>>(given: Option<String>) -> Result<Option<T>, String> {
    given.map(|given| given.parse().map_err(|error: T::Err| error.to_string())).transpose()
}

impl Row {
    fn entry(self) -> Result<Entry, String> {
        for (name, code, needed) in [
            ("debit", &self.debit, true),
            ("credit", &self.credit, true),
            ("activity", &self.activity, false),
            ("counterpart", &self.counterpart, false),
            ("vat", &self.vat, false),
        ] {
            if !(is_code(code) || !needed && code.is_empty()) {
                return Err(format!("{name}: {CODE}"));
            }
        }
        if self.debit == self.credit {
            return Err("debit and credit are the same account: nothing would be booked".to_owned());
        }
        Ok(Entry {
            from: self.from,
            service: key::<ServiceKey>(self.service)?,
            regime: key::<Regime>(self.regime)?,
            component: key::<Component>(self.component)?,
            settlement: key::<Settlement>(self.settlement)?,
            debit: self.debit,
            credit: self.credit,
            activity: self.activity,
            counterpart: self.counterpart,
            vat: self.vat,
        })
    }
}
