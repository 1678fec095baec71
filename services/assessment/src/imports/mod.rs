//! Imports: what another system knows, all of it or nothing.

use std::sync::Arc;

use async_trait::async_trait;
use niva_base::{OpError, Violations};
use niva_calendar::Datelike;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Target};
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::read;
use niva_store::Tx;
use pb::create_import_request::Record;
use tokio::task::JoinHandle;

use crate::{App, applications, grants, level_decisions, measurements, persons};

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

    /// Persons, applications, grants by the month they begin (a grant is ended before the one that follows it begins),
    /// measurements, decisions.
    fn rank(entry: &pb::CreateImportRequest) -> i32 {
        match &entry.record {
            None | Some(Record::Person(_)) => 0,
            Some(Record::Application(_)) => 1,
            Some(Record::Grant(grant)) => {
                let first = grant.valid.and_then(|valid| valid.first);
                let first = read::optional_date(&mut Violations::new(), "first", first).flatten();
                first.map_or(2, |day| 2 + day.year() * 12 + i32::try_from(day.month0()).unwrap_or_default())
            }
            Some(Record::Measurement(_)) => i32::MAX - 1,
            Some(Record::LevelDecision(_)) => i32::MAX,
        }
    }

    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        let (mut people, mut asked, mut granted) = (Vec::new(), Vec::new(), Vec::new());
        let (mut measured, mut decided) = (Vec::new(), Vec::new());
        for Numbered { number, entry } in entries {
            let number = *number;
            match &entry.record {
                None => effects.refuse(number, "record", "FIELD_REQUIRED", "is required; give a value"),
                Some(Record::Person(entry)) => people.push(Numbered { number, entry }),
                Some(Record::Application(entry)) => asked.push(Numbered { number, entry }),
                Some(Record::Grant(entry)) => granted.push(Numbered { number, entry }),
                Some(Record::Measurement(entry)) => measured.push(Numbered { number, entry }),
                Some(Record::LevelDecision(entry)) => decided.push(Numbered { number, entry }),
            }
        }
        persons::import::apply(&self.0, tx, told, people, effects).await?;
        applications::import::apply(&self.0, tx, told, asked, effects).await?;
        grants::import::apply(&self.0, tx, told, granted, effects).await?;
        let corrected = measurements::import::apply(&self.0, tx, told, measured, effects).await?;
        level_decisions::import::follow(&self.0, tx, told, &corrected, effects).await?;
        level_decisions::import::apply(&self.0, tx, told, decided, effects).await
    }

    fn committed(&self) {
        self.0.feed.notify();
    }
}
