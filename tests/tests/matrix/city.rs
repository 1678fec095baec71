//! A city of two halves that have nothing in common: a district, a provider, six persons, and everything that the three
//! services can be told of them.

use niva_journeys::{
    steps,
    values::{day, from, new_request},
    world::{Part, Role, World},
};
use niva_names::{ServiceKey, stockholm};
use niva_proto::{
    assessment::v1 as assessment,
    choice::v1 as choice,
    common::v1::{GrantScope, Level, Regime},
    payment::v1 as payment,
};
use niva_testing::requests;
use niva_testing::requests::assessment::{
    record_application, record_level_decision, record_measurement, record_person,
};
use niva_testing::requests::choice::{accept, get_unit, make_offer, record_placement, start_on};

use super::{callers::importing, holds, identities, merges, payment as facts, side::Side};

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;
const FIRST: &str = "2024-03-01";

/// The two halves: the one that is asked about, and the other.
pub(super) async fn build(world: &World) -> [Side; 2] {
    let mut sides = [Side::new("Farsta", "farsta"), Side::new("Bromma", "bromma")];
    world.set_day(FIRST);
    for (side, serial) in sides.iter_mut().zip([980, 990]) {
        people(world, side).await;
        identities::tell(world, side, serial).await;
        merges::tell(world, side).await;
        applications(world, side).await;
        levels(world, side).await;
    }
    world.feeds_caught_up().await;
    for side in &mut sides {
        order(world, side).await;
    }
    world.set_day("2024-03-04");
    for side in &mut sides {
        start(world, side).await;
    }
    world.set_day("2024-04-02");
    world.feeds_caught_up().await;
    for side in &mut sides {
        facts::tell(world, side).await;
    }
    runs(world, &mut sides).await;
    for side in &mut sides {
        others(world, side).await;
        imports(world, side).await;
        holds::tell(world, side).await;
        changes(side);
    }
    world.feeds_caught_up().await;
    sides
}

/// A unit, and six persons: five with grants. The first gets a placement, the second an offer, the third an ordered
/// placement, the fourth a wish.
async fn people(world: &World, side: &mut Side) {
    let unit_id =
        steps::unit(world, &side.called("unit"), SERVICE, side.district, Regime::Municipal, 9).await;
    let get = get_unit(&unit_id);
    let unit = world
        .choice(Role::Auditor)
        .units
        .get_unit(get)
        .await
        .expect("a unit")
        .into_inner()
        .unit
        .expect("a unit");
    side.keep("unit_id", &unit, unit.info.as_ref());
    side.put_message("unit_id@RecordUnit", &unit);
    let get = choice::GetProviderRequest { provider_id: format!("provider-of-{unit_id}"), as_of: None };
    let provider = world.choice(Role::Auditor).providers.get_provider(get).await.expect("a provider");
    let provider = provider.into_inner().provider.expect("a provider");
    side.keep("provider_id", &provider, provider.info.as_ref());
    let spare = steps::unit(world, &side.called("spare"), SERVICE, side.district, Regime::Municipal, 1).await;
    side.put("unit_id@WithdrawUnit", &spare);

    for n in 1..=6 {
        let person_id = side.called(&n.to_string());
        if n == 6 {
            let request = record_person(steps::living(&person_id, side.district));
            world.assessment(Role::CaseOfficer).persons.record_person(request).await.expect("a person");
        } else {
            steps::person_with_grant(world, &person_id, SERVICE, side.district, FIRST).await;
        }
    }
    for n in 1..=6 {
        side.put(&format!("person_id#{n}"), &side.called(&n.to_string()));
        side.put(&format!("grant_id#{n}"), &format!("grant-of-{}", side.called(&n.to_string())));
    }
    let mut auditor = world.assessment(Role::Auditor);
    for (n, at) in [(6, "person_id@WithdrawPerson"), (1, "person_id")] {
        let get = assessment::GetPersonRequest { person_id: side.called(&n.to_string()), as_of: None };
        let person =
            auditor.persons.get_person(get).await.expect("a person").into_inner().person.expect("a person");
        side.keep(at, &person, person.info.as_ref());
    }
    for (n, at) in [
        (5, "grant_id@CorrectGrant"),
        (5, "grant_id@WithdrawGrant"),
        (4, "grant_id@MakeOffer"),
        (1, "grant_id"),
    ] {
        let grant_id = format!("grant-of-{}", side.called(&n.to_string()));
        let get = assessment::GetGrantRequest { grant_id, as_of: None };
        let grant =
            auditor.grants.get_grant(get).await.expect("a grant").into_inner().grant.expect("a grant");
        side.keep(at, &grant, grant.info.as_ref());
    }
    let grant = assessment::Grant {
        person_id: side.called("6"),
        service: SERVICE.into(),
        district: side.district.to_owned(),
        valid: from(FIRST),
        ..Default::default()
    };
    side.put_message("grant_id@RecordGrant", &grant);
}

