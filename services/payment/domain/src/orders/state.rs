//! What may happen to an order, and what it is then.

use niva_money::Ore;
use niva_names::OrderNo;

use super::{Due, Order, OrderState, Plan, Step};
use crate::Settlement;

/// Why something cannot happen to an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefused {
    /// It is in another state than the step needs.
    #[error("the order is {state}, and {what} no more or not yet: read it again")]
    State {
        /// The state.
        state: OrderState,
        /// What cannot be, in words.
        what: &'static str,
    },
    /// It was taken back.
    #[error("the order was voided: do nothing with it, and wait until it is issued again")]
    Voided,
    /// It was issued again since.
    #[error("the order was issued {issue} times: look at the last issue, for what is said is of another")]
    Issue {
        /// The last issue.
        issue: i32,
    },
    /// Nothing of it is paid to an account.
    #[error("nothing of the order is paid to an account: it is booked, and that is all")]
    NothingToPay,
    /// More than is left of a credit.
    #[error("only {left} SEK are left of the credit: say what was paid back at most")]
    TooMuch {
        /// What is left.
        left: Ore,
    },
    /// Who proposed to write it off writes nothing off.
    #[error("{subject} proposed to write it off: another person decides")]
    SamePerson {
        /// Who.
        subject: String,
    },
    /// Another sum than the order's.
    #[error("the order is of {amount} SEK: compare what was booked or paid with it")]
    Amount {
        /// What it is of.
        amount: Ore,
    },
}

impl OrderRefused {
    /// The reason in the contract.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::State { .. } | Self::NothingToPay => "ORDER_STATE",
            Self::Voided => "ORDER_VOIDED",
            Self::Issue { .. } => "ISSUE_NOT_NEWEST",
            Self::TooMuch { .. } => "MORE_THAN_LEFT",
            Self::SamePerson { .. } => "SAME_PERSON",
            Self::Amount { .. } => "AMOUNT_DIFFERS",
        }
    }
}

impl Order {
    /// An order to which nothing has happened yet.
    #[must_use]
    pub const fn made(no: OrderNo, due: Due) -> Self {
        Self {
            no,
            due,
            state: OrderState::Made,
            held: None,
            issue: 0,
            netted: Ore(0),
            to: None,
            repaid: Ore(0),
            written_off: Ore(0),
            plan: Plan::Netting,
            planned: false,
            invoiced: false,
            write_off_by: None,
        }
    }

    /// Whether the payee owes instead of being owed, and nothing is paid the other way.
    #[must_use]
    pub fn is_credit(&self) -> bool {
        self.due.relation.settlement == Settlement::Outgoing && self.due.amount < Ore(0)
    }

    /// What is left of a credit.
    #[must_use]
    pub fn left(&self) -> Ore {
        let gone = self.netted.0 + self.repaid.0 + self.written_off.0;
        if self.is_credit() { Ore(-self.due.amount.0 - gone) } else { Ore(0) }
    }

    /// What an order comes to: what is paid where it is issued, of a voucher what is booked.
    #[must_use]
    pub fn to_pay(&self) -> Ore {
        if self.is_credit() { Ore(0) } else { Ore(self.due.amount.0 - self.netted.0) }
    }

