//! Merges: messages to values and back.

use std::collections::BTreeSet;

use niva_access::Scope;
use niva_assessment_domain::Difference;
use niva_base::{OpError, Violations};
use niva_facts::{Fact, Info};
use niva_names::{Merge, PersonId, PersonMergeId};
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::read;
use niva_store::Secrets;
use niva_store::page::PageRequest;

use super::filter::Filter;
use crate::wire::{fact_id, listed, page};

/// What a caller wants merged.
pub(crate) struct Asked {
    pub(super) id: PersonMergeId,
    pub(super) from: (PersonId, i64),
    pub(super) into: (PersonId, i64),
    pub(super) accepted: BTreeSet<Difference>,
}

/// MergePersons; `made` is the id of a merge without.
pub(crate) fn asked(request: &pb::MergePersonsRequest, made: PersonMergeId) -> Result<Asked, OpError> {
    let mut v = Violations::new();
    let id = fact_id(&mut v, "person_merge_id", &request.person_merge_id, Some(made));
    let from: Option<PersonId> = read::id(&mut v, "from_person_id", &request.from_person_id);
    let into: Option<PersonId> = read::id(&mut v, "into_person_id", &request.into_person_id);
    let two = from.is_none() || from != into;
    v.require(two, "into_person_id", "MERGE_OF_ONE", "is the record that goes: name the one that stays");
    let mut accepted = Some(BTreeSet::new());
    for (i, given) in request.accepted_differences.iter().enumerate() {
        let field = format!("accepted_differences[{i}]");
        let known = pb::MergeDifference::try_from(*given).ok().and_then(difference);
        v.require(known.is_some(), &field, "FIELD_INVALID", "is no difference: name one that there is");
        match (known, &mut accepted) {
            (Some(known), Some(accepted)) => drop(accepted.replace(known)),
            _ => accepted = None,
        }
    }
    let (expected_from, expected_into) = (request.expected_from_revision, request.expected_into_revision);
    let asked = (|| {
        Some(Asked {
            id: id?,
            from: (from?, expected_from),
            into: (into?, expected_into),
            accepted: accepted?,
        })
    })();
    v.finish_with(asked)
}

/// ListPersonMerges.
pub(super) fn filter(
    request: &pb::ListPersonMergesRequest,
    (scope, secrets): (&Scope, &Secrets),
) -> Result<(PageRequest, Filter), OpError> {
    let mut v = Violations::new();
    let listed = listed(&mut v, request.recorded_since, request.include_withdrawn);
    let listed = v.finish_with(listed)?;
    let person_id = read::filter_id(&request.person_id);
    let asked = pb::ListPersonMergesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = page(secrets, scope, "merges", &asked, (request.page_size, &request.page_token))?;
    Ok((page, Filter { person_id, reached: scope.clone(), listed }))
}

/// A merge as stored.
pub(super) fn stored(told: &pb::PersonMerge) -> Result<Merge, OpError> {
    let info = crate::info(told)?;
    Ok(Merge {
        id: told.person_merge_id.as_str().into(),
        revision: info.revision,
        from: told.from_person_id.as_str().into(),
        into: told.into_person_id.as_str().into(),
        stands: info.stands(),
    })
}

/// A merge as a message.
pub(super) fn message(merge: &Merge, differences: &BTreeSet<Difference>, info: &Info) -> pb::PersonMerge {
    let mut message = pb::PersonMerge {
        person_merge_id: merge.id.to_string(),
        from_person_id: merge.from.to_string(),
        into_person_id: merge.into.to_string(),
        accepted_differences: differences.iter().map(|known| named(*known).into()).collect(),
        info: None,
    };
    message.set_info(Some(info));
    message
}

/// Names of differences, for who reads a refusal.
pub(super) fn names(differences: &BTreeSet<Difference>) -> String {
    let names: Vec<&str> = differences.iter().map(|known| named(*known).as_str_name()).collect();
    names.join(",")
}

const fn named(difference: Difference) -> pb::MergeDifference {
    match difference {
        Difference::Residence => pb::MergeDifference::Residence,
        Difference::LssGroup => pb::MergeDifference::LssGroup,
        Difference::Death => pb::MergeDifference::Death,
        Difference::Grants => pb::MergeDifference::Grants,
        Difference::Levels => pb::MergeDifference::Levels,
    }
}

const fn difference(named: pb::MergeDifference) -> Option<Difference> {
    match named {
        pb::MergeDifference::Unspecified => None,
        pb::MergeDifference::Residence => Some(Difference::Residence),
        pb::MergeDifference::LssGroup => Some(Difference::LssGroup),
        pb::MergeDifference::Death => Some(Difference::Death),
        pb::MergeDifference::Grants => Some(Difference::Grants),
        pb::MergeDifference::Levels => Some(Difference::Levels),
    }
}
