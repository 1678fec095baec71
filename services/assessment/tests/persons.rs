//! Where people live, and what else is told of them: by date, back in time, corrected and withdrawn.

use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use niva_testing::requests::assessment::record_person;

use crate::rig::{Rig, date, day, living, person_request, refused, told};

fn residence(valid_from: Option<common::Date>, district: &str) -> pb::ResidencePeriod {
    pb::ResidencePeriod { valid_from, district: district.into() }
}

fn moved(request: &str, to: pb::ResidencePeriod) -> pb::MovePersonRequest {
    pb::MovePersonRequest {
        request_id: request.into(),
        person_id: "p".into(),
        residence: Some(to),
        ..Default::default()
    }
}

fn correct(revision: i64, reason: &str, person: pb::Person) -> pb::CorrectPersonRequest {
    pb::CorrectPersonRequest {
        request_id: format!("correct {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        person: Some(person),
        ..Default::default()
    }
}

fn withdraw(revision: i64, reason: &str) -> pb::WithdrawPersonRequest {
    pb::WithdrawPersonRequest {
        request_id: format!("withdraw {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        person_id: "p".into(),
        ..Default::default()
    }
}

/// Who lives in a district on a day.
async fn living_in(rig: &Rig, district: &str, day: Option<common::Date>) -> usize {
    let request = pb::ListPersonsRequest { district: district.into(), day, ..Default::default() };
    rig.client.clone().persons.list_persons(request).await.unwrap().into_inner().persons.len()
}

on_both_databases! {
    async fn a_person_moves_and_moves_back_in_time(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let june = client.persons.move_person(moved("m1", residence(date(2024, 6, 1), "Bromma"))).await.unwrap().into_inner();
        assert!(june.feed_position > 0);
        // Out of the city from March; what was told from June on stays.
        client.persons.move_person(moved("m2", residence(date(2024, 3, 1), ""))).await.unwrap();
        let again = client.persons.move_person(moved("m3", residence(date(2024, 3, 1), ""))).await.unwrap().into_inner();
        let person = again.person.unwrap();
        assert_eq!(person.info.as_ref().unwrap().revision, 3, "told again, nothing new");
        assert_eq!(person.residences, [residence(None, "Farsta"), residence(date(2024, 3, 1), ""), residence(date(2024, 6, 1), "Bromma")]);
        assert_eq!(living_in(&rig, "Farsta", date(2024, 2, 29)).await, 1);
        assert_eq!(living_in(&rig, "Farsta", None).await, 0, "today is 18 March");
        assert_eq!(living_in(&rig, "Bromma", date(2024, 5, 31)).await, 0);
        assert_eq!(living_in(&rig, "Bromma", date(2024, 6, 1)).await, 1);
    }

    async fn a_person_is_corrected_withdrawn_and_read_back_as_known_then(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let first = rig.person("p").await;
        rig.clock.advance_to(day(2024, 3, 20));
        let corrected = client.persons.correct_person(correct(1, "the wrong board", living("p", "Järva"))).await.unwrap().into_inner().person.unwrap();
        assert_eq!(told(corrected.info.clone()), (2, true, "the wrong board".into(), "case_officer".into()));
        rig.clock.advance_to(day(2024, 3, 21));
        let gone = client.persons.withdraw_person(withdraw(2, "nobody of that id")).await.unwrap().into_inner().person.unwrap();
        assert_eq!(told(gone.info.clone()), (3, false, "nobody of that id".into(), "case_officer".into()));
        let get = |as_of| pb::GetPersonRequest { person_id: "p".into(), as_of };
        let at = |info: &Option<common::FactInfo>| info.as_ref().unwrap().record_time;
        for (as_of, known) in [(at(&first.info), &first), (at(&corrected.info), &corrected), (None, &gone)] {
            assert_eq!(client.persons.get_person(get(as_of)).await.unwrap().into_inner().person.as_ref(), Some(known));
        }
        let before = prost_types::Timestamp { seconds: at(&first.info).unwrap().seconds - 1, nanos: 0 };
        refused!(rig, persons.get_person(get(Some(before))), NotFound, "NOT_FOUND");
        let list = pb::ListPersonRevisionsRequest { person_id: "p".into(), page_size: 2, ..Default::default() };
        let page = client.persons.list_person_revisions(list.clone()).await.unwrap().into_inner();
        let rest = pb::ListPersonRevisionsRequest { page_token: page.next_page_token, ..list };
        let rest = client.persons.list_person_revisions(rest).await.unwrap().into_inner();
        assert_eq!([page.persons, rest.persons].concat(), [first, corrected, gone]);
        assert_eq!(rest.next_page_token, "");
        let all = pb::ListPersonsRequest { include_withdrawn: true, ..Default::default() };
        assert_eq!(client.persons.list_persons(all).await.unwrap().into_inner().persons.len(), 1);
        assert_eq!(client.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap().into_inner().persons.len(), 0);
        // The id is not free again.
        refused!(rig, persons.record_person(person_request("r", "p", "Farsta")), AlreadyExists, "ID_TAKEN");
        refused!(rig, grants.record_grant(crate::rig::grant_request("g", "p", stockholm::OCCUPATION)), FailedPrecondition, "PERSON_UNKNOWN");
    }

    async fn what_cannot_be_corrected_or_withdrawn(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        refused!(rig, persons.correct_person(correct(2, "x", living("p", "Järva"))), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, persons.correct_person(correct(1, "", living("p", "Järva"))), InvalidArgument, "REASON_MISSING");
        refused!(rig, persons.correct_person(correct(1, "x", living("q", "Järva"))), NotFound, "NOT_FOUND");
        refused!(rig, persons.correct_person(correct(1, "x", living("p", "Gotland"))), InvalidArgument, "DISTRICT_UNKNOWN");
        refused!(rig, persons.withdraw_person(withdraw(1, " ")), InvalidArgument, "REASON_MISSING");
        refused!(rig, persons.withdraw_person(withdraw(0, "x")), FailedPrecondition, "REVISION_NOT_NEWEST");
        rig.grant("g", "p", stockholm::OCCUPATION).await;
        refused!(rig, persons.withdraw_person(withdraw(1, "x")), FailedPrecondition, "PERSON_IN_USE");
        let request = pb::WithdrawGrantRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), grant_id: "g".into(), ..Default::default() };
        rig.client.clone().grants.withdraw_grant(request).await.unwrap();
        rig.client.clone().persons.withdraw_person(withdraw(1, "x")).await.unwrap();
        refused!(rig, persons.withdraw_person(withdraw(2, "x")), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, persons.correct_person(correct(2, "x", living("p", "Järva"))), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, persons.move_person(moved("m", residence(date(2024, 3, 1), ""))), FailedPrecondition, "FACT_WITHDRAWN");
        let tomorrow = rig.now() + chrono::Duration::days(1);
        let as_of = Some(prost_types::Timestamp { seconds: tomorrow.timestamp(), nanos: 0 });
        refused!(rig, persons.get_person(pb::GetPersonRequest { person_id: "p".into(), as_of }), InvalidArgument, "AS_OF_IN_FUTURE");
    }

    async fn deaths_and_groups_of_lss(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let assign = |request: &str, from, group: i32| pb::AssignLssGroupRequest {
            request_id: request.into(), person_id: "p".into(), lss_group: Some(pb::LssGroupPeriod { valid_from: from, group }), ..Default::default()
        };
        let die = |request: &str, death_date| pb::RecordDeathRequest { request_id: request.into(), person_id: "p".into(), death_date, ..Default::default() };
        client.persons.assign_lss_group(assign("a1", date(2024, 1, 1), 2)).await.unwrap();
        let none = client.persons.assign_lss_group(assign("a2", date(2023, 1, 1), 0)).await.unwrap().into_inner().person.unwrap();
        assert_eq!(none.lss_groups.iter().map(|g| g.group()).collect::<Vec<_>>(), [pb::LssGroup::Unspecified, pb::LssGroup::LssGroup2]);
        refused!(rig, persons.assign_lss_group(assign("a3", date(2024, 1, 1), 4)), InvalidArgument, "LSS_GROUP_UNKNOWN");
        refused!(rig, persons.record_death(die("d", date(2024, 3, 19))), InvalidArgument, "DEATH_IN_FUTURE");
        refused!(rig, persons.record_death(die("d", date(2023, 12, 31))), InvalidArgument, "AFTER_DEATH");
        let dead = client.persons.record_death(die("d", date(2024, 3, 10))).await.unwrap().into_inner().person.unwrap();
        assert_eq!((dead.death_date, dead.info.unwrap().revision), (date(2024, 3, 10), 4));
        refused!(rig, persons.move_person(moved("m", residence(date(2024, 3, 11), ""))), InvalidArgument, "AFTER_DEATH");
        let mut late = crate::rig::grant_of("g", "p", stockholm::OCCUPATION);
        late.valid = Some(common::DateInterval { first: date(2024, 3, 11), last: None });
        late.scopes.clear();
        refused!(rig, grants.record_grant(crate::rig::record("g", late)), InvalidArgument, "AFTER_DEATH");
        // A death that was recorded by mistake is corrected.
        let alive = pb::Person { death_date: None, info: None, ..client.persons.get_person(pb::GetPersonRequest { person_id: "p".into(), as_of: None }).await.unwrap().into_inner().person.unwrap() };
        let alive = client.persons.correct_person(correct(4, "it was somebody else", alive)).await.unwrap().into_inner().person.unwrap();
        assert_eq!((alive.death_date, alive.lss_groups.len()), (None, 2));
    }

    async fn periods_begin_on_days_of_their_own(db: &TestDb) {
        let rig = Rig::new(db).await;
        let record = |person| pb::RecordPersonRequest { request_id: "r".into(), ..record_person(person) };
        let twice = |from| pb::Person { residences: vec![residence(from, "Farsta"), residence(from, "Järva")], ..living("p", "Farsta") };
        refused!(rig, persons.record_person(record(twice(None))), InvalidArgument, "RESIDENCE_TWICE");
        refused!(rig, persons.record_person(record(twice(date(2024, 1, 1)))), InvalidArgument, "RESIDENCE_TWICE");
        refused!(rig, persons.record_person(record(pb::Person { residences: vec![], ..living("p", "Farsta") })), InvalidArgument, "FIELD_REQUIRED");
        let group = |group: i32| pb::LssGroupPeriod { valid_from: date(2024, 1, 1), group };
        refused!(rig, persons.record_person(record(pb::Person { lss_groups: vec![group(1), group(2)], ..living("p", "Farsta") })), InvalidArgument, "LSS_GROUP_TWICE");
        refused!(rig, persons.record_person(pb::RecordPersonRequest { request_id: "r".into(), ..Default::default() }), InvalidArgument, "FIELD_REQUIRED");
    }

    async fn a_rehearsal_answers_and_keeps_nothing(db: &TestDb) {
        let rig = Rig::new(db).await;
        let state = rig.state().await;
        let rehearsal = pb::RecordPersonRequest { validate_only: true, ..person_request("r", "p", "Farsta") };
        let answer = rig.client.clone().persons.record_person(rehearsal).await.unwrap().into_inner();
        assert_eq!((answer.person.unwrap().info.unwrap().revision, answer.feed_position), (1, 0));
        assert_eq!(rig.state().await, state);
        rig.client.clone().persons.record_person(person_request("r", "p", "Farsta")).await.unwrap();
    }
}
