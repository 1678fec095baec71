//! Applications of an import.

use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Upsert, upsert};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts};

use super::{alive, refused, store, subject_fixed, wire};
use crate::App;
use crate::import::{People, Records, noted};
use crate::persons;

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Application>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let people = People::load(tx, records.iter().map(|r| r.entry.person_id.trim().into())).await?;
    let mut given = Vec::new();
    for Numbered { number, entry } in records {
        let nested = |v: &mut _| wire::application(v, entry, None, Some(&app.city));
        let read = effects.read(number, |v| v.nested("application", nested));
        let person = people.find(effects, number, "application", &entry.person_id.trim().into());
        let checked = read.zip(person).map(|(application, person)| {
            application.check(app.clock.today()).map_err(|e| refused(&e))?;
            alive(&persons::wire::stored(person)?, &application)?;
            Ok(wire::message(&application, None))
        });
        match noted(effects, number, "application", checked.transpose())?.flatten() {
            Some(entry) => given.push(Numbered { number, entry }),
            None => effects.withhold("application", entry.application_id.trim()),
        }
    }
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for Numbered { number, entry } in upsert(tx, told, given, effects).await? {
        match entry {
            Upsert::Created(message) => {
                if !people.may_have(effects, number, "application", &message.person_id.as_str().into()) {
                    continue;
                }
                new.push((wire::stored(&message)?, crate::info(&message)?));
                kept.push(message);
            }
            Upsert::Corrected { before, after } => {
                let (standing, application) = (wire::stored(&before)?, wire::stored(&after)?);
                let fixed = subject_fixed(&standing, &application);
                if noted(effects, number, "application", fixed)?.is_some() {
                    store::update(tx, &application, &crate::info(&after)?).await?;
                    kept.push(after);
                }
            }
        }
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await
}
