//! What is shown of measurements beside what was told: points, levels, and the decision that stands on them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_assessment_domain::default_valid_from;
use niva_base::{OpError, civil_day};
use niva_facts::Fact;
use niva_names::{LevelDecisionId, MeasurementId};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts};

use super::{store, wire};
use crate::App;

impl App {
    /// [`App::measurements_shown`] of one.
    pub(crate) async fn measurement_shown(
        &self,
        tx: &Tx<'_>,
        message: pb::Measurement,
        at: Option<DateTime<Utc>>,
    ) -> Result<pb::Measurement, OpError> {
        let shown = self.measurements_shown(tx, vec![message], at).await?.pop();
        shown.ok_or_else(|| OpError::internal("a measurement vanished"))
    }

    /// Stored measurements with all that is derived from them, as known now or at a recorded time.
    pub(super) async fn measurements_shown(
        &self,
        tx: &Tx<'_>,
        messages: Vec<pb::Measurement>,
        at: Option<DateTime<Utc>>,
    ) -> Result<Vec<pb::Measurement>, OpError> {
        let ids: Vec<_> = messages.iter().map(|m| MeasurementId::from(m.measurement_id.as_str())).collect();
        let made = store::decisions(tx, &ids.iter().collect::<Vec<_>>()).await?;
        let mut decisions: BTreeMap<LevelDecisionId, pb::LevelDecision> = BTreeMap::new();
        match at {
            None => {
                let ids: Vec<_> = made.values().flatten().collect();
                decisions = facts::newest_of(tx, &ids).await?;
            }
            Some(at) => {
                for id in made.values().flatten() {
                    decisions.extend(facts::as_of(tx, id, at).await?.map(|decision| (id.clone(), decision)));
                }
            }
        }
        decisions.retain(|_, decision| decision.info().is_some_and(|info| info.stands()));
        let shown = wire::Shown {
            catalogue: &self.catalogue,
            instruments: &self.instruments,
            default_effect: default_valid_from(civil_day(at.unwrap_or_else(|| self.clock.now()))),
        };
        let show = |message: pb::Measurement| {
            let made = made.get(message.measurement_id.as_str()).into_iter().flatten();
            let decided = made.filter_map(|id| decisions.get(id)).next();
            shown.measurement(message, decided)
        };
        messages.into_iter().map(show).collect()
    }
}
