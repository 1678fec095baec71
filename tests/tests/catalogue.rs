//! What the keys of the shipped city and its models mean, read over the wire.

use niva_journeys::{
    values::day,
    world::{Part, Role, Store, World},
};
use niva_proto::{
    catalogue::v1::{self as catalogue, ListDistrictsRequest, ListServicesRequest},
    common::v1::{Date, Level, Money, Regime},
    payment::v1::{Component, GetModelRequest, ListModelsRequest, ListRatesRequest, PriceUnit},
};
use tonic::Code;

fn reasons(refused: &tonic::Status) -> Vec<String> {
    niva_rpc::reasons(refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_and_districts_are_told_page_by_page_to_every_role() {
    let world = World::memory(Store::Sqlite).await;
    world.set_day("2024-03-01");
    // Machines have roles of their own; the old one for all of them opens nothing new.
    for role in Role::ALL {
        let mut client = catalogue::Clients::new(world.channel_with(Part::Choice, role)).catalogue;
        let (mut keys, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListServicesRequest { page_size: 3, page_token };
            let page = client.list_services(request).await.unwrap().into_inner();
            keys.extend(page.services.into_iter().map(|service| service.service));
            if page.next_page_token.is_empty() {
                break;
            }
            page_token = page.next_page_token;
        }
        assert_eq!(keys, niva_names::stockholm::SERVICES.map(String::from), "{role:?}");
    }
    let mut client = catalogue::Clients::new(world.channel_with(Part::Assessment, Role::Person)).catalogue;
    let all = client.list_districts(ListDistrictsRequest::default()).await.unwrap().into_inner().districts;
    let norrmalm = all.iter().find(|d| d.district == "Norrmalm").unwrap();
    assert_eq!((all.len(), norrmalm.successor.as_str()), (13, "Norra innerstaden"));
    assert!(norrmalm.note.contains("the source does not say when it ended"));
    let on = ListDistrictsRequest { day: day("2024-03-01"), page_size: 100, ..Default::default() };
    assert_eq!(client.list_districts(on).await.unwrap().into_inner().districts.len(), 11);

    let bad =
        ListDistrictsRequest { day: Some(Date { year: 2024, month: 2, day: 30 }), ..Default::default() };
    assert_eq!(reasons(&client.list_districts(bad).await.unwrap_err()), ["DATE_INVALID"]);
    let forged = || "forged".to_owned();
    let bad = ListDistrictsRequest { page_size: -1, page_token: forged(), ..Default::default() };
    let mut told = reasons(&client.list_districts(bad).await.unwrap_err());
    told.sort();
    assert_eq!(told, ["PAGE_SIZE_NEGATIVE", "PAGE_TOKEN_INVALID"]);
    let bad = ListServicesRequest { page_size: -1, page_token: forged() };
    assert_eq!(reasons(&client.list_services(bad).await.unwrap_err()).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_and_rates_are_told_with_the_source_of_every_amount() {
    let world = World::memory(Store::Sqlite).await;
    world.set_day("2024-03-01");
    let mut client = world.payment(Role::CaseOfficer).models;
    let of = ListModelsRequest { service: "occupation".to_owned(), ..Default::default() };
    let models = client.list_models(of).await.unwrap().into_inner().models;
    let ids: Vec<_> = models.iter().map(|m| (m.model_id.as_str(), m.in_force)).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert!(ids.contains(&("occupation-intervals", false)) && ids.contains(&("occupation-2019-07", true)));

    let get = |id: &str| GetModelRequest { model_id: id.to_owned() };
    let model = client.get_model(get("socialpsychiatry-2010")).await.unwrap().into_inner().model.unwrap();
    let housing = model.terms.iter().find(|terms| terms.service == "supported_housing").unwrap();
    assert_eq!((housing.unit(), housing.notice_days, housing.vacancy_days), (PriceUnit::CalendarDay, 4, 7));
    let second = &housing.levels[1];
    assert_eq!(
        (second.level, second.points_from, second.points_to),
        (Some(Level { value: 2 }), Some(14), Some(36))
    );
    assert_eq!(client.get_model(get("none")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(reasons(&client.get_model(get("")).await.unwrap_err()), ["FIELD_REQUIRED"]);

    let (mut rates, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListRatesRequest { page_size: 1_000, page_token, ..Default::default() };
        let page = client.list_rates(request).await.unwrap().into_inner();
        rates.extend(page.rates);
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    assert!(rates.len() > 300, "{}", rates.len());
    assert!(
        rates
            .iter()
            .all(|r| r.source.as_ref().is_some_and(|s| !s.document.is_empty() && !s.place.is_empty()))
    );

    let on = ListRatesRequest {
        service: "supported_housing".to_owned(),
        day: day("2024-03-01"),
        ..Default::default()
    };
    let rates = client.list_rates(on).await.unwrap().into_inner().rates;
    let price = |regime: Regime, level: i32| {
        let found = rates.iter().find(|r| {
            (r.component(), r.regime(), r.level) == (Component::Rate, regime, Some(Level { value: level }))
        });
        found.and_then(|r| r.price)
    };
    assert_eq!(price(Regime::Municipal, 2), Some(Money { ore: 39_500 }));
    assert_eq!(price(Regime::Contracted, 2), price(Regime::Private, 2), "as the file's alias says");
    assert!(rates.iter().all(|r| r.model_id == "socialpsychiatry-2010"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_badly_of_models_is_refused() {
    let world = World::memory(Store::Sqlite).await;
    let mut client = world.payment(Role::CaseOfficer).models;
    let (service, page_token) = (|| "long_stay".to_owned(), || "forged".to_owned());
    let bad = ListModelsRequest { service: service(), ..Default::default() };
    assert_eq!(reasons(&client.list_models(bad).await.unwrap_err()), ["SERVICE_UNKNOWN"]);
    let bad = ListModelsRequest { page_size: -1, page_token: page_token(), ..Default::default() };
    assert_eq!(reasons(&client.list_models(bad).await.unwrap_err()).len(), 2);
    let bad = ListRatesRequest {
        service: service(),
        day: Some(Date { year: 2024, month: 13, day: 1 }),
        ..Default::default()
    };
    let mut told = reasons(&client.list_rates(bad).await.unwrap_err());
    told.sort();
    assert_eq!(told, ["DATE_INVALID", "SERVICE_UNKNOWN"]);
    let bad = ListRatesRequest { page_size: -1, page_token: page_token(), ..Default::default() };
    assert_eq!(reasons(&client.list_rates(bad).await.unwrap_err()).len(), 2);
    let bad = ListRatesRequest { model_id: "none".to_owned(), ..Default::default() };
    assert_eq!(client.list_rates(bad).await.unwrap_err().code(), Code::NotFound);
}
