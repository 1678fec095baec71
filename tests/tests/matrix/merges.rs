//! Somebody of the city who was recorded twice, and two records that could be one person's.

use niva_journeys::steps::living;
use niva_journeys::world::{Role, World};
use niva_testing::requests::assessment::{merge_persons, record_person};

use super::side::Side;

pub(super) async fn tell(world: &World, side: &mut Side) {
    let [from, into] = ["twice", "again"].map(|name| side.called(name));
    for id in [&from, &into] {
        let request = record_person(living(id, side.district));
        world.assessment(Role::CaseOfficer).persons.record_person(request).await.expect("a person");
    }
    let mut lead = world.assessment(Role::AssessmentLead);
    let merged = lead.merges.merge_persons(merge_persons(&from, &into)).await.expect("a merge");
    let merged = merged.into_inner().person_merge.expect("a merge");
    for method in ["GetPersonMerge", "ListPersonMergeRevisions", "WithdrawPersonMerge", "taken"] {
        side.keep(&format!("person_merge_id@{method}"), &merged, merged.info.as_ref());
    }
    side.put("from_person_id", &side.called("6"));
    side.put("into_person_id", &into);
}
