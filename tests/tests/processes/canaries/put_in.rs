//! Puts the marks in: by every method of who people are, done and refused in every way.

use std::collections::BTreeSet;

use niva_journeys::steps;
use niva_journeys::values::{day, new_request, snake_case};
use niva_journeys::world::{Part, Role, World};
use niva_names::stockholm;
use niva_proto::METHODS;
use niva_proto::assessment::v1 as pb;
use niva_rpc::client::Credentials;
use niva_testing::values::{invented_coordination_number, invented_number, officer_of, with_purpose};

use super::{NAMES, PERSON, Search};

type Client = pb::identity_service_client::IdentityServiceClient<niva_rpc::client::Channel>;

fn identity(person: &str, number: &str) -> pb::PersonIdentity {
    pb::PersonIdentity {
        person_id: person.to_owned(),
        number: number.to_owned(),
        given_name: NAMES[0].to_owned(),
        family_name: NAMES[1].to_owned(),
        ..pb::PersonIdentity::default()
    }
}

fn record(identity: pb::PersonIdentity) -> pb::RecordPersonIdentityRequest {
    pb::RecordPersonIdentityRequest {
        request_id: new_request(),
        identity: Some(identity),
        ..Default::default()
    }
}

fn correct(revision: i64, identity: pb::PersonIdentity) -> pb::CorrectPersonIdentityRequest {
    pb::CorrectPersonIdentityRequest {
        request_id: new_request(),
        expected_revision: revision,
        reason: NAMES[3].to_owned(),
        identity: Some(identity),
        ..Default::default()
    }
}

fn withdraw(person: &str, revision: i64) -> pb::WithdrawPersonIdentityRequest {
    pb::WithdrawPersonIdentityRequest {
        request_id: new_request(),
        expected_revision: revision,
        reason: NAMES[3].to_owned(),
        person_id: person.to_owned(),
        ..Default::default()
    }
}

fn replace(person: &str, number: &str) -> pb::ReplacePersonNumberRequest {
    pb::ReplacePersonNumberRequest {
        request_id: new_request(),
        person_id: person.to_owned(),
        number: number.to_owned(),
        valid_from: day("2024-03-01"),
        ..Default::default()
    }
}

fn erase(person: &str, revision: i64) -> pb::ErasePersonIdentityRequest {
    pb::ErasePersonIdentityRequest {
        request_id: new_request(),
        expected_revision: revision,
        person_id: person.to_owned(),
        ..Default::default()
    }
}

fn find(number: &str) -> pb::FindPersonRequest {
    pb::FindPersonRequest { number: number.to_owned() }
}

fn get(person: &str) -> pb::GetPersonIdentityRequest {
    pb::GetPersonIdentityRequest { person_id: person.to_owned(), as_of: None }
}

fn list(person: &str) -> pb::ListPersonIdentityRevisionsRequest {
    pb::ListPersonIdentityRevisionsRequest { person_id: person.to_owned(), ..Default::default() }
}

/// Calls, looks at what comes back, and notes which method it was.
macro_rules! ask {
    ($search:ident, $asked:ident, $client:expr, $rpc:ident($request:expr), $reason:expr) => {{
        let answer = $client.$rpc($request).await;
        let reason = answer.as_ref().err().map(|status| niva_rpc::reason(status).unwrap_or_default());
        let expected: Option<&str> = $reason;
        assert_eq!(reason.as_deref(), expected, "{}", stringify!($rpc));
        $search.answer(stringify!($rpc), &answer);
        $asked.insert(stringify!($rpc));
    }};
}

/// Of whom nobody tells a number or a name.
pub(super) const NEIGHBOUR: &str = "farsta-granne";

pub(super) async fn all(world: &World, search: &mut Search) {
    let other = "farsta-tvåan";
    steps::person_with_grant(world, other, stockholm::SUPPORTED_HOUSING, "Farsta", "2024-03-01").await;
    let mut asked = BTreeSet::new();
    let officer = &mut world.assessment(Role::CaseOfficer).identities;
    changes(officer, other, search, &mut asked).await;
    refusals(officer, other, search, &mut asked).await;
    outside(world, officer, other, search, &mut asked).await;
    shown(officer, search, &mut asked).await;
    steps::person_with_grant(world, NEIGHBOUR, stockholm::SUPPORTED_HOUSING, "Farsta", "2024-03-01").await;
    let methods = METHODS.iter().filter_map(|method| method.path.split_once(".IdentityService/"));
    let missed: Vec<_> =
        methods.map(|(_, name)| snake_case(name)).filter(|name| !asked.contains(name.as_str())).collect();
    assert!(missed.is_empty(), "nothing is put in by {missed:?}");
}

