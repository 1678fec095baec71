//! Imports: what another system kept, all of it or nothing.

use std::sync::Arc;

use async_trait::async_trait;
use niva_base::{OpError, Violations};
use niva_calendar::Datelike;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Target};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_store::Tx;
use pb::create_import_request::Record;
use tokio::task::JoinHandle;

use crate::{App, placements, providers, units};

/// What the records of an import become.
pub(crate) struct Facts(pub(crate) Arc<App>);

niva_imports::service! { pb: Facts, |import, feed_position| pb::CreateImportResponse {
    import: Some(import), feed_position,
} }

/// Starts the imports of the service, and the worker that lets them take effect.
pub(crate) fn start(app: &Arc<App>) -> (niva_imports::Imports<Facts>, JoinHandle<()>) {
    let (db, clock, secrets) = (app.db.clone(), app.clock.clone(), app.secrets.clone());
    niva_imports::Imports::start(db, clock, secrets, Facts(Arc::clone(app)), app.shutdown.clone())
}

#[async_trait]
impl Target for Facts {
    type Entry = pb::CreateImportRequest;

    /// Providers, units, placements by the month they are ordered for: one ends before the one that takes its place.
    fn rank(entry: &pb::CreateImportRequest) -> i32 {
        match &entry.record {
            None | Some(Record::Provider(_)) => 0,
            Some(Record::Unit(_)) => 1,
            Some(Record::Placement(placement)) => {
                let first = placement.ordered_start;
                let first = read::optional_date(&mut Violations::new(), "ordered_start", first).flatten();
                first.map_or(2, |day| 2 + day.year() * 12 + i32::try_from(day.month0()).unwrap_or_default())
            }
        }
    }

    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        let (mut run, mut work, mut placed) = (Vec::new(), Vec::new(), Vec::new());
        for Numbered { number, entry } in entries {
            let number = *number;
            match &entry.record {
                None => effects.refuse(number, "record", "FIELD_REQUIRED", "is required; give a value"),
                Some(Record::Provider(entry)) => run.push(Numbered { number, entry }),
                Some(Record::Unit(entry)) => work.push(Numbered { number, entry }),
                Some(Record::Placement(entry)) => placed.push(Numbered { number, entry }),
            }
        }
        providers::import::apply(tx, told, run, effects).await?;
        units::import::apply(&self.0, tx, told, work, effects).await?;
        placements::import::apply(&self.0, tx, told, placed, effects).await
    }

    fn committed(&self) {
        self.0.feed.notify();
    }
}
