//! What the city of the access matrix does without: things to withdraw, to decide, and to take an id from.

use niva_journeys::steps::living;
use niva_journeys::values::{day, from};
use niva_journeys::world::{Role, World};
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as assessment;
use niva_testing::requests;
use niva_testing::requests::assessment::{
    record_application, record_grant, record_measurement, record_person,
};
use niva_testing::requests::choice::record_provider;
use niva_testing::values::invented_number;

use super::identities;
use super::side::Side;

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;

/// Tells them. An id that is taken is `grant_id@taken`; what another district has decided for a person of
/// the side is `grant_id@elsewhere`.
pub(super) async fn tell(world: &World, sides: &mut [Side; 2]) {
    for (n, serial) in [(0, 985), (1, 995)] {
        let elsewhere = sides[1 - n].district;
        one(world, &mut sides[n], elsewhere).await;
        let taken = sides[n].id("person_id@taken");
        identities::record(world, taken, &invented_number(serial)).await;
    }
}

async fn one(world: &World, side: &mut Side, elsewhere: &str) {
    provider(world, side).await;
    let id = format!("{}-taken", side.district);
    named(world, side, &id, side.district).await;
    for key in ["person_id@taken", "application_id@taken", "grant_id@taken"] {
        side.put(key, &id);
    }
    // Of a person who lives here, and whom another district has decided for.
    let id = format!("{}-elsewhere", side.district);
    named(world, side, &id, elsewhere).await;
    for key in ["application_id@elsewhere", "grant_id@elsewhere"] {
        side.put(key, &id);
    }
    side.put("district@elsewhere", elsewhere);
    measured(world, side).await;
}

/// A provider without units, which can be withdrawn.
async fn provider(world: &World, side: &mut Side) {
    let provider = requests::choice::provider(&side.called("idle"), "Utan enheter");
    let request = record_provider(provider);
    world.choice(Role::Administrator).providers.record_provider(request).await.expect("a provider");
    side.put("provider_id@WithdrawProvider", &side.called("idle"));
}

/// A person of the side, with an application and a grant of a district, all of one id: one that a caller of the side may
/// give.
async fn named(world: &World, side: &Side, id: &str, district: &str) {
    let (id, district) = (id.to_owned(), || district.to_owned());
    let mut officer = world.assessment(Role::CaseOfficer);
    let request = record_person(living(&id, side.district));
    officer.persons.record_person(request).await.expect("a person");
    let application = assessment::Application {
        application_id: id.clone(),
        person_id: id.clone(),
        service: SERVICE.into(),
        district: district(),
        apply_date: day("2024-01-10"),
        ..Default::default()
    };
    let request = record_application(application);
    officer.applications.record_application(request).await.expect("an application");
    let grant = requests::assessment::grant(&id, &id, SERVICE, &district(), from("2024-03-01"));
    let request = record_grant(grant);
    officer.grants.record_grant(request).await.expect("a grant");
}

/// A measurement that a level can be decided by.
async fn measured(world: &World, side: &mut Side) {
    let measurement = assessment::Measurement {
        total: Some(10),
        ..requests::assessment::visit(&side.called("2"), SERVICE, day("2024-03-01"))
    };
    let request = record_measurement(measurement);
    let told = world.assessment(Role::Assessor).measurements.record_measurement(request).await;
    let told = told.expect("a measurement").into_inner().measurement.expect("a measurement");
    side.put("measurement_id@DecideLevel", &told.measurement_id);
    let level = told.by_visit.expect("a scale").level.expect("a level");
    side.put_message("niva.common.v1.Level@DecideLevel", &level);
}
