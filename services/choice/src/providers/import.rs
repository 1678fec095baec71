//! Providers of an import.

use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered};
use niva_proto::choice::v1 as pb;
use niva_store::{Tx, facts};

use super::{store, wire};
use crate::feed;
use crate::import::{Change, Records, changes};

pub(crate) async fn apply(
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Provider>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let mut given = Vec::new();
    for Numbered { number, entry } in records {
        match effects.read(number, |v| v.nested("provider", |v| wire::provider(v, entry, None))) {
            Some(provider) => given.push(Numbered { number, entry: (wire::message(&provider), provider) }),
            // What names it needs no second error.
            None => effects.withhold("provider", entry.provider_id.trim()),
        }
    }
    let ids: Vec<_> = given.iter().map(|g| &g.entry.1.provider_id).collect();
    store::hold(tx, &ids).await?;
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for Change { fact, said, info, before, .. } in changes(tx, told, given, effects).await? {
        match before {
            None => new.push((said, info)),
            Some(_) => store::update(tx, &said, &info).await?,
        }
        effects.tell(feed::provider(&fact));
        kept.push(fact);
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await
}