/// One that is undecided, one that is refused, one that is appealed.
async fn applications(world: &World, side: &mut Side) {
    let refusal = assessment::ApplicationDecision {
        outcome: assessment::application_decision::Outcome::Refused.into(),
        decision_date: day("2024-02-01"),
        reason: "no need".to_owned(),
    };
    let appeal = assessment::Appeal { appeal_date: day("2024-02-20"), ..Default::default() };
    let kinds = [
        ("application_id@DecideAppeal", Some(refusal.clone()), Some(appeal)),
        ("application_id@AppealApplication", Some(refusal), None),
        ("application_id", None, None),
    ];
    for (key, decision, appeal) in kinds {
        let application = assessment::Application {
            person_id: side.called("1"),
            service: SERVICE.into(),
            district: side.district.to_owned(),
            apply_date: day("2024-01-10"),
            decision,
            appeal,
            ..Default::default()
        };
        let request = record_application(application);
        let told = world.assessment(Role::CaseOfficer).applications.record_application(request).await;
        let told = told.expect("an application").into_inner().application.expect("an application");
        side.keep(key, &told, told.info.as_ref());
    }
}

/// The first person's level is measured and decided, the second's stated beside a measurement that is open.
async fn levels(world: &World, side: &mut Side) {
    steps::measure(world, &side.called("1"), SERVICE, FIRST).await;
    let mut assessor = world.assessment(Role::Assessor);
    let visit = assessment::Measurement {
        follow_up_date: day("2024-02-01"),
        ..requests::assessment::visit(&side.called("2"), SERVICE, day(FIRST))
    };
    let request = record_measurement(visit);
    let open = assessor.measurements.record_measurement(request).await.expect("a measurement");
    let open = open.into_inner().measurement.expect("a measurement");
    side.keep("measurement_id", &open, open.info.as_ref());
    let instruments =
        assessor.instruments.list_instruments(assessment::ListInstrumentsRequest::default()).await;
    let instruments = instruments.expect("instruments").into_inner().instruments;
    let instrument = instruments.iter().find(|known| known.instrument_id == open.instrument_id);
    let item = &instrument.expect("its instrument").items[0];
    let score = assessment::ItemScore { item_key: item.item_key.clone(), score: item.allowed_scores[0] };
    side.put_message("niva.assessment.v1.ItemScore", &score);
    let stated = assessment::LevelDecision {
        person_id: side.called("2"),
        service: SERVICE.into(),
        level: Some(Level { value: 2 }),
        valid_from: day(FIRST),
        kind: assessment::level_decision::Kind::Stated.into(),
        ..Default::default()
    };
    let request = record_level_decision(stated.clone());
    let told = assessor.level_decisions.record_level_decision(request).await.expect("a level");
    let told = told.into_inner().level_decision.expect("a level");
    side.keep("level_decision_id", &told, told.info.as_ref());
    let later = assessment::LevelDecision { valid_from: day("2024-03-15"), ..stated };
    side.put_message("level_decision_id@RecordLevelDecision", &later);
}

