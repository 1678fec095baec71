//! Grants of an import.

use std::collections::{BTreeMap, BTreeSet};

use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Upsert, upsert};
use niva_names::GrantId;
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts};

use super::{answers, begins_alive, overlaps, store, subject_fixed, wire};
use crate::import::{People, Records, noted, refuse};
use crate::{App, feed, persons};

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Grant>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let people = People::load(tx, records.iter().map(|r| r.entry.person_id.trim().into())).await?;
    let mut given = Vec::new();
    for Numbered { number, entry } in records {
        let nested = |v: &mut _| wire::grant(v, entry, None, Some(&app.city));
        let read = effects.read(number, |v| v.nested("grant", nested));
        let person = people.find(effects, number, "grant", &entry.person_id.trim().into());
        let mut checked = read.zip(person).map(|(grant, person)| {
            begins_alive(&persons::wire::stored(person)?, &grant)?;
            Ok(grant)
        });
        if let Some(Ok(grant)) = &checked
            && let Some(application) = &grant.application_id
            && !effects.is_withheld("application", application.as_str())
            && let Err(error) = answers(tx, None, application, grant).await
        {
            checked = Some(Err(error));
        }
        match noted(effects, number, "grant.application_id", checked.transpose())?.flatten() {
            Some(grant) => given.push(Numbered { number, entry: wire::message(&grant, None) }),
            // What is measured for the person needs no second error.
            None => effects.withhold("grant of", entry.person_id.trim()),
        }
    }
    let (mut kept, mut new, mut numbers) = (Vec::new(), Vec::new(), BTreeMap::new());
    for Numbered { number, entry } in upsert(tx, told, given, effects).await? {
        let message = match entry {
            Upsert::Created(message) => {
                if !people.may_have(effects, number, "grant", &message.person_id.as_str().into()) {
                    continue;
                }
                new.push((wire::stored(&message)?, crate::info(&message)?));
                message
            }
            Upsert::Corrected { before, after } => {
                let (standing, grant) = (wire::stored(&before)?, wire::stored(&after)?);
                if noted(effects, number, "grant", subject_fixed(&standing, &grant))?.is_none() {
                    continue;
                }
                store::update(tx, &grant, &crate::info(&after)?).await?;
                after
            }
        };
        effects.tell(feed::grant(&message));
        numbers.insert(GrantId::from(message.grant_id.as_str()), number);
        kept.push(message);
    }
    store::insert_all(tx, &new).await?;
    let new: BTreeSet<&GrantId> = new.iter().map(|(grant, _)| &grant.grant_id).collect();
    let (fresh, told_anew): (Vec<&GrantId>, Vec<&GrantId>) = numbers.keys().partition(|id| new.contains(id));
    for (ids, same) in [(fresh, true), (told_anew, false)] {
        for (grant, other) in store::overlapping(tx, &ids, same).await? {
            if let Some(number) = numbers.get(&grant) {
                refuse(effects, *number, "grant.valid", overlaps(&other))?;
            }
        }
    }
    facts::append(tx, &kept).await
}
