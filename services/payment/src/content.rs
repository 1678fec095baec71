//! What a fact says, as its row keeps it: JSON of what a feed told, the contract's message of what payment was told itself.

use niva_base::Violations;
use niva_facts::{Author, Info, State, Telling};
use niva_names::{Merge, PersonId, PersonMergeId, PlacementId};
use niva_payment_domain::{Content, FactKind, Recorded};
use niva_proto::payment::v1 as pb;
use prost::DecodeError;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Error as Json;

use crate::placement_fact::PlacementFact;

/// What a feed told.
pub(crate) fn of_feed(content: &Content) -> Result<Vec<u8>, Json> {
    match content {
        Content::Grant(grant) => serde_json::to_vec(grant),
        Content::Level(decision) => serde_json::to_vec(decision),
        Content::Placement(dates) | Content::PlacementOfAnother(dates) => serde_json::to_vec(dates),
        Content::Record { .. } => Err(Json::custom("a fact of a placement is kept as its message")),
    }
}

/// Two records of one person.
#[derive(Serialize, Deserialize)]
struct Both {
    from: PersonId,
    into: PersonId,
}

/// What a feed told of a merge.
pub(crate) fn of_merge(merge: &Merge) -> Result<Vec<u8>, Json> {
    serde_json::to_vec(&Both { from: merge.from.clone(), into: merge.into.clone() })
}

/// A merge of an id, in a revision, which stands or was withdrawn.
pub(crate) fn merge(
    (id, revision, stands): (PersonMergeId, i64, bool),
    content: &[u8],
) -> Result<Merge, Json> {
    let Both { from, into } = serde_json::from_slice(content)?;
    Ok(Merge { id, revision, from, into, stands })
}

/// A message without what stands beside it: its `FactInfo`, its id and the placement that it is about.
pub(crate) fn of_message<M: PlacementFact>(fact: &M) -> Vec<u8> {
    let mut content = fact.clone();
    content.set_info(None);
    content.set_fact_id("".into());
    content.set_placement_id("".into());
    content.encode_to_vec()
}

/// The message, as it was told.
pub(crate) fn message<M: PlacementFact>(
    content: &[u8],
    placement_id: PlacementId,
    info: &Info,
) -> Result<M, DecodeError> {
    let mut fact = M::decode(content)?;
    fact.set_fact_id(info.fact_id.as_str().into());
    fact.set_placement_id(placement_id);
    fact.set_info(Some(info));
    Ok(fact)
}

/// What a row says to a case.
pub(crate) fn read(row: &Recorded, content: &[u8]) -> Result<Content, String> {
    fn json<T: DeserializeOwned>(content: &[u8], of: impl FnOnce(T) -> Content) -> Result<Content, String> {
        serde_json::from_slice(content).map(of).map_err(|e| e.to_string())
    }
    match row.kind {
        FactKind::Grant => json(content, Content::Grant),
        FactKind::LevelDecision => json(content, Content::Level),
        FactKind::Placement => json(content, Content::Placement),
        FactKind::PlacementOfAnother => json(content, Content::PlacementOfAnother),
        FactKind::PersonMerge | FactKind::Unit | FactKind::Model | FactKind::Measurement => {
            Err(format!("a {} is no fact of a case", row.kind))
        }
        FactKind::WeeklySchedule => said::<pb::Schedule>(row, content),
        FactKind::Occasion => said::<pb::Occasion>(row, content),
        FactKind::Agreement => said::<pb::Agreement>(row, content),
        FactKind::Transition => said::<pb::Transition>(row, content),
        FactKind::Visit => said::<pb::Visit>(row, content),
        FactKind::Absence => said::<pb::Absence>(row, content),
        FactKind::PremisesCost => said::<pb::PremisesCost>(row, content),
        FactKind::Special => said::<pb::SpecialCompensation>(row, content),
    }
}

fn said<M: PlacementFact>(row: &Recorded, content: &[u8]) -> Result<Content, String> {
    let mut fact = M::decode(content).map_err(|e| e.to_string())?;
    if M::CARRIES {
        // Whether an approval is of this revision is a matter of its number. Nobody asks here who told it.
        let state = if row.withdrawn { State::Withdrawn } else { State::Stands };
        let author = Author { subject: String::new(), role: String::new() };
        let told = Telling { author, recorded_at: chrono::DateTime::UNIX_EPOCH, reason: String::new() };
        fact.set_info(Some(&Info { fact_id: row.id.clone(), revision: row.revision, state, told }));
    }
    let mut v = Violations::new();
    let said = fact.read(&mut v, None);
    let said = v.finish_with(said).map_err(|e| e.to_string())?;
    let placement_id = row.placement_id.clone().unwrap_or_else(|| PlacementId::none().clone());
    Ok(Content::Record { placement_id, record: said.record })
}