async fn wish(world: &World, side: &Side, grant_id: &str) -> choice::Wish {
    let request = requests::choice::wish(grant_id, &[side.id("unit_id")]);
    let told = world.choice(Role::CaseOfficer).wishes.record_wish(request).await.expect("a wish");
    told.into_inner().wish.expect("a wish")
}

async fn offer(world: &World, side: &Side, grant_id: &str) -> choice::Offer {
    wish(world, side, grant_id).await;
    let request = make_offer(grant_id, side.id("unit_id"));
    let told = world.choice(Role::CaseOfficer).offers.make_offer(request).await.expect("an offer");
    told.into_inner().offer.expect("an offer")
}

/// The first person wishes, is offered, says yes.
async fn order(world: &World, side: &mut Side) {
    let offered = offer(world, side, side.id("grant_id")).await;
    let request = accept(&offered.offer_id, day("2024-03-04"));
    let accepted = world.choice(Role::CaseOfficer).offers.accept_offer(request).await.expect("a yes");
    let ordered = accepted.into_inner().placement.expect("a placement");
    side.keep("placement_id", &ordered, ordered.info.as_ref());
}

async fn start(world: &World, side: &mut Side) {
    let request = start_on(side.id("placement_id"), day("2024-03-04"));
    let started = world.choice(Role::CaseOfficer).placements.start_placement(request).await.expect("a start");
    let started = started.into_inner().placement.expect("a placement");
    side.keep("placement_id", &started, started.info.as_ref());
}

/// March is calculated and approved, April calculated.
async fn runs(world: &World, sides: &mut [Side; 2]) {
    let march = steps::run(world, "2024-03").await;
    let march = steps::approve(world, &march).await.payment_run_id;
    let lines = steps::lines(world, &march).await;
    world.set_day("2024-05-02");
    world.feeds_caught_up().await;
    let april = steps::run(world, "2024-04").await.payment_run_id;
    for side in sides {
        let own = lines.iter().find(|line| line.placement_id == side.id("placement_id"));
        let own = own.expect("a line of the side's own").payment_line_id.clone();
        side.put("payment_line_id", &own);
        side.put("payment_run_id", &march);
        side.put("payment_order_id", &paid_by(world, side).await);
        side.put("payment_run_id@ApprovePaymentRun", &april);
        side.put("model_id", "socialpsychiatry-2010");
    }
}

/// The order that pays the side's provider.
async fn paid_by(world: &World, side: &Side) -> String {
    let provider_id = side.provider().to_owned();
    let request = payment::ListPaymentOrdersRequest { provider_id, ..Default::default() };
    let orders = world.payment(Role::Erp).orders.list_payment_orders(request).await.expect("orders");
    orders.into_inner().payment_orders.remove(0).payment_order_id
}

/// What is open today: an offer to the second person, an order for the third, a wish of the fourth; the fifth has a grant
/// alone.
async fn others(world: &World, side: &mut Side) {
    let grant = |n: u8| format!("grant-of-{}", side.called(&n.to_string()));
    let [second, third, fourth, fifth] = [grant(2), grant(3), grant(4), grant(5)];
    let offered = offer(world, side, &second).await;
    side.keep("offer_id", &offered, offered.info.as_ref());
    let placement = |grant_id: &str, person_id: String| choice::Placement {
        grant_id: grant_id.to_owned(),
        person_id,
        service: SERVICE.into(),
        unit_id: side.id("unit_id").to_owned(),
        state: choice::placement::State::Ordered.into(),
        ordered_start: day("2024-05-02"),
        ..Default::default()
    };
    let new = placement(&fifth, side.called("5"));
    let request = record_placement(placement(&third, side.called("3")));
    let ordered = world.choice(Role::PlacementOfficer).placements.record_placement(request).await;
    let ordered = ordered.expect("a placement").into_inner().placement.expect("a placement");
    for at in
        ["placement_id@StartPlacement", "placement_id@CorrectPlacement", "placement_id@WithdrawPlacement"]
    {
        side.keep(at, &ordered, ordered.info.as_ref());
    }
    side.put_message("placement_id@RecordPlacement", &new);
    let wished = wish(world, side, &fourth).await;
    side.keep("wish_id", &wished, wished.info.as_ref());
    let new = choice::Wish { grant_id: fifth, unit_ids: wished.unit_ids, ..Default::default() };
    side.put_message("wish_id@RecordWish", &new);
}

