//! From a run's lines to orders: what a board owes a payee by a run, what is netted against it, and what has become of it.
//!
//! An [`Order`] is what a run's lines come to in one [`Relation`]. It is made once; what happens to it afterwards is a [`Step`], and
//! the order as it stands is the fold of its steps, so that what is kept is only ever added to. An order of an outgoing settlement
//! that comes to less than nothing is a credit: it is never paid the other way, but netted against the orders of the same relation
//! when they are issued ([`settle`]), and what nothing is left to net against is a claim ([`ClaimRules`]). Vouchers between boards pay
//! nothing and may be of either sign.
//!
//! For each relation, at any time: what runs have owed = what is to be paid by orders that are issued + what is held − what is left
//! of credits − what payees have paid back − what was written off.

mod claims;
mod settle;
mod state;
#[cfg(test)]
mod tests;

use niva_money::Ore;
use niva_names::{DistrictId, OrderNo, PayeeId, ProviderId, named};

pub use claims::{Claim, ClaimRules, ClaimRulesError, ClaimState};
pub use settle::{Settled, settle};
pub use state::OrderRefused;

use crate::{Account, Settlement};

/// Who pays whom, and how: what lines are gathered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// District board that pays.
    pub payer: DistrictId,
    /// Provider that is paid; empty where a board is.
    pub provider_id: ProviderId,
    /// District board that is paid; empty where a provider is.
    pub payee_district: DistrictId,
    /// How it is settled.
    pub settlement: Settlement,
}

/// What a run's lines come to in a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Who pays whom.
    pub relation: Relation,
    /// Sum of the lines; negative where more was taken back than paid.
    pub amount: Ore,
    /// How many lines.
    pub lines: i64,
}

named! {
    /// What has become of an order.
    pub enum OrderState: "state of an order" {
        /// It is made, and nothing has happened yet: none is kept so.
        Made = "made",
        /// The payee cannot be paid yet.
        Held = "held",
        /// A credit of which something is left.
        Waiting = "waiting",
        /// Told to the ERP.
        Issued = "issued",
        /// The ERP has booked it.
        Booked = "booked",
        /// The ERP has sent it to the bank.
        Sent = "sent",
        /// It is paid.
        Paid = "paid",
        /// The ERP or the bank refused it.
        Rejected = "rejected",
        /// It was taken back before the ERP had done anything.
        Voided = "voided",
        /// A credit of which nothing is left.
        Settled = "settled",
    }
}

named! {
    /// Why a payee cannot be paid yet.
    pub enum HeldReason: "reason to hold an order" {
        /// Nobody has told to which account on this day.
        PayeeMissing = "payee_missing",
        /// No second person has approved the account.
        PayeeNotApproved = "payee_not_approved",
    }
}

named! {
    /// How a credit is to be had back.
    pub enum Plan: "plan of a claim" {
        /// It is netted against what the payee is owed later.
        Netting = "netting",
        /// The payee is sent an invoice, and nothing is netted.
        Invoice = "invoice",
    }
}

/// Where an order is paid to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidTo {
    /// The payee's fact.
    pub payee_id: PayeeId,
    /// Its revision.
    pub revision: i64,
    /// Whose account it is.
    pub name: String,
    /// The account.
    pub account: Account,
    /// The payee in the ERP; may be empty.
    pub supplier_number: String,
    /// Whether the payee was paid to another account the time before.
    pub changed: bool,
}

/// Something that happens to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It cannot be paid yet.
    Held(HeldReason),
    /// A credit waits for something to be netted against.
    Waiting,
    /// A part of a credit is netted against an order.
    Netted {
        /// The order.
        against: OrderNo,
        /// The part.
        amount: Ore,
    },
    /// It is told to the ERP.
    Issued {
        /// The how manyth time.
        issue: i32,
        /// What was netted against it.
        netted: Ore,
        /// Where it is paid to; none where nothing is to be paid to an account.
        to: Option<PaidTo>,
    },
    /// The ERP has booked it.
    Booked,
    /// The ERP has sent it to the bank.
    Sent,
    /// It is paid.
    Paid,
    /// The ERP or the bank refused it.
    Rejected,
    /// It is taken back before the ERP has done anything.
    Voided,
    /// Somebody says how a credit is to be had back.
    Planned(Plan),
    /// The payee was sent an invoice.
    Invoiced,
    /// The payee has paid a part back.
    Repaid(Ore),
    /// Somebody wants to write off what is left of a credit.
    WriteOffProposed,
    /// A second person has written it off.
    WrittenOff(Ore),
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub no: OrderNo,
    /// What it is of.
    pub due: Due,
    /// What has become of it.
    pub state: OrderState,
    /// Why it is held.
    pub held: Option<HeldReason>,
    /// How many times it was issued.
    pub issue: i32,
    /// What was netted: against an order, or of a credit.
    pub netted: Ore,
    /// Where it is paid to.
    pub to: Option<PaidTo>,
    /// Of a credit: what the payee has paid back.
    pub repaid: Ore,
    /// Of a credit: what was written off.
    pub written_off: Ore,
    /// Of a credit: how it is to be had back; until somebody says so, by netting.
    pub plan: Plan,
    /// Of a credit: whether somebody has planned anything for it.
    pub planned: bool,
    /// Of a credit: whether the payee was sent an invoice.
    pub invoiced: bool,
    /// Who wants to write it off.
    pub write_off_by: Option<String>,
}
