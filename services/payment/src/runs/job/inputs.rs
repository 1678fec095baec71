//! What a run is calculated from, beside the cases themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use niva_calendar::Month;
use niva_models::Catalogue;
use niva_payment_domain::{Case, Recorded, UnitFacts};
use niva_store::{Database, DbError};

use super::RunError;
use crate::cases::store as cases;
use crate::runs::store as runs;
use crate::runs::stored::StoredRun;
use crate::units::store::units_as_of;

/// The last approved run before the one that is calculated.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) run_no: i32,
    pub(crate) month: Month,
    pub(crate) frozen: i64,
    /// It was calculated with the same models.
    pub(crate) same_models: bool,
}

/// Frozen when the run is made; the same however often it is read.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) run_no: i32,
    pub(crate) month: Month,
    pub(crate) opening: Month,
    pub(crate) frozen: i64,
    pub(crate) baseline: Option<Baseline>,
    /// Every approved run through the baseline.
    pub(crate) approved: Vec<i32>,
    pub(crate) units: BTreeMap<String, UnitFacts>,
    /// As they stood when the baseline was made.
    pub(crate) units_before: BTreeMap<String, UnitFacts>,
    /// What was recorded of units since the baseline.
    pub(crate) unit_facts: BTreeMap<String, Vec<Recorded>>,
    pub(crate) catalogue: Arc<Catalogue>,
}

impl Inputs {
    /// The inputs of a run.
    pub(crate) async fn of(
        db: &Database,
        run: &StoredRun,
        catalogue: &Arc<Catalogue>,
    ) -> Result<Self, RunError> {
        if run.models_fingerprint != catalogue.fingerprint {
            let (made, now) = (run.models_fingerprint.clone(), catalogue.fingerprint.clone());
            return Err(RunError::OtherModels { made, now });
        }
        let conn = db.conn();
        let baseline = match run.baseline {
            Some(run_no) => Some(runs::by_number(conn, run_no).await?.ok_or_else(|| missing(run_no))?),
            None => None,
        };
        let since = baseline.as_ref().map_or(run.frozen, |b| b.frozen);
        Ok(Self {
            run_no: run.run_no,
            month: run.run.month,
            opening: run.run.opening,
            frozen: run.frozen,
            approved: match &baseline {
                Some(baseline) => runs::approved_until(conn, baseline.run_no).await?,
                None => Vec::new(),
            },
            units: units_as_of(conn, run.frozen).await?,
            unit_facts: cases::recorded_of_units(conn, (since, run.frozen)).await?,
            units_before: match &baseline {
                Some(baseline) => units_as_of(conn, baseline.frozen).await?,
                None => BTreeMap::new(),
            },
            baseline: baseline.map(|b| Baseline {
                run_no: b.run_no,
                month: b.run.month,
                frozen: b.frozen,
                same_models: b.models_fingerprint == run.models_fingerprint,
            }),
            catalogue: Arc::clone(catalogue),
        })
    }

    /// Whether every month must be calculated for a case, and not only those after the baseline: something that its
    /// earlier months depend on is newer than the baseline, or a hold of the baseline must be listed again.
    ///
    /// What is owed for a month depends on facts and models alone. Where neither changed, the earlier months are owed as
    /// they were when the baseline made paid equal owed.
    pub(crate) fn needs_all_months<'a>(
        &self,
        fact_number: i64,
        mut unit_ids: impl Iterator<Item = &'a str>,
        held: bool,
    ) -> bool {
        self.baseline.as_ref().is_none_or(|b| {
            fact_number > b.frozen
                || !b.same_models
                || held
                || unit_ids.any(|id| self.unit_facts.contains_key(id))
        })
    }

    /// The months before the ledger's first in which one of two versions of a case is paid; `None`: both begin later.
    pub(crate) fn months_before(&self, before: &Case, now: &Case) -> Option<(Month, Month)> {
        let first = Month::of(before.first_day().into_iter().chain(now.first_day()).min()?);
        (first < self.opening).then(|| (first, self.opening.previous()))
    }

    /// First and last month to calculate.
    pub(crate) fn months(&self, all: bool) -> (Month, Month) {
        let first = self.baseline.as_ref().filter(|_| !all).map_or(self.opening, |b| b.month.next());
        (first, self.month)
    }
}

fn missing(run_no: i32) -> DbError {
    DbError::row("payment_run", "baseline_run_no", run_no.to_string(), "names no run")
}

/// Cases that a hold of the baseline is listed for.
pub(crate) type Held = BTreeSet<String>;
