//! What the contract's messages have in common. The implementations are generated with the messages.

use niva_names::Id;

use crate::Info;

/// A resource of the contract that is a fact: a message with its own id and `FactInfo info`.
pub trait Fact {
    /// What its id is: `GrantId`.
    type Id: Id;
    /// The kind, for tables and people: `grant`.
    const KIND: &'static str;
    /// The resource's id, as the message has it.
    fn fact_id(&self) -> &str;
    /// The resource's id.
    fn id(&self) -> Self::Id {
        self.fact_id().into()
    }
    /// Which revision this is; `None` in a message that a caller made, or when it is unreadable.
    fn info(&self) -> Option<Info>;
    /// Sets or clears it.
    fn set_info(&mut self, info: Option<&Info>);
}

/// The request of a changing call.
pub trait Changing {
    /// The rpc's path: `/niva.choice.v1.OfferService/MakeOffer`.
    const METHOD: &'static str;
    /// The caller-made id: repeating it with the same content gives the same answer.
    fn request_id(&self) -> &str;
    /// Whether all is to be checked and answered, and nothing kept.
    fn validate_only(&self) -> bool;
    /// Why, in a correction or withdrawal; else empty.
    fn reason(&self) -> &str;
    /// Positions of other services' feeds that must have been applied first, by feed.
    fn min_positions(&self) -> Vec<(&str, i64)> {
        Vec::new()
    }
}

/// An answer that tells at which position of the feed the change stands.
pub trait Tells {
    /// Sets the position of the last event that the change appended.
    fn set_feed_position(&mut self, position: i64);
}

/// A message of an import's stream: one entry. What stands for the whole import is in the first message only.
pub trait Entry {
    /// The caller-made id of the import.
    fn request_id(&self) -> &str;
    /// Whether all is to be checked and counted, and nothing kept.
    fn validate_only(&self) -> bool;
    /// Why what is changed is changed.
    fn reason(&self) -> &str;
    /// Where the sender has the entry from: `grants.csv:17`.
    fn origin(&self) -> &str;
}
