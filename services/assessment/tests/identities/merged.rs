//! Who a person is who was recorded twice.

use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;
use niva_testing::requests::assessment::{merge_persons, withdraw_person_merge};

use super::{correct, erase, exported, find, get, known, record, replace, withdraw};
use crate::rig::{Rig, day, identity, invented_coordination_number, invented_number, refused};

async fn merged(rig: &Rig, from: &str, into: &str) -> String {
    let answer = rig.client.clone().merges.merge_persons(merge_persons(from, into)).await.unwrap();
    answer.into_inner().person_merge.unwrap().person_merge_id
}

async fn found(rig: &Rig, number: &str) -> (String, Option<String>) {
    let answer = rig.client.clone().identities.find_person(find(number)).await.unwrap().into_inner();
    (answer.person_id, answer.identity.map(|identity| identity.number))
}

fn withdraw_of(person: &str, revision: i64) -> pb::WithdrawPersonIdentityRequest {
    pb::WithdrawPersonIdentityRequest { person_id: person.into(), ..withdraw(revision, "of a merged record") }
}

on_both_databases! {
    async fn two_with_a_personal_number_each_are_two_people(db: &TestDb) {
        let rig = Rig::new(db).await;
        known(&rig, "p", &invented_number(980)).await;
        known(&rig, "q", &invented_number(981)).await;
        refused!(rig, merges.merge_persons(merge_persons("p", "q")), FailedPrecondition, "MERGE_OF_TWO_NUMBERS");
        rig.client.clone().identities.withdraw_person_identity(withdraw_of("p", 1)).await.unwrap();
        merged(&rig, "p", "q").await;
        assert_eq!(found(&rig, &invented_number(981)).await, ("q".into(), Some(invented_number(981))));
    }

    async fn a_person_is_found_by_the_numbers_of_both_records(db: &TestDb) {
        let rig = Rig::new(db).await;
        let (before, after) = (invented_coordination_number(980), invented_number(981));
        known(&rig, "p", &before).await;
        known(&rig, "q", &after).await;
        let id = merged(&rig, "p", "q").await;
        for number in [&before, &after] {
            assert_eq!(found(&rig, number).await, ("q".into(), Some(after.clone())));
        }
        // Nothing new is told of who the other was; both records are the person's, who is given both.
        refused!(rig, identities.replace_person_number(replace("r", &invented_number(982))), FailedPrecondition, "PERSON_MERGED");
        refused!(rig, identities.correct_person_identity(correct(1, "x", identity("p", &before))), FailedPrecondition, "PERSON_MERGED");
        let both = ["person 1", "identity 1", "person 1", "identity 1", "person_merge 1"];
        for person in ["p", "q"] {
            assert_eq!(exported(&rig.client, person).await.unwrap(), both);
        }
        rig.client.clone().merges.withdraw_person_merge(withdraw_person_merge(&id)).await.unwrap();
        assert_eq!(found(&rig, &before).await, ("p".into(), Some(before)));
    }

    /// The long history is that of a coordination number; the record with the personal number goes.
    async fn a_coordination_number_becomes_the_personal_one_of_the_record_that_went(db: &TestDb) {
        let rig = Rig::new(db).await;
        let (before, after) = (invented_coordination_number(980), invented_number(981));
        known(&rig, "p", &before).await;
        known(&rig, "q", &after).await;
        merged(&rig, "q", "p").await;
        // The number is that of a record which is told of: that is withdrawn first.
        refused!(rig, identities.replace_person_number(replace("r", &after)), AlreadyExists, "NUMBER_TAKEN");
        rig.client.clone().identities.withdraw_person_identity(withdraw_of("q", 1)).await.unwrap();
        rig.client.clone().identities.replace_person_number(replace("r", &after)).await.unwrap();
        for number in [&before, &after] {
            assert_eq!(found(&rig, number).await, ("p".into(), Some(after.clone())));
        }
        let shown = rig.client.clone().identities.get_person_identity(get("p")).await.unwrap().into_inner().identity.unwrap();
        assert_eq!((shown.number, shown.former_numbers.len()), (after, 1));
        refused!(rig, identities.record_person_identity(record("again", identity("q", &invented_number(982)))), FailedPrecondition, "PERSON_MERGED");
    }

    async fn who_a_person_is_is_erased_of_all_records_together(db: &TestDb) {
        let rig = Rig::new(db).await;
        let (before, after) = (invented_coordination_number(980), invented_number(981));
        known(&rig, "p", &before).await;
        known(&rig, "q", &after).await;
        known(&rig, "r", &invented_number(982)).await;
        merged(&rig, "p", "q").await;
        rig.clock.advance_to(day(2035, 1, 1));
        let answer = rig.client.clone().identities.erase_person_identity(erase("e", 1)).await.unwrap().into_inner();
        assert_eq!(answer.identity.unwrap().person_id, "p");
        let keys = "identity WHERE data_key IS NOT NULL";
        assert_eq!((rig.count(keys).await, rig.count("person_number").await), (1, 1), "those of the third");
        for person in ["p", "q"] {
            refused!(rig, identities.get_person_identity(get(person)), FailedPrecondition, "IDENTITY_ERASED");
        }
        for number in [&before, &after] {
            refused!(rig, identities.find_person(find(number)), NotFound, "NOT_FOUND");
        }
    }

    async fn without_keys_two_records_with_identities_are_not_merged(db: &TestDb) {
        let rig = Rig::new(db).await;
        known(&rig, "p", &invented_coordination_number(980)).await;
        known(&rig, "q", &invented_number(981)).await;
        rig.person("r").await;
        drop(rig);
        let rig = Rig::with_keys(db, None).await;
        refused!(rig, merges.merge_persons(merge_persons("p", "q")), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        merged(&rig, "p", "r").await;
    }
}
