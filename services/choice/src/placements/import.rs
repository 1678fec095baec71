//! Placements of an import.

use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered};
use niva_proto::choice::v1 as pb;
use niva_store::{Tx, facts};

use super::ground::Ground;
use super::{store, wire};
use crate::import::{Change, Records, changes, refuse};
use crate::{App, feed};

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Placement>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let mut read = Vec::new();
    for Numbered { number, entry } in records {
        let placement =
            effects.read(number, |v| v.nested("placement", |v| app.reader().placement(v, entry, None)));
        read.extend(placement.map(|placement| (number, placement)));
    }
    let mut ground = Ground::read(app, tx, &read).await?;
    let mut given = Vec::new();
    for (number, mut placement) in read {
        match ground.grant(&placement) {
            Ok(grant_id) => {
                placement.grant_id = grant_id;
                given.push(Numbered { number, entry: (wire::message(&placement), placement) });
            }
            Err(error) => refuse(effects, number, "placement.grant_id", error)?,
        }
    }
    let changes = changes(tx, told, given, effects).await?;
    for change in changes.iter().filter(|change| change.before.is_some()) {
        ground.give_up(&change.said);
    }
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for Change { number, fact, said, info, before } in changes {
        // Where the unit itself is wrong no second error is told.
        if effects.is_withheld("unit", said.unit_id.as_str()) {
            continue;
        }
        if let Err(error) = ground.tell(&said, before.is_some()) {
            refuse(effects, number, "placement", error)?;
            continue;
        }
        match before {
            None => new.push((said, info)),
            Some(_) => store::update(tx, &said, &info).await?,
        }
        effects.tell(feed::placement(&fact));
        kept.push(fact);
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await
}
