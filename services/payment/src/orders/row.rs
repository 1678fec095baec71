//! Orders and what has happened to them, as they are kept and chained.

use chrono::{DateTime, Utc};
use niva_calendar::Month;
use niva_facts::Author;
use niva_money::Ore;
use niva_names::{OrderNo, PaymentRunId, RunNo};
use niva_payment_domain::orders::{Due, Order, OrderState, PaidTo, Step};

use crate::hash;

/// An order as it was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) no: OrderNo,
    pub(crate) run_no: RunNo,
    pub(crate) due: Due,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

/// What is said of a step beside what it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) reason: String,
    pub(crate) reference: String,
}

/// Something that has happened to an order.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// Its place among the steps of all orders, from 1 and without gaps.
    pub(crate) position: i64,
    pub(crate) order_no: OrderNo,
    pub(crate) step: Step,
    /// What the order is after it.
    pub(crate) state: OrderState,
    pub(crate) said: Said,
    pub(crate) author: Author,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

/// What columns a step fills; what it does not say is 0 or empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns<'a> {
    pub(crate) issue: i32,
    pub(crate) amount: i64,
    pub(crate) other: OrderNo,
    pub(crate) word: &'static str,
    pub(crate) to: Option<&'a PaidTo>,
}

/// An order as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) order: Order,
    pub(crate) run_id: PaymentRunId,
    pub(crate) month: Month,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) issued_at: Option<DateTime<Utc>>,
    /// Of the last step.
    pub(crate) position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) said: Said,
    /// What the last invoice is called.
    pub(crate) invoice: String,
}

/// An order that is none by the rules: its rows were not written so.
#[derive(Debug, thiserror::Error)]
#[error("order {order}, step {position}: {problem}")]
pub(crate) struct NoOrder {
    order: OrderNo,
    position: i64,
    problem: String,
}

impl Made {
    /// The hash of the row, after that of the row before it.
    pub(crate) fn chained(&self, before: &str) -> String {
        let Due { relation, amount, lines } = &self.due;
        hash::of([
            before,
            &self.no.to_string(),
            &self.run_no.to_string(),
            relation.payer.as_str(),
            relation.provider_id.as_str(),
            relation.payee_district.as_str(),
            relation.settlement.as_str(),
            &amount.0.to_string(),
            &lines.to_string(),
            &self.made_at.timestamp_micros().to_string(),
        ])
    }
}

impl Taken {
    pub(crate) fn columns(&self) -> Columns<'_> {
        let none = Columns::default();
        match &self.step {
            Step::Held(why) => Columns { word: why.as_str(), ..none },
            Step::Planned(plan) => Columns { word: plan.as_str(), ..none },
            Step::Netted { against, amount } => Columns { amount: amount.0, other: *against, ..none },
            Step::Issued { issue, netted: Ore(amount), to } => {
                Columns { issue: *issue, amount: *amount, to: to.as_ref(), ..none }
            }
            Step::Repaid(Ore(amount)) | Step::WrittenOff(Ore(amount)) => Columns { amount: *amount, ..none },
            Step::Waiting
            | Step::Booked
            | Step::Sent
            | Step::Paid
            | Step::Rejected
            | Step::Voided
            | Step::Invoiced
            | Step::WriteOffProposed => none,
        }
    }

    /// The hash of the row, after that of the row before it.
    pub(crate) fn chained(&self, before: &str) -> String {
        let Columns { issue, amount, other, word, to } = self.columns();
        let numbers = [self.position, self.order_no.into(), issue.into(), amount, other.into()];
        let to = to.map(|to| {
            let (revision, changed) = (to.revision.to_string(), to.changed.to_string());
            let kind = to.account.kind.as_str().to_owned();
            let texts = [&to.name, &to.account.number, &to.supplier_number].map(Clone::clone);
            [String::from(&to.payee_id), revision, changed, kind].into_iter().chain(texts).collect::<Vec<_>>()
        });
        let said = [
            before,
            self.step.name(),
            self.state.as_str(),
            word,
            &self.said.reason,
            &self.said.reference,
            &self.author.subject,
            &self.author.role,
        ];
        let texts = said.map(str::to_owned).into_iter().chain(numbers.map(|number| number.to_string()));
        let time = self.recorded_at.timestamp_micros().to_string();
        hash::of(texts.chain([time]).chain(to.unwrap_or_default()))
    }
}

impl Kept {
    /// An order to which nothing has happened yet.
    pub(crate) fn made(made: &Made, run_id: PaymentRunId, month: Month) -> Self {
        Self {
            order: Order::made(made.no, made.due.clone()),
            run_id,
            month,
            made_at: made.made_at,
            issued_at: None,
            position: 0,
            recorded_at: made.made_at,
            said: Said::default(),
            invoice: String::new(),
        }
    }

    /// The order after one more of its steps.
    pub(crate) fn then(&mut self, taken: &Taken) -> Result<(), NoOrder> {
        let wrong = |problem| NoOrder { order: taken.order_no, position: taken.position, problem };
        self.order.take(&taken.step, &taken.author.subject).map_err(|refused| wrong(refused.to_string()))?;
        if self.order.state != taken.state {
            return Err(wrong(format!("the order is {}, and not {}", self.order.state, taken.state)));
        }
        match taken.step {
            Step::Issued { .. } => self.issued_at = Some(taken.recorded_at),
            Step::Invoiced => self.invoice.clone_from(&taken.said.reference),
            _ => {}
        }
        self.position = taken.position;
        self.recorded_at = taken.recorded_at;
        self.said.clone_from(&taken.said);
        Ok(())
    }
}