/// An import of each service.
async fn imports(world: &World, side: &mut Side) {
    let id = |import: Option<niva_proto::common::v1::Import>| import.expect("an import").import_id;
    let channels = Part::ALL.map(|service| importing(world, side, service));
    let channel = |service: Part| channels[service as usize].clone();
    let person = steps::living(&side.called("7"), side.district);
    let message = assessment::CreateImportRequest {
        request_id: new_request(),
        validate_only: true,
        reason: "a reason".to_owned(),
        record: Some(assessment::create_import_request::Record::Person(person)),
        ..Default::default()
    };
    let told = assessment::Clients::new(channel(Part::Assessment))
        .imports
        .create_import(tokio_stream::once(message))
        .await;
    let import = id(told.expect("an import").into_inner().import);
    side.put("import_id/niva.assessment.v1", &import);
    let provider = requests::choice::provider(&side.called("import"), "Utförare");
    let message = choice::CreateImportRequest {
        request_id: new_request(),
        validate_only: true,
        reason: "a reason".to_owned(),
        record: Some(choice::create_import_request::Record::Provider(provider)),
        ..Default::default()
    };
    let told =
        choice::Clients::new(channel(Part::Choice)).imports.create_import(tokio_stream::once(message)).await;
    let import = id(told.expect("an import").into_inner().import);
    side.put("import_id/niva.choice.v1", &import);
    let visit = payment::Visit {
        visit_id: side.called("import"),
        placement_id: side.id("placement_id").to_owned(),
        date: day("2024-03-25"),
        info: None,
    };
    let message = payment::CreateImportRequest {
        request_id: new_request(),
        validate_only: true,
        reason: "a reason".to_owned(),
        record: Some(payment::create_import_request::Record::Visit(visit)),
        ..Default::default()
    };
    let told = payment::Clients::new(channel(Part::Payment))
        .imports
        .create_import(tokio_stream::once(message))
        .await;
    let import = id(told.expect("an import").into_inner().import);
    side.put("import_id/niva.payment.v1", &import);
}

/// What requests hold beside facts.
fn changes(side: &mut Side) {
    let may = || day("2024-05-01");
    let residence = assessment::ResidencePeriod { valid_from: may(), district: side.district.to_owned() };
    side.put_message("niva.assessment.v1.ResidencePeriod", &residence);
    let group =
        assessment::LssGroupPeriod { valid_from: may(), group: assessment::LssGroup::LssGroup1.into() };
    side.put_message("niva.assessment.v1.LssGroupPeriod", &group);
    let scope = assessment::ScopePeriod { valid_from: may(), scope: Some(GrantScope::default()) };
    side.put_message("niva.assessment.v1.ScopePeriod", &scope);
    let decision = assessment::ApplicationDecision {
        outcome: assessment::application_decision::Outcome::Granted.into(),
        decision_date: day(FIRST),
        reason: String::new(),
    };
    side.put_message("niva.assessment.v1.ApplicationDecision", &decision);
    let change = choice::UnitChange { valid_from: may(), capacity: Some(10), ..Default::default() };
    side.put_message("niva.choice.v1.UnitChange", &change);
    side.put_message("niva.common.v1.Level", &Level { value: 1 });
    let case = payment::CompensationCase {
        service: SERVICE.into(),
        ordered_start: day("2024-03-04"),
        actual_start: day("2024-03-04"),
        regimes: vec![payment::CaseRegimePeriod {
            valid_from: day("2020-01-01"),
            regime: Regime::Private.into(),
        }],
        levels: vec![payment::LevelPeriod { valid_from: day(FIRST), level: None, points: Some(40) }],
        buyer_district: side.district.to_owned(),
        unit_district: side.district.to_owned(),
        ..Default::default()
    };
    side.put_message("niva.payment.v1.CompensationCase", &case);
}