    /// Whether something is paid to an account.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.due.relation.settlement == Settlement::Outgoing && self.to_pay() > Ore(0)
    }

    /// Whether the ERP may say something of this issue and sum.
    ///
    /// # Errors
    /// It is another issue, or another sum.
    pub fn check_acknowledged(&self, issue: i32, amount: Ore) -> Result<(), OrderRefused> {
        if self.state == OrderState::Voided {
            return Err(OrderRefused::Voided);
        }
        if self.issue == 0 {
            return Err(OrderRefused::State { state: self.state, what: "can be acknowledged" });
        }
        if issue != self.issue {
            return Err(OrderRefused::Issue { issue: self.issue });
        }
        if amount != self.to_pay() {
            return Err(OrderRefused::Amount { amount: self.to_pay() });
        }
        Ok(())
    }

    /// Whether all is so already as a step would make it: what the ERP says twice.
    #[must_use]
    pub fn is_already(&self, step: &Step) -> bool {
        matches!(
            (self.state, step),
            (OrderState::Booked, Step::Booked)
                | (OrderState::Sent, Step::Sent)
                | (OrderState::Paid, Step::Paid)
                | (OrderState::Rejected, Step::Rejected)
        )
    }

    /// Takes a step that somebody does.
    ///
    /// # Errors
    /// It cannot happen to the order as it stands, which is then left as it was.
    pub fn take(&mut self, step: &Step, by: &str) -> Result<(), OrderRefused> {
        use OrderState::{Booked, Held, Issued, Made, Paid, Rejected, Sent, Voided};
        let credit = self.is_credit();
        self.state = match (self.state, step) {
            (Made, Step::Held(why)) if !credit => {
                self.held = Some(*why);
                Held
            }
            (Made | Held | Rejected | Voided, Step::Issued { issue, netted, to }) if !credit => {
                self.check_issue(*issue, *netted)?;
                (self.held, self.issue, self.netted) = (None, *issue, *netted);
                self.to.clone_from(to);
                Issued
            }
            (Issued, Step::Booked) => Booked,
            (Issued | Booked | Sent, Step::Sent | Step::Paid) if !self.pays() => {
                return Err(OrderRefused::NothingToPay);
            }
            (Issued | Booked, Step::Sent) => Sent,
            (Issued | Booked | Sent, Step::Paid) => Paid,
            (Issued | Booked | Sent | Paid, Step::Rejected) => Rejected,
            (Issued, Step::Voided) => Voided,
            (_, step) if credit => return self.take_of_credit(step, by),
            (state, step) => return Err(OrderRefused::State { state, what: step.what() }),
        };
        Ok(())
    }

    /// An issue follows on the one before, and takes nothing back that was netted.
    fn check_issue(&self, issue: i32, netted: Ore) -> Result<(), OrderRefused> {
        let sound = issue == self.issue + 1
            && (self.issue == 0 || netted == self.netted)
            && netted >= Ore(0)
            && (netted == Ore(0) || netted <= self.due.amount);
        if sound { Ok(()) } else { Err(OrderRefused::Issue { issue: self.issue }) }
    }

    fn take_of_credit(&mut self, step: &Step, by: &str) -> Result<(), OrderRefused> {
        use OrderState::{Made, Settled, Waiting};
        let left = self.left();
        let part = |amount: Ore| {
            let sound = amount > Ore(0) && amount <= left;
            if sound { Ok(amount.0) } else { Err(OrderRefused::TooMuch { left }) }
        };
        match (self.state, step) {
            (Made, Step::Waiting) => {}
            (Waiting, Step::Netted { amount, .. }) if self.plan == Plan::Netting => {
                self.netted.0 += part(*amount)?;
            }
            (Waiting, Step::Planned(plan)) if !self.invoiced || *plan == Plan::Invoice => {
                (self.plan, self.planned, self.write_off_by) = (*plan, true, None);
            }
            (Waiting, Step::Invoiced) if self.plan == Plan::Invoice && !self.invoiced => self.invoiced = true,
            (Waiting, Step::Repaid(amount)) if self.invoiced => self.repaid.0 += part(*amount)?,
            (Waiting, Step::WriteOffProposed) if self.write_off_by.is_none() => {
                (self.planned, self.write_off_by) = (true, Some(by.to_owned()));
            }
            (Waiting, Step::WrittenOff(amount)) if self.write_off_by.is_some() => {
                if let Some(subject) = self.write_off_by.clone().filter(|proposed| proposed == by) {
                    return Err(OrderRefused::SamePerson { subject });
                }
                self.written_off.0 += part(*amount)?;
            }
            (state, step) => return Err(OrderRefused::State { state, what: step.what() }),
        }
        self.state = if self.left() == Ore(0) { Settled } else { Waiting };
        Ok(())
    }
}

impl Step {
    /// Its name in the table.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Held(_) => "held",
            Self::Waiting => "waiting",
            Self::Netted { .. } => "netted",
            Self::Issued { .. } => "issued",
            Self::Booked => "booked",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Voided => "voided",
            Self::Planned(_) => "planned",
            Self::Invoiced => "invoiced",
            Self::Repaid(_) => "repaid",
            Self::WriteOffProposed => "write_off_proposed",
            Self::WrittenOff(_) => "written_off",
        }
    }

    /// What it does, in words that follow "the order is booked, and".
    const fn what(&self) -> &'static str {
        match self {
            Self::Held(_) => "can be held",
            Self::Waiting => "can wait",
            Self::Netted { .. } => "can be netted",
            Self::Issued { .. } => "can be issued",
            Self::Booked => "can be booked",
            Self::Sent => "can be sent",
            Self::Paid => "can be paid",
            Self::Rejected => "can be rejected",
            Self::Voided => "can be voided",
            Self::Planned(_) => "can be planned",
            Self::Invoiced => "can be invoiced",
            Self::Repaid(_) => "can be paid back",
            Self::WriteOffProposed => "can be proposed for writing off",
            Self::WrittenOff(_) => "can be written off",
        }
    }
}
