//! What the resources that are facts of placements have in common.

use niva_base::{OpError, Violations};
use niva_calendar::{Interval, NaiveDate};
use niva_facts::{Fact, Info};
use niva_models::Catalogue;
use niva_names::{PlacementId, ServiceCatalogue, ServiceKey};
use niva_payment_domain::{Case, FactKind, Record};
use prost::Message;

/// A resource of the contract that is a fact of a placement.
pub(crate) trait PlacementFact: Fact + Message + Default + Clone + PartialEq {
    /// What it is about, as its rows are named.
    const FACT: FactKind;
    /// Whether no two that stand for a placement share a day.
    const ALONE: bool = true;
    /// Whether it is checked against what else is known of the case.
    const OF_CASE: bool = false;
    /// Whether a new revision takes something over from the one before that nobody tells.
    const CARRIES: bool = false;

    /// The placement that it is about, as the message has it.
    fn placement_id(&self) -> &str;

    /// The placement's id.
    fn placement(&self) -> PlacementId {
        self.placement_id().into()
    }

    /// Gives it an id.
    fn set_fact_id(&mut self, id: Self::Id);

    /// Says which placement it is about.
    fn set_placement_id(&mut self, id: PlacementId);

    /// What it says; every violation at once. `today` bounds what can have happened; `None`: it is not looked at.
    fn read(&self, v: &mut Violations, today: Option<NaiveDate>) -> Option<Said>;

    /// Takes over what only the service says, such as an approval; without a revision before, clears it.
    fn carry(&mut self, _: Option<&Self>) {}

    /// Says what only the service says, once it is known what it is said of, such as that it needs a second person.
    fn judge(&mut self, _: Option<&Self>, _: &Told<'_>) {}

    /// Whether the revision says something to the case.
    fn counts(&self, _: &Info) -> bool {
        true
    }

    /// Whether it can be said of a placement of a case.
    fn fits(&self, _: &mut Violations, _: &Told<'_>) {}
}

/// What a fact is said of.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) service: ServiceKey,
    pub(crate) city: &'a ServiceCatalogue,
    pub(crate) catalogue: &'a Catalogue,
    /// `None` where [`PlacementFact::OF_CASE`] does not ask for it.
    pub(crate) case: Option<&'a Case>,
}

/// What a fact of a placement says.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The days that it is found by.
    pub(crate) days: Interval,
    /// What it says to the case.
    pub(crate) record: Record,
}

/// What a kept fact says.
pub(crate) fn kept<M: PlacementFact>(fact: &M) -> Result<Said, OpError> {
    let mut v = Violations::new();
    let said = fact.read(&mut v, None);
    said.filter(|_| v.is_empty())
        .ok_or_else(|| OpError::internal(format!("{} {} cannot be read", M::KIND, fact.fact_id())))
}
