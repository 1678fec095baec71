//! The rules of payment, pure: facts of a placement in, lines and holds out.
//!
//! [`Case`] gathers what the feeds and the providers tell of one person in one service, in any order. From it come
//! the [`PlacementFacts`] of each placement; the engine turns those into [`Owed`]; the ledger compares what is owed
//! with what was paid.

mod basis;
mod case;
mod cause;
mod due;
mod engine;
mod explain;
mod fact;
mod fact_error;
mod facts;
mod granted;
mod held;
mod kind;
mod known;
pub mod ledger;
mod live;
mod names;
pub mod orders;
mod owed;
mod payees;
pub mod postings;
mod records;
mod revisions;
mod runs;
pub mod stands;
mod touched;
mod unchanged;
mod validate;

pub use case::Case;
pub use cause::{Compared, Recorded};
pub use due::Due;
pub use engine::{ENGINE_VERSION, Engine, Phases, owed, transition_days};
pub use explain::{Explanation, explain};
pub use fact::{Content, Fact, Grant, LevelDecision, PlacementDates, Record, ScheduleFrom};
pub use fact_error::{FactError, MAX_PRICE};
pub use facts::{
    Agreement, Granted, Known, LevelFact, LevelKind, LevelOn, Occasion, Outcome, PlacementFacts,
    PremisesCost, Schedule, Special, Transition, TransitionTo, UnitPeriod,
};
pub use held::hold_message;
pub use kind::FactKind;
pub use known::{KnownPlacement, UnitFacts};
pub use owed::{Basis, Hold, HoldReason, Line, Owed, Payee, Settlement};
pub use payees::{Account, AccountKind, AccountRefused, is_vat_number};
pub use runs::{Cancel, Ledger, LinesSeen, Run, RunRefused, RunState};
pub use touched::hull;
pub use unchanged::KnownBefore;
pub use validate::{
    check_agreements, check_price, check_schedule, check_second_person, check_special, check_transition,
    validate,
};