/// What is done, rehearsed and repeated.
async fn changes(officer: &mut Client, other: &str, search: &mut Search, asked: &mut BTreeSet<&str>) {
    let former = pb::FormerNumber { number: invented_coordination_number(984), last: None };
    let first = pb::PersonIdentity {
        former_numbers: vec![former],
        ..identity(PERSON, &invented_coordination_number(980))
    };
    let told = record(first.clone());
    let rehearsed = pb::RecordPersonIdentityRequest { validate_only: true, ..record(first) };
    ask!(search, asked, officer, record_person_identity(rehearsed), None);
    ask!(search, asked, officer, record_person_identity(told.clone()), None);
    ask!(search, asked, officer, record_person_identity(told), None);
    ask!(search, asked, officer, replace_person_number(replace(PERSON, &invented_number(981))), None);
    let renamed =
        pb::PersonIdentity { family_name: NAMES[2].into(), ..identity(PERSON, &invented_number(981)) };
    ask!(search, asked, officer, correct_person_identity(correct(2, renamed.clone())), None);
    ask!(
        search,
        asked,
        officer,
        record_person_identity(record(identity(other, &invented_number(982)))),
        None
    );
    ask!(search, asked, officer, withdraw_person_identity(withdraw(other, 1)), None);
    let hidden = pb::PersonIdentity { is_protected: true, ..renamed };
    ask!(search, asked, officer, correct_person_identity(correct(3, hidden)), None);
}

/// What is refused, each in its own way.
async fn refusals(officer: &mut Client, other: &str, search: &mut Search, asked: &mut BTreeSet<&str>) {
    let taken = invented_number(981);
    let wrong = format!("{}{}", &taken[..11], (taken.as_bytes()[11] - b'0' + 1) % 10);
    ask!(
        search,
        asked,
        officer,
        record_person_identity(record(identity(other, &taken))),
        Some("NUMBER_TAKEN")
    );
    ask!(search, asked, officer, record_person_identity(record(identity(PERSON, &taken))), Some("ID_TAKEN"));
    ask!(
        search,
        asked,
        officer,
        record_person_identity(record(identity("farsta-ingen", &taken))),
        Some("PERSON_UNKNOWN")
    );
    ask!(
        search,
        asked,
        officer,
        record_person_identity(record(identity(other, &wrong))),
        Some("NUMBER_INVALID")
    );
    for broken in [format!("{}\0", NAMES[0]), format!("{}\n", NAMES[0]) + NAMES[1], NAMES[0].repeat(30)] {
        let named = pb::PersonIdentity { given_name: broken.clone(), ..identity(other, &taken) };
        let reason = if broken.contains('\0') { "FIELD_INVALID" } else { "NAME_INVALID" };
        ask!(search, asked, officer, record_person_identity(record(named)), Some(reason));
    }
    let reused = record(identity(other, &invented_number(985)));
    ask!(search, asked, officer, record_person_identity(reused.clone()), None);
    let again =
        pb::RecordPersonIdentityRequest { identity: Some(identity(other, &invented_number(986))), ..reused };
    ask!(search, asked, officer, record_person_identity(again), Some("REQUEST_ID_REUSED"));
    ask!(
        search,
        asked,
        officer,
        replace_person_number(replace(other, &invented_coordination_number(986))),
        Some("NUMBER_NOT_PERSONAL")
    );
    ask!(
        search,
        asked,
        officer,
        replace_person_number(replace(other, &invented_number(986))),
        Some("NUMBER_PERSONAL_ALREADY")
    );
    ask!(
        search,
        asked,
        officer,
        correct_person_identity(correct(99, identity(other, &invented_number(986)))),
        Some("REVISION_NOT_NEWEST")
    );
    ask!(search, asked, officer, withdraw_person_identity(withdraw(other, 99)), Some("REVISION_NOT_NEWEST"));
    ask!(search, asked, officer, erase_person_identity(erase(other, 3)), Some("PERSON_IN_USE"));
    ask!(search, asked, officer, find_person(find(&invented_number(987))), Some("NOT_FOUND"));
    ask!(search, asked, officer, find_person(find(&wrong)), Some("NUMBER_INVALID"));
}

/// Calls that are not let in, or reach nobody.
async fn outside(
    world: &World,
    officer: &mut Client,
    other: &str,
    search: &mut Search,
    asked: &mut BTreeSet<&str>,
) {
    let taken = invented_number(981);
    let elsewhere = officer_of("olle", &[Role::CaseOfficer], "Bromma");
    let elsewhere = world.channel(Part::Assessment, Credentials::minted(world.issuer(), elsewhere));
    ask!(search, asked, Client::new(elsewhere), find_person(find(&taken)), Some("NOT_FOUND"));
    let provider = &mut world.assessment(Role::Provider).identities;
    ask!(search, asked, provider, find_person(find(&taken)), Some("ROLE_MISSING"));
    ask!(
        search,
        asked,
        provider,
        record_person_identity(record(identity(other, &taken))),
        Some("ROLE_MISSING")
    );
    let purpose = with_purpose(find(&taken), &format!("{}-{}", &taken[2..8], &taken[8..]));
    ask!(search, asked, officer, find_person(purpose), Some("FIELD_INVALID"));
    let nobody = &mut Client::new(world.channel(Part::Assessment, Credentials::none()));
    ask!(search, asked, nobody, find_person(find(&taken)), Some("TOKEN_MISSING"));
}

/// What is withheld of a protected identity. Who may see it is shown it, which is no leak and not looked at.
async fn shown(officer: &mut Client, search: &mut Search, asked: &mut BTreeSet<&str>) {
    ask!(search, asked, officer, find_person(find(&invented_number(981))), None);
    ask!(search, asked, officer, get_person_identity(get(PERSON)), None);
    ask!(search, asked, officer, list_person_identity_revisions(list(PERSON)), None);
}
