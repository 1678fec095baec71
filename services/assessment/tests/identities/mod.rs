//! Who people are: told, found and shown to few, and refused without telling anybody of anybody.

mod keys;
mod leaving;
mod merged;

use niva_access::{Caller, Role};
use niva_proto::assessment::v1 as pb;
use niva_proto::assessment::v1::export_person_data_response::Fact as Exported;
use niva_testing::on_both_databases;
use tonic::Code;

use crate::rig::{
    Client, Rig, date, day, identity, invented_coordination_number, invented_number, officer_of, reason,
    refused, told, with_purpose,
};

fn record(request: &str, identity: pb::PersonIdentity) -> pb::RecordPersonIdentityRequest {
    let request_id = request.into();
    pb::RecordPersonIdentityRequest { request_id, identity: Some(identity), ..Default::default() }
}

fn get(person: &str) -> pb::GetPersonIdentityRequest {
    pb::GetPersonIdentityRequest { person_id: person.into(), as_of: None }
}

fn find(number: &str) -> pb::FindPersonRequest {
    pb::FindPersonRequest { number: number.into() }
}

fn correct(revision: i64, reason: &str, identity: pb::PersonIdentity) -> pb::CorrectPersonIdentityRequest {
    pb::CorrectPersonIdentityRequest {
        request_id: format!("correct {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        identity: Some(identity),
        ..Default::default()
    }
}

fn withdraw(revision: i64, reason: &str) -> pb::WithdrawPersonIdentityRequest {
    pb::WithdrawPersonIdentityRequest {
        request_id: format!("withdraw {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        person_id: "p".into(),
        ..Default::default()
    }
}

fn replace(request: &str, number: &str) -> pb::ReplacePersonNumberRequest {
    pb::ReplacePersonNumberRequest {
        request_id: request.into(),
        person_id: "p".into(),
        number: number.into(),
        valid_from: date(2024, 3, 1),
        ..Default::default()
    }
}

fn erase(request: &str, revision: i64) -> pb::ErasePersonIdentityRequest {
    let (request_id, person_id) = (request.into(), "p".into());
    pb::ErasePersonIdentityRequest {
        request_id,
        expected_revision: revision,
        person_id,
        ..Default::default()
    }
}

/// What is exported of a person, in few words: kinds and revisions.
async fn exported(client: &Client, person: &str) -> Result<Vec<String>, tonic::Status> {
    let request = pb::ExportPersonDataRequest { person_id: person.into() };
    let mut stream = client.clone().exports.export_person_data(request).await?.into_inner();
    let mut found = Vec::new();
    while let Some(message) = stream.message().await? {
        let (kind, info) = match message.fact.unwrap() {
            // What a call shows has tests of its own.
            Exported::AuditRecord(_) => continue,
            Exported::Person(person) => ("person", person.info),
            Exported::Identity(identity) if identity.is_withheld => ("identity withheld", identity.info),
            Exported::Identity(identity) => ("identity", identity.info),
            Exported::Application(application) => ("application", application.info),
            Exported::Grant(grant) => ("grant", grant.info),
            Exported::Measurement(measurement) => ("measurement", measurement.info),
            Exported::LevelDecision(decision) => ("level_decision", decision.info),
            Exported::PersonMerge(merge) => ("person_merge", merge.info),
        };
        found.push(format!("{kind} {}", info.unwrap().revision));
    }
    Ok(found)
}

/// A person with an identity.
async fn known(rig: &Rig, person: &str, number: &str) -> pb::PersonIdentity {
    rig.person(person).await;
    let request = record(&format!("identity of {person}"), identity(person, number));
    rig.client
        .clone()
        .identities
        .record_person_identity(request)
        .await
        .unwrap()
        .into_inner()
        .identity
        .unwrap()
}

/// The identity without its info.
fn bare(identity: Option<pb::PersonIdentity>) -> pb::PersonIdentity {
    pb::PersonIdentity { info: None, ..identity.unwrap() }
}

on_both_databases! {
    async fn a_person_is_told_of_found_and_shown(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let number = invented_number(980);
        let answer = known(&rig, "p", &format!("{}-{}", &number[2..8], &number[8..])).await;
        // The answer is kept for whoever repeats the request: it has nothing of it.
        assert_eq!(told(answer.info.clone()), (1, true, String::new(), "case_officer".into()));
        assert_eq!(bare(Some(answer)), pb::PersonIdentity { person_id: "p".into(), is_withheld: true, ..Default::default() });
        let found = client.identities.find_person(find(&number)).await.unwrap().into_inner();
        assert_eq!((found.person_id.as_str(), bare(found.identity)), ("p", identity("p", &number)));
        let shown = client.identities.get_person_identity(get("p")).await.unwrap().into_inner().identity;
        assert_eq!(bare(shown), identity("p", &number));
        // Told again, nothing happens twice; with other content it is another request.
        let again = record("identity of p", identity("p", &format!("{}-{}", &number[2..8], &number[8..])));
        assert_eq!(client.identities.record_person_identity(again).await.unwrap().into_inner().identity.unwrap().info.unwrap().revision, 1);
        refused!(rig, identities.record_person_identity(record("identity of p", identity("p", &invented_number(981)))), AlreadyExists, "REQUEST_ID_REUSED");
        refused!(rig, identities.record_person_identity(record("r", identity("p", &number))), AlreadyExists, "ID_TAKEN");
        let rehearsal = pb::RecordPersonIdentityRequest { validate_only: true, ..record("r", identity("q", &invented_number(981))) };
        rig.person("q").await;
        let state = rig.state().await;
        client.identities.record_person_identity(rehearsal).await.unwrap();
        assert_eq!(rig.state().await, state);
    }

    async fn two_people_never_have_one_number_and_nobody_learns_whose_it_is(db: &TestDb) {
        let rig = Rig::new(db).await;
        known(&rig, "p", &invented_coordination_number(980)).await;
        rig.client.clone().identities.replace_person_number(replace("r", &invented_number(981))).await.unwrap();
        rig.person("q").await;
        // Neither the one that somebody has, nor the one that they had.
        for number in [invented_number(981), invented_coordination_number(980)] {
            let status = refused!(rig, identities.record_person_identity(record("q", identity("q", &number))), AlreadyExists, "NUMBER_TAKEN");
            assert!(!format!("{status:?}").contains("\"p\"") && !format!("{status:?}").contains(&number), "{status:?}");
            let before = pb::FormerNumber { number, last: None };
            let with = pb::PersonIdentity { former_numbers: vec![before], ..identity("q", &invented_number(982)) };
            refused!(rig, identities.record_person_identity(record("q", with)), AlreadyExists, "NUMBER_TAKEN");
        }
        known(&rig, "o", &invented_number(983)).await;
        refused!(rig, identities.correct_person_identity(correct(1, "x", identity("o", &invented_number(981)))), AlreadyExists, "NUMBER_TAKEN");
        rig.client.clone().identities.record_person_identity(record("w", identity("q", &invented_coordination_number(984)))).await.unwrap();
        let replace = pb::ReplacePersonNumberRequest { person_id: "q".into(), ..replace("t", &invented_number(981)) };
        refused!(rig, identities.replace_person_number(replace), AlreadyExists, "NUMBER_TAKEN");
    }

    async fn a_coordination_number_becomes_a_personal_one(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let (before, after) = (invented_coordination_number(980), invented_number(981));
        known(&rig, "p", &before).await;
        refused!(rig, identities.replace_person_number(replace("r", &invented_coordination_number(982))), InvalidArgument, "NUMBER_NOT_PERSONAL");
        let answer = client.identities.replace_person_number(replace("r1", &after)).await.unwrap().into_inner();
        assert_eq!(answer.identity.unwrap().info.unwrap().revision, 2);
        let again = client.identities.replace_person_number(replace("r2", &after)).await.unwrap().into_inner();
        assert_eq!(again.identity.unwrap().info.unwrap().revision, 2, "told again, nothing new");
        refused!(rig, identities.replace_person_number(replace("r3", &invented_number(982))), FailedPrecondition, "NUMBER_PERSONAL_ALREADY");
        let other = pb::ReplacePersonNumberRequest { person_id: "nobody".into(), ..replace("r4", &invented_number(982)) };
        refused!(rig, identities.replace_person_number(other), NotFound, "NOT_FOUND");
        for number in [&before, &after] {
            let found = client.identities.find_person(find(number)).await.unwrap().into_inner();
            let former = pb::FormerNumber { number: before.clone(), last: date(2024, 2, 29) };
            let now = pb::PersonIdentity { former_numbers: vec![former], ..identity("p", &after) };
            assert_eq!((found.person_id.as_str(), bare(found.identity)), ("p", now));
        }
    }

    async fn an_identity_is_corrected_withdrawn_told_anew_and_read_as_known_then(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let number = invented_number(980);
        let first = known(&rig, "p", &number).await;
        rig.clock.advance_to(day(2024, 3, 20));
        let renamed = pb::PersonIdentity { family_name: "Hittepå".into(), ..identity("p", &number) };
        client.identities.correct_person_identity(correct(1, "married to somebody else", renamed.clone())).await.unwrap();
        let shown = client.identities.get_person_identity(get("p")).await.unwrap().into_inner().identity;
        assert_eq!(told(shown.clone().unwrap().info), (2, true, "married to somebody else".into(), "case_officer".into()));
        assert_eq!(bare(shown), renamed);
        let then = pb::GetPersonIdentityRequest { as_of: first.info.unwrap().record_time, ..get("p") };
        assert_eq!(bare(client.identities.get_person_identity(then).await.unwrap().into_inner().identity), identity("p", &number));
        // A person who was told of by name is not withdrawn before that is.
        let leave = pb::WithdrawPersonRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), person_id: "p".into(), ..Default::default() };
        refused!(rig, persons.withdraw_person(leave.clone()), FailedPrecondition, "PERSON_IN_USE");
        client.identities.withdraw_person_identity(withdraw(2, "somebody else's")).await.unwrap();
        refused!(rig, identities.find_person(find(&number)), NotFound, "NOT_FOUND");
        // The number is somebody else's then, and what was told stays readable.
        known(&rig, "q", &number).await;
        client.identities.record_person_identity(record("anew", identity("p", &invented_number(981)))).await.unwrap();
        let list = pb::ListPersonIdentityRevisionsRequest { person_id: "p".into(), page_size: 3, ..Default::default() };
        let page = client.identities.list_person_identity_revisions(list.clone()).await.unwrap().into_inner();
        let rest = pb::ListPersonIdentityRevisionsRequest { page_token: page.next_page_token, ..list };
        let rest = client.identities.list_person_identity_revisions(rest).await.unwrap().into_inner();
        let all: Vec<_> = [page.identities, rest.identities].concat().into_iter().map(|i| (i.family_name, told(i.info).1)).collect();
        let word = |name: &str, stands| (name.to_owned(), stands);
        assert_eq!(all, [word("Figur", true), word("Hittepå", true), word("Hittepå", false), word("Figur", true)]);
        client.identities.withdraw_person_identity(withdraw(4, "nobody at all")).await.unwrap();
        client.persons.withdraw_person(leave).await.unwrap();
    }

    async fn what_cannot_be_told_says_why_and_repeats_nothing(db: &TestDb) {
        let rig = Rig::new(db).await;
        let number = invented_number(980);
        refused!(rig, identities.record_person_identity(record("r", identity("nobody", &number))), FailedPrecondition, "PERSON_UNKNOWN");
        rig.person("p").await;
        let wrong = format!("{}{}", &number[..11], (number.as_bytes()[11] - b'0' + 1) % 10);
        let status = refused!(rig, identities.record_person_identity(record("r", identity("p", &wrong))), InvalidArgument, "NUMBER_INVALID");
        assert!(!format!("{status:?}").contains(&wrong) && !status.details().windows(12).any(|part| part == wrong.as_bytes()), "{status:?}");
        refused!(rig, identities.find_person(find(&wrong)), InvalidArgument, "NUMBER_INVALID");
        refused!(rig, identities.find_person(find("")), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, identities.find_person(find(&number)), NotFound, "NOT_FOUND");
        let nameless = pb::PersonIdentity { given_name: "a\nb".into(), ..identity("p", &number) };
        refused!(rig, identities.record_person_identity(record("r", nameless)), InvalidArgument, "NAME_INVALID");
        refused!(rig, identities.record_person_identity(pb::RecordPersonIdentityRequest { request_id: "r".into(), ..Default::default() }), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, identities.get_person_identity(get("p")), NotFound, "NOT_FOUND");
        refused!(rig, identities.withdraw_person_identity(withdraw(1, "x")), NotFound, "NOT_FOUND");
        rig.client.clone().identities.record_person_identity(record("r", identity("p", &number))).await.unwrap();
        let revised = identity("p", &number);
        refused!(rig, identities.correct_person_identity(correct(2, "x", revised.clone())), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, identities.correct_person_identity(correct(1, " ", revised.clone())), InvalidArgument, "REASON_MISSING");
        refused!(rig, identities.correct_person_identity(correct(1, "x", identity("q", &number))), NotFound, "NOT_FOUND");
        refused!(rig, identities.correct_person_identity(correct(1, "x", identity("p", &wrong))), InvalidArgument, "NUMBER_INVALID");
        refused!(rig, identities.replace_person_number(replace("x", &wrong)), InvalidArgument, "NUMBER_INVALID");
        refused!(rig, identities.withdraw_person_identity(withdraw(1, "")), InvalidArgument, "REASON_MISSING");
        refused!(rig, identities.withdraw_person_identity(withdraw(9, "x")), FailedPrecondition, "REVISION_NOT_NEWEST");
        let as_of = Some(prost_types::Timestamp { seconds: rig.now().timestamp() + 60, nanos: 0 });
        refused!(rig, identities.get_person_identity(pb::GetPersonIdentityRequest { as_of, ..get("p") }), InvalidArgument, "AS_OF_IN_FUTURE");
        rig.client.clone().identities.withdraw_person_identity(withdraw(1, "x")).await.unwrap();
        refused!(rig, identities.withdraw_person_identity(withdraw(2, "x")), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, identities.correct_person_identity(correct(2, "x", revised)), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, identities.replace_person_number(replace("x", &invented_number(981))), FailedPrecondition, "FACT_WITHDRAWN");
    }

    async fn whoever_is_out_of_reach_is_not_found_in_the_words_for_nobody(db: &TestDb) {
        let rig = Rig::new(db).await;
        known(&rig, "p", &invented_number(980)).await;
        let mut other = rig.client_of(officer_of("olle", &[Role::CaseOfficer], "Bromma"));
        // The order of what a status says beside its words is not fixed.
        let words = |status: tonic::Status| {
            let mut details = status.details().to_vec();
            details.sort_unstable();
            (status.code(), status.message().to_owned(), details)
        };
        let (theirs, nobodys) = (find(&invented_number(980)), find(&invented_number(981)));
        let theirs = words(other.identities.find_person(theirs).await.unwrap_err());
        assert_eq!(theirs, words(other.identities.find_person(nobodys).await.unwrap_err()));
        assert_eq!(theirs.0, Code::NotFound);
        assert_eq!(reason(&other.identities.get_person_identity(get("p")).await.unwrap_err()), "NOT_FOUND");
        let told = record("r", identity("p", &invented_number(982)));
        assert_eq!(reason(&other.identities.record_person_identity(told).await.unwrap_err()), "PERSON_UNKNOWN");
        let mut own = rig.client_of(officer_of("olga", &[Role::CaseOfficer], "Farsta"));
        own.identities.find_person(find(&invented_number(980))).await.unwrap();
    }

    async fn a_protected_identity_is_for_who_has_the_right_and_says_what_for(db: &TestDb) {
        let rig = Rig::new(db).await;
        let number = invented_number(980);
        known(&rig, "p", &number).await;
        let open = rig.client.clone().identities.get_person_identity(get("p")).await.unwrap().into_inner().identity.unwrap();
        let hidden = pb::PersonIdentity { is_protected: true, ..identity("p", &number) };
        rig.client.clone().identities.correct_person_identity(correct(1, "threatened by Somebody", hidden.clone())).await.unwrap();
        let caller = |sees_protected| Caller { sees_protected, ..officer_of("olga", &[Role::CaseOfficer], "Farsta") };
        let (mut with, mut without) = (rig.client_of(caller(true)), rig.client_of(caller(false)));
        let withheld = pb::PersonIdentity { person_id: "p".into(), is_protected: true, is_withheld: true, ..Default::default() };
        // The right without a purpose, and a purpose without the right.
        let found = with.identities.find_person(find(&number)).await.unwrap().into_inner();
        assert_eq!((found.person_id.as_str(), bare(found.identity)), ("p", withheld.clone()));
        let found = without.identities.find_person(with_purpose(find(&number), "case/17")).await.unwrap().into_inner();
        assert_eq!(told(found.identity.clone().unwrap().info).2, "", "the reason may name somebody");
        assert_eq!(bare(found.identity), withheld.clone());
        let list = pb::ListPersonIdentityRevisionsRequest { person_id: "p".into(), ..Default::default() };
        let all = without.identities.list_person_identity_revisions(list.clone()).await.unwrap().into_inner().identities;
        assert_eq!(all.into_iter().map(|identity| bare(Some(identity))).collect::<Vec<_>>(), [withheld.clone(), withheld.clone()]);
        // As it stood before it was protected, neither.
        let then = pb::GetPersonIdentityRequest { as_of: open.info.unwrap().record_time, ..get("p") };
        assert_eq!(bare(without.identities.get_person_identity(then).await.unwrap().into_inner().identity), withheld);
        // Both.
        let found = with.identities.find_person(with_purpose(find(&number), "case/17")).await.unwrap().into_inner();
        assert_eq!(bare(found.identity), hidden);
        let all = with.identities.list_person_identity_revisions(with_purpose(list, "case/17")).await.unwrap().into_inner().identities;
        assert_eq!(all.iter().map(|identity| identity.number.as_str()).collect::<Vec<_>>(), [&number, &number]);
        // Who was shown whom, and what for, is recorded.
        let mut auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
        let method = "/niva.assessment.v1.IdentityService/FindPerson".to_owned();
        let records = pb::ListAuditRecordsRequest { person_id: "p".into(), method, ..Default::default() };
        let records = auditor.audit.list_audit_records(records).await.unwrap().into_inner().audit_records;
        assert_eq!(records.iter().map(|record| record.purpose.as_str()).collect::<Vec<_>>(), ["", "case/17", "case/17"]);
    }
}
