//! A city made of files alone: a ninth service, korttidsvistelse, which is paid per calendar day, and boards of its own.

use niva_journeys::{
    process, repository_root, steps,
    values::{day, kronor},
    world::{Part, Role, Store, World},
};
use niva_proto::{
    catalogue::v1::{self as catalogue, ListDistrictsRequest, ListServicesRequest},
    choice::v1::Unit,
    common::v1::Regime,
    payment::v1::{GetModelRequest, ListRatesRequest, PaymentLine, PriceUnit, Settlement, payment_run},
};
use niva_testing::requests;
use niva_testing::requests::choice::{accept, make_offer, record_unit, start_on, wish};
use niva_testing::requests::payment::explain;

use super::import_arguments;

async fn walk(store: Store) {
    let files = repository_root().join("tests/cities/korttidsvistelse");
    let path = |name: &str| files.join(name).display().to_string();
    let own = ["--catalogue".to_owned(), path("catalogue.toml")];
    let models = ["--models".to_owned(), path("models")];
    let world = World::processes_with(store, &[own.as_slice(), models.as_slice()].concat()).await;
    world.set_day("2024-03-01");

    // Without the city's catalogue its files are another city's, and nothing comes in.
    let imported = process::run(import_arguments(&world, &files)).await;
    assert!(process::words(&imported).contains("`short_stay` is no service of Stockholm"), "{imported:?}");
    let imported = process::run([import_arguments(&world, &files), own.to_vec()].concat()).await;
    assert!(imported.status.success(), "{}", process::words(&imported));
    world.feeds_caught_up().await;

    every_part_tells_what_the_keys_mean(&world).await;
    former_boards_and_unknown_services_are_refused(&world).await;
    the_price_is_told_with_its_source(&world).await;
    move_in(&world).await;
    pay_march(&world).await;
    world.close().await;
}

async fn every_part_tells_what_the_keys_mean(world: &World) {
    for service in Part::ALL {
        for role in [Role::Provider, Role::Auditor] {
            let mut client = catalogue::Clients::new(world.channel_with(service, role)).catalogue;
            let services = client.list_services(ListServicesRequest::default()).await.unwrap().into_inner();
            assert_eq!((services.city.as_str(), services.services.len()), ("Småstad", 9));
            let ninth = services.services.into_iter().next().unwrap();
            assert_eq!(
                (ninth.service.as_str(), ninth.name_sv.as_str(), ninth.name_en.as_str(), ninth.law()),
                ("short_stay", "Korttidsvistelse", "Short stay", catalogue::Law::Lss)
            );
            let on = ListDistrictsRequest { day: day("2024-03-01"), ..Default::default() };
            let boards = client.list_districts(on).await.unwrap().into_inner().districts;
            assert_eq!(boards.iter().map(|b| b.district.as_str()).collect::<Vec<_>>(), ["Norr", "Söder"]);
            let all = client.list_districts(ListDistrictsRequest::default()).await.unwrap().into_inner();
            let former = all.districts.last().unwrap();
            assert_eq!((former.successor.as_str(), former.valid_to), ("Norr", day("2023-12-31")));
            assert!(former.source.as_ref().unwrap().document.starts_with("Påhittade"));
        }
    }
}

async fn former_boards_and_unknown_services_are_refused(world: &World) {
    let mut client = world.choice(Role::Administrator);
    let period = requests::choice::period(day("2024-01-01"), "KP-1", "Öster", Regime::Municipal, 1);
    let unit = Unit {
        unit_id: "KU-3".to_owned(),
        name: "Udden".to_owned(),
        service: "long_stay".to_owned(),
        periods: vec![period],
        info: None,
    };
    let request = record_unit(unit);
    let refused = client.units.record_unit(request).await.unwrap_err();
    let mut reasons = niva_rpc::reasons(&refused);
    reasons.sort();
    assert_eq!(reasons, ["DISTRICT_NOT_VALID", "SERVICE_UNKNOWN"]);
    let words: Vec<String> = niva_rpc::violations(&refused).into_iter().map(|(_, words)| words).collect();
    assert!(words.iter().any(|w| w.contains("name Norr, which succeeded it")), "{words:?}");
}

async fn the_price_is_told_with_its_source(world: &World) {
    let mut client = world.payment(Role::Provider).models;
    let model = GetModelRequest { model_id: "korttidsvistelse-2024".to_owned() };
    let model = client.get_model(model).await.unwrap().into_inner().model.unwrap();
    assert!(model.in_force && model.terms[0].unit() == PriceUnit::CalendarDay, "{model:?}");
    let request = ListRatesRequest {
        service: "short_stay".to_owned(),
        day: day("2024-03-01"),
        ..ListRatesRequest::default()
    };
    let rates = client.list_rates(request).await.unwrap().into_inner().rates;
    assert_eq!(rates.len(), 4);
    for rate in rates {
        let source = rate.source.unwrap();
        assert_eq!(
            (source.document.as_str(), source.place.as_str()),
            ("Påhittade Småstads prislista 2024", "korttidsvistelse")
        );
    }
}

/// K-2, of the southern board, chooses a unit of the northern one: free choice in the whole city.
async fn move_in(world: &World) {
    let (grant_id, unit_id) = ("KG-2".to_owned(), "KU-1".to_owned());
    let mut officer = world.choice(Role::CaseOfficer);
    let wish = wish(&grant_id, &[&unit_id, "KU-2"]);
    officer.wishes.record_wish(wish).await.unwrap();
    let offer = make_offer(&grant_id, &unit_id);
    let offer = officer.offers.make_offer(offer).await.unwrap().into_inner().offer.unwrap();
    assert_eq!(offer.answer_by, day("2024-03-06"));
    let yes = accept(&offer.offer_id, day("2024-03-04"));
    let placement = officer.offers.accept_offer(yes).await.unwrap().into_inner().placement.unwrap();
    world.set_day("2024-03-04");
    let start = start_on(&placement.placement_id, day("2024-03-04"));
    officer.placements.start_placement(start).await.unwrap();
}

/// K-1 all of March at level 2 in a unit of the own board, K-2 from the fourth at level 1 in another's.
async fn pay_march(world: &World) {
    world.set_day("2024-04-02");
    world.feeds_caught_up().await;
    let run = steps::run(world, "2024-03").await;
    let control = run.control.clone().unwrap();
    assert_eq!((control.lines, control.amount, control.holds), (2, Some(kronor(31 * 1_850 + 28 * 1_500)), 0));
    let approved = steps::approve(world, &run).await;
    assert_eq!(approved.state(), payment_run::State::Approved);
    let mut lines = steps::lines(world, &run.payment_run_id).await;
    lines.sort_by(|a, b| a.person_id.cmp(&b.person_id));
    let told = |line: &PaymentLine| (line.service.clone(), line.settlement(), line.amount);
    assert_eq!(
        lines.iter().map(told).collect::<Vec<_>>(),
        [
            ("short_stay".to_owned(), Settlement::OwnUnit, Some(kronor(31 * 1_850))),
            ("short_stay".to_owned(), Settlement::InternalVoucher, Some(kronor(28 * 1_500))),
        ]
    );
    let request = explain(&lines[0].payment_line_id);
    let why = world.payment(Role::FinanceMaker).lines.explain_payment_line(request).await.unwrap();
    assert!(format!("{:?}", why.into_inner()).contains("Påhittade Småstads prislista 2024"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ninth_service_walks_the_whole_way_on_sqlite() {
    walk(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ninth_service_walks_the_whole_way_on_postgres() {
    walk(Store::Postgres).await;
}
