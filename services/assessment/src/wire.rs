//! The contract's messages to commands, with every violation at once, and results back to messages.

mod answer;
mod read;

pub(crate) use answer::{Answers, grant, instrument, level_decision, person};
pub(crate) use read::{
    Imported, ImportedFact, ImportedMeasurement, end_grant, import_record, new_grant, new_measurement,
    new_scope,
};
