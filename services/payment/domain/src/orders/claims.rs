//! When a credit becomes a claim, and what has become of that.

use chrono::Months;
use niva_calendar::{NaiveDate, plus_days};
use niva_names::named;
use serde::Deserialize;

use super::{Order, OrderState, Plan};

/// What the city has decided of claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRules {
    /// Days after which a credit is a claim.
    after_days: u16,
    /// Years after which it lapses.
    limitation_years: u8,
}

/// Why a file of rules is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ClaimRulesError {
    /// The file.
    file: String,
    /// What is wrong, with what to do.
    problem: String,
}

named! {
    /// What has become of a claim.
    pub enum ClaimState: "state of a claim" {
        /// It is netted against what the payee is owed later, as any credit.
        Netting = "netting",
        /// The payee is to be sent an invoice.
        ToInvoice = "to_invoice",
        /// The payee was sent one.
        Invoiced = "invoiced",
        /// Somebody wants to write it off.
        WriteOffProposed = "write_off_proposed",
        /// Nothing is left of it.
        Closed = "closed",
    }
}

/// A credit that is a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What has become of it.
    pub state: ClaimState,
    /// The day from which it is one.
    pub since: NaiveDate,
    /// Days since the credit was made.
    pub age: i64,
    /// The last day before it lapses.
    pub limitation: NaiveDate,
}

impl ClaimRules {
    /// Those of the synthetic city.
    ///
    /// # Errors
    /// None, unless the file was changed badly before the build.
    pub fn shipped() -> Result<Self, ClaimRulesError> {
        Self::parse("stockholm.toml", include_str!("../../data/claims/stockholm.toml"))
    }

    /// Rules from the text of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, ClaimRulesError> {
        let wrong = |problem: String| ClaimRulesError { file: file.to_owned(), problem };
        let rules: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if rules.limitation_years == 0 {
            return Err(wrong(
                "limitation_years: is 0; give the years after which a claim lapses".to_owned(),
            ));
        }
        Ok(rules)
    }

    /// A credit, made on a day, as a claim; `None` where it is none yet, or never was. Whatever somebody has planned or done about a
    /// credit makes it one at once.
    #[must_use]
    pub fn claim(&self, order: &Order, made: NaiveDate, today: NaiveDate) -> Option<Claim> {
        let since = plus_days(made, self.after_days.into());
        let open = order.state == OrderState::Waiting && today >= since;
        if !order.is_credit() || !(open || order.planned) {
            return None;
        }
        let state = match order {
            Order { state: OrderState::Settled, .. } => ClaimState::Closed,
            Order { write_off_by: Some(_), .. } => ClaimState::WriteOffProposed,
            Order { invoiced: true, .. } => ClaimState::Invoiced,
            Order { plan: Plan::Invoice, .. } => ClaimState::ToInvoice,
            Order { plan: Plan::Netting, .. } => ClaimState::Netting,
        };
        let limitation = made.checked_add_months(Months::new(12 * u32::from(self.limitation_years)));
        let limitation = limitation.unwrap_or(NaiveDate::MAX);
        Some(Claim { state, since, age: (today - made).num_days(), limitation })
    }
}
