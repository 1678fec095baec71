//! The rules of payment, pure: facts of a placement in, lines and holds out.
//!
//! [`Case`] gathers what the feeds and the providers tell of one person in one service, in any order. From it come
//! the [`PlacementFacts`] of each placement; the engine turns those into [`Owed`]; the ledger compares what is owed
//! with what was paid.

mod case;
mod cause;
mod engine;
mod explain;
mod fact;
mod facts;
mod known;
pub mod ledger;
mod names;
mod owed;
mod revisions;
mod runs;
mod validate;

pub use case::Case;
pub use cause::{FactKind, Recorded, cause};
pub use engine::{Engine, Phases, owed, transition_days};
pub use explain::{Explanation, explain, hold_message};
pub use fact::{Content, Fact, Grant, LevelDecision, PlacementDates, Record, ScheduleFrom};
pub use facts::{
    Agreement, Granted, Known, LevelFact, LevelKind, Occasion, PlacementFacts, PremisesCost, Schedule,
    Transition, UnitPeriod,
};
pub use known::{KnownPlacement, UnitFacts};
pub use niva_names::OccasionKind;
pub use owed::{Basis, Hold, HoldReason, Line, Owed, Settlement};
pub use runs::{Ledger, Run, RunRefused, RunState};
pub use validate::{FactError, MAX_PRICE, check_agreements, check_price, parse_hours, validate};
