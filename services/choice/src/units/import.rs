//! Units of an import.

use std::collections::BTreeSet;

use niva_base::OpError;
use niva_choice_domain::Unit;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered};
use niva_names::ProviderId;
use niva_proto::choice::v1 as pb;
use niva_store::{Tx, facts};

use super::{in_use, store, wire};
use crate::import::{Change, Records, changes, refuse};
use crate::{App, feed, providers};

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Unit>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let mut read = Vec::new();
    for Numbered { number, entry } in records {
        match effects.read(number, |v| v.nested("unit", |v| app.reader().unit(v, entry, None))) {
            Some(unit) => read.push((number, unit)),
            // What names it needs no second error.
            None => effects.withhold("unit", entry.unit_id.trim()),
        }
    }
    let named = read.iter().flat_map(|(_, unit)| unit.periods.all());
    let named: BTreeSet<_> = named.map(|(_, terms)| &terms.provider_id).collect();
    let standing = providers::store::hold(tx, &named.into_iter().collect::<Vec<_>>()).await?;
    let standing: BTreeSet<ProviderId> = standing.into_iter().collect();
    read.retain(|(number, unit)| providers_stand(*number, unit, &standing, effects));
    store::hold_all(tx, &read.iter().map(|(_, unit)| &unit.unit_id).collect::<Vec<_>>()).await?;
    let given = read.into_iter().map(|(number, u)| Numbered { number, entry: (wire::message(&u), u) });
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for Change { number, fact, said, info, before } in changes(tx, told, given.collect(), effects).await? {
        match before {
            None => new.push((said, info)),
            Some(before) => {
                if before.service != fact.service && store::is_in_use(tx, &said.unit_id).await? {
                    refuse(effects, number, "unit.service", in_use(&said.unit_id, "its service stays"))?;
                    continue;
                }
                store::update(tx, &said, &info).await?;
            }
        }
        effects.tell(feed::unit(&fact));
        kept.push(fact);
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await
}

/// Whether all providers of a unit stand. One that the import has, wrong in itself, needs no second error.
fn providers_stand(number: i64, unit: &Unit, standing: &BTreeSet<ProviderId>, effects: &mut Effects) -> bool {
    let mut all = true;
    for (n, (_, terms)) in unit.periods.all().iter().enumerate() {
        let provider = &terms.provider_id;
        if standing.contains(provider) {
            continue;
        }
        all = false;
        if !effects.is_withheld("provider", provider.as_str()) {
            let words = format!("there is no provider {provider}, neither here nor in the import: add it");
            effects.refuse(number, &format!("unit.periods[{n}].provider_id"), "PROVIDER_UNKNOWN", words);
        }
    }
    if !all {
        effects.withhold("unit", unit.unit_id.as_str());
    }
    all
}
