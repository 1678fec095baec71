//! The rules of payment, pure: facts of a placement in, lines and holds out.
//!
//! [`Case`] gathers what the feeds and the providers tell of one person in one service, in any order. From it come
//! the [`PlacementFacts`] of each placement; the engine turns those into [`Owed`]; the ledger compares what is owed
//! with what was paid.

mod case;
mod cause;
mod engine;
mod explain;
mod facts;
pub mod ledger;
mod names;
mod newest;
mod owed;
mod runs;
mod validate;

pub use case::{Case, Fact, Grant, LevelDecision, Order, Placed, Record};
pub use cause::{FactKind, Recorded, cause};
pub use engine::{Engine, Phases, owed, transition_days};
pub use explain::{Explanation, explain, hold_message};
pub use facts::{
    Agreement, LevelFact, Occasion, OccasionKind, PlacementFacts, PremisesCost, Schedule, Transition,
    UnitFacts,
};
pub use newest::Newest;
pub use owed::{Basis, Hold, HoldReason, Line, Owed, Settlement};
pub use runs::{Ledger, Run, RunRefused, RunState};
pub use validate::{FactError, MAX_PRICE, check_price, parse_hours, validate};
