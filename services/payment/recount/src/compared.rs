//! What was paid against what is owed, for one placement.

use std::collections::BTreeMap;
use std::fmt;

use niva_calendar::{Month, NaiveDate};
use niva_models::Component;
use niva_money::Ore;
use niva_names::{CaseId, DistrictId, PlacementId, ProviderId};

use crate::owed::{Between, Owed, Payee};

/// A line of the ledger, with what tells whom it pays for what.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) case_key: CaseId,
    pub(crate) placement_id: PlacementId,
    pub(crate) component: Component,
    pub(crate) first: NaiveDate,
    pub(crate) last: NaiveDate,
    /// Id of the model, agreement or special compensation.
    pub(crate) by: String,
    pub(crate) payer: DistrictId,
    /// Empty where a board is paid.
    pub(crate) provider_id: ProviderId,
    pub(crate) payee_district: DistrictId,
    /// Öre; negative in a reversal.
    pub(crate) amount: i64,
}

impl Line {
    fn between(&self) -> Between<'_> {
        let payee = match self.provider_id.as_str() {
            "" => Payee::Board(&self.payee_district),
            _ => Payee::Provider(&self.provider_id),
        };
        Between { component: self.component, payer: &self.payer, payee, by: &self.by }
    }
}

/// What is paid for some days, once the lines that take back are added.
type Runs = BTreeMap<(NaiveDate, NaiveDate), i128>;

/// Where what was paid is not what is owed, in words.
pub(crate) fn compare(placement_id: &PlacementId, owed: &Owed<'_>, lines: &[&Line]) -> Vec<String> {
    let mut paid: BTreeMap<Between<'_>, Runs> = owed.keys().map(|between| (*between, Runs::new())).collect();
    for line in lines {
        let runs = paid.entry(line.between()).or_default();
        *runs.entry((line.first, line.last)).or_default() += i128::from(line.amount);
    }
    let nothing = BTreeMap::new();
    let mut found = Vec::new();
    for (between, mut runs) in paid {
        runs.retain(|_, sum| *sum != 0);
        let days = owed.get(&between).unwrap_or(&nothing);
        for words in differences(days, &runs) {
            found.push(format!("placement {placement_id}: {between} {words}"));
        }
    }
    found
}

/// Each run of paid days must be owed its sum, each of its days by itself may be paid so, and no owed day may lie outside.
fn differences(owed: &BTreeMap<NaiveDate, i128>, runs: &Runs) -> Vec<String> {
    let mut found = Vec::new();
    let mut through: Option<NaiveDate> = None;
    for ((first, last), paid) in runs {
        let days = Words(*first, *last);
        if first > last {
            found.push(format!("{days}: paid {} SEK for days that end before they begin", sek(*paid)));
            continue;
        }
        let due: i128 = owed.range(first..=last).map(|(_, ore)| ore).sum();
        let number = (*last - *first).num_days() + 1;
        let days_due = i64::try_from(owed.range(first..=last).count()).unwrap_or(i64::MAX);
        if due != *paid {
            found.push(format!("{days}: owed {} SEK, paid {} SEK", sek(due), sek(*paid)));
        } else if days_due != number {
            let none = number - days_due;
            found.push(format!("{days}: paid {} SEK, though nothing is owed for {none} of them", sek(*paid)));
        }
        if through.is_some_and(|through| *first <= through) {
            found.push(format!("{days}: paid {} SEK beside another payment of these days", sek(*paid)));
        }
        through = through.max(Some(*last));
    }
    found.extend(unpaid(owed, runs));
    found
}

/// Owed days that no payment is for, a month at a time.
fn unpaid(owed: &BTreeMap<NaiveDate, i128>, runs: &Runs) -> Vec<String> {
    let paid = |day: NaiveDate| runs.keys().any(|(first, last)| *first <= day && day <= *last);
    let mut found: Vec<(NaiveDate, NaiveDate, i128)> = Vec::new();
    let mut before_paid = true;
    for (day, ore) in owed.iter().filter(|(_, ore)| **ore != 0) {
        if paid(*day) {
            before_paid = true;
            continue;
        }
        match found.last_mut() {
            Some((first, last, sum)) if !before_paid && Month::of(*first) == Month::of(*day) => {
                (*last, *sum) = (*day, *sum + ore);
            }
            _ => found.push((*day, *day, *ore)),
        }
        before_paid = false;
    }
    let words = |(first, last, ore)| format!("{}: owed {} SEK, paid nothing", Words(first, last), sek(ore));
    found.into_iter().map(words).collect()
}

/// As far as an amount can be shown; beyond that the farthest.
fn sek(ore: i128) -> Ore {
    Ore(i64::try_from(ore).unwrap_or(if ore < 0 { i64::MIN } else { i64::MAX }))
}

/// Days in words.
struct Words(NaiveDate, NaiveDate);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} through {}", self.0, self.1)
    }
}

impl fmt::Display for Between<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, payee) = match self.payee {
            Payee::Provider(id) => ("provider", id.as_str()),
            Payee::Board(district) => ("board", district.as_str()),
        };
        write!(f, "{} by {}, from {} to {kind} {payee},", self.component, self.by, self.payer)
    }
}
