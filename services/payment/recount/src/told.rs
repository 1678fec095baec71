//! What payment was told, read from its rows: of each fact the highest revision counts, and what was withdrawn is gone.

mod messages;

use std::collections::BTreeMap;

use niva_calendar::NaiveDate;
use niva_models::{GrantScope, Level, PriceUnit, Regime};
use niva_names::{CaseNo, DistrictId, FactId, PlacementId, ProviderId, ScaleId, UnitId};
use niva_proto::payment::v1 as pb;
use prost::Message;
use serde::Deserialize;

use self::messages::Unreadable;

/// Days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Days {
    pub(crate) first: NaiveDate,
    pub(crate) last: NaiveDate,
}

impl Days {
    pub(crate) fn has(&self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Grant {
    pub(crate) district: DistrictId,
    pub(crate) valid: Days,
    /// With the first day of each.
    pub(crate) scopes: Vec<(NaiveDate, GrantScope)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LevelKind {
    Measured,
    Stated,
    Preliminary,
    Conversion,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    pub(crate) valid_from: NaiveDate,
    pub(crate) decided: i64,
    pub(crate) decided_on: NaiveDate,
    pub(crate) kind: LevelKind,
    pub(crate) level: Level,
    pub(crate) scale: ScaleId,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dates {
    pub(crate) unit_id: UnitId,
    #[serde(rename = "S")]
    pub(crate) ordered: NaiveDate,
    #[serde(rename = "A")]
    pub(crate) came: Option<NaiveDate>,
    #[serde(rename = "N")]
    pub(crate) notice: Option<NaiveDate>,
    #[serde(rename = "E")]
    pub(crate) left: Option<NaiveDate>,
}

#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) from: NaiveDate,
    /// Sessions on Monday … Friday.
    pub(crate) schedule: [u8; 5],
}

#[derive(Debug)]
pub(crate) struct Occasion {
    pub(crate) date: NaiveDate,
    pub(crate) count: u8,
}

#[derive(Debug)]
pub(crate) struct Agreement {
    pub(crate) days: Days,
    pub(crate) unit: PriceUnit,
    /// Öre per unit.
    pub(crate) price: i64,
    pub(crate) approved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Work,
    Studies,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Left,
    Returned(NaiveDate),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Transition {
    pub(crate) job_start: NaiveDate,
    pub(crate) to: To,
    pub(crate) support_end: Option<NaiveDate>,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug)]
pub(crate) struct Special {
    pub(crate) days: Days,
    /// Öre for all of the days.
    pub(crate) amount: i64,
}

#[derive(Debug)]
pub(crate) struct PremisesCost {
    pub(crate) days: Days,
    /// Öre a month.
    pub(crate) per_month: i64,
    /// A second person has approved it, where one is needed.
    pub(crate) approved: bool,
}

/// Who runs a unit, and how.
#[derive(Debug, Deserialize)]
pub(crate) struct UnitPeriod {
    pub(crate) provider_id: ProviderId,
    pub(crate) district: DistrictId,
    pub(crate) regime: Regime,
    /// Its board charges what private units get for premises, where the model lets it.
    #[serde(default)]
    pub(crate) private_premises: bool,
}

/// A unit: its periods share no day.
#[derive(Debug, Deserialize)]
pub(crate) struct Unit {
    periods: Vec<(Days, UnitPeriod)>,
}

impl Unit {
    pub(crate) fn on(&self, day: NaiveDate) -> Option<&UnitPeriod> {
        self.periods.iter().find(|(days, _)| days.has(day)).map(|(_, period)| period)
    }
}

/// Facts of one kind by id, each in its highest revision; `None`: that one was withdrawn.
#[derive(Debug)]
pub(crate) struct Newest<T>(BTreeMap<FactId, (i64, Option<T>)>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Newest<T> {
    fn tell(&mut self, row: &Row, says: T) {
        if self.0.get(&row.fact_id).is_none_or(|(known, _)| *known < row.revision) {
            self.0.insert(row.fact_id.clone(), (row.revision, (!row.withdrawn).then_some(says)));
        }
    }

    /// Those that stand, in order of id.
    pub(crate) fn standing(&self) -> impl DoubleEndedIterator<Item = (&FactId, &T)> {
        self.0.iter().filter_map(|(id, (_, says))| Some((id, says.as_ref()?)))
    }
}

/// A row of the table of facts.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: i64,
    pub(crate) case_no: CaseNo,
    pub(crate) placement_id: Option<PlacementId>,
    pub(crate) kind: String,
    pub(crate) fact_id: FactId,
    pub(crate) revision: i64,
    pub(crate) withdrawn: bool,
    pub(crate) content: Vec<u8>,
}

/// All that was told of one placement.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    dates: Newest<Dates>,
    pub(crate) schedules: Newest<Schedule>,
    pub(crate) occasions: Newest<Occasion>,
    pub(crate) agreements: Newest<Agreement>,
    pub(crate) transitions: Newest<Transition>,
    pub(crate) visits: Newest<NaiveDate>,
    pub(crate) absences: Newest<Days>,
    pub(crate) specials: Newest<Special>,
    pub(crate) costs: Newest<PremisesCost>,
}

impl Placement {
    /// `None`: it is not known, or was withdrawn, and nothing is owed for it.
    pub(crate) fn dates(&self) -> Option<&Dates> {
        self.dates.standing().next().map(|(_, dates)| dates)
    }
}

/// All that was told of a person in a service.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) grants: Newest<Grant>,
    pub(crate) levels: Newest<Decision>,
    /// The first day that each level was told on, in whichever revision: to correct a decision is not to make it again.
    decided_on: BTreeMap<FactId, NaiveDate>,
    pub(crate) placements: BTreeMap<PlacementId, Placement>,
}

impl Case {
    /// Takes a row in; its order among the others is of no matter.
    ///
    /// # Errors
    /// What it says cannot be read.
    pub(crate) fn tell(&mut self, row: &Row) -> Result<(), Unreadable> {
        let content = row.content.as_slice();
        if row.kind == "grant" {
            self.grants.tell(row, serde_json::from_slice(content)?);
            return Ok(());
        }
        if row.kind == "level_decision" {
            let decision: Decision = serde_json::from_slice(content)?;
            let first = self.decided_on.entry(row.fact_id.clone()).or_insert(decision.decided_on);
            *first = decision.decided_on.min(*first);
            self.levels.tell(row, decision);
            return Ok(());
        }
        let id = row.placement_id.clone().unwrap_or_else(|| PlacementId::none().clone());
        let at = self.placements.entry(id).or_default();
        match row.kind.as_str() {
            "placement" => at.dates.tell(row, serde_json::from_slice(content)?),
            // Its id is another person's: nothing is owed for it here.
            "placement_of_another" => {}
            "weekly_schedule" => at.schedules.tell(row, messages::schedule(&pb::Schedule::decode(content)?)?),
            "occasion" => at.occasions.tell(row, messages::occasion(&pb::Occasion::decode(content)?)?),
            "agreement" => {
                at.agreements.tell(row, messages::agreement(&pb::Agreement::decode(content)?, row.revision)?);
            }
            "transition" => {
                at.transitions.tell(row, messages::transition(&pb::Transition::decode(content)?)?);
            }
            "visit" => at.visits.tell(row, messages::day(pb::Visit::decode(content)?.date)?),
            "absence" => at.absences.tell(row, messages::days(pb::Absence::decode(content)?.days)?),
            "special_compensation" => {
                at.specials.tell(row, messages::special(&pb::SpecialCompensation::decode(content)?)?);
            }
            "premises_cost" => {
                at.costs.tell(row, messages::cost(&pb::PremisesCost::decode(content)?, row.revision)?);
            }
            other => return Err(Unreadable(format!("`{other}` is no kind of fact that is known"))),
        }
        Ok(())
    }

    /// The day that a level was decided.
    pub(crate) fn decided_on(&self, id: &FactId, decision: &Decision) -> NaiveDate {
        self.decided_on.get(id).copied().unwrap_or(decision.decided_on)
    }
}
