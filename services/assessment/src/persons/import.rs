//! Persons of an import.

use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Upsert, upsert};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts};

use super::{refused, store, wire};
use crate::import::{Records, noted};
use crate::{App, feed};

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Person>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let mut given = Vec::new();
    for Numbered { number, entry } in records {
        let read = effects
            .read(number, |v| v.nested("person", |v| wire::person(v, entry, None, Some(&app.city))))
            .map(|person| {
                let checked = person.check(app.clock.today());
                checked.map(|()| person).map_err(|e| refused("person.death_date", &e))
            });
        match noted(effects, number, "person", read.transpose())?.flatten() {
            Some(person) => given.push(Numbered { number, entry: wire::message(&person, None) }),
            None => effects.withhold("person", entry.person_id.trim()),
        }
    }
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for Numbered { entry, .. } in upsert(tx, told, given, effects).await? {
        let message = match entry {
            Upsert::Created(message) => {
                new.push((wire::stored(&message)?, crate::info(&message)?));
                message
            }
            Upsert::Corrected { after, .. } => {
                store::update(tx, &wire::stored(&after)?, &crate::info(&after)?).await?;
                after
            }
        };
        effects.tell(feed::person(&message));
        kept.push(message);
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await
}
