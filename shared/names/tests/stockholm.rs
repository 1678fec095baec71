use niva_calendar::date;
use niva_names::{DistrictRefused, ServiceCatalogue, stockholm};

#[test]
fn the_shipped_keys_are_those_of_the_file() {
    let city = ServiceCatalogue::shipped().unwrap();
    assert_eq!(city.city, "Stockholm");
    assert_eq!(city.services().iter().map(|s| s.key).collect::<Vec<_>>(), stockholm::SERVICES);
}

#[test]
fn stockholm_has_eleven_boards_in_2024_and_earlier_ones_with_successors() {
    let city = ServiceCatalogue::shipped().unwrap();
    let on = |year| city.districts_on(date(year, 3, 1).unwrap()).map(|d| d.id.as_str()).collect::<Vec<_>>();
    assert_eq!(
        on(2024),
        [
            "Bromma",
            "Enskede-Årsta-Vantör",
            "Farsta",
            "Hägersten-Älvsjö",
            "Hässelby-Vällingby",
            "Järva",
            "Kungsholmen",
            "Norra innerstaden",
            "Skarpnäck",
            "Skärholmen",
            "Södermalm",
        ]
    );
    assert_eq!(on(2010).len(), 13);
    assert!(city.district_on(&"Norrmalm".into(), date(2010, 1, 1).unwrap()).is_ok());
}

#[test]
fn what_the_city_does_not_have_is_refused_in_words() {
    let city = ServiceCatalogue::shipped().unwrap();
    assert_eq!(
        city.service("short_stay").unwrap_err().to_string(),
        "`short_stay` is no service of Stockholm: one of housing_with_special_service, supported_housing, \
         housing_support, occupation, study_circle, daily_activities_lss, service_housing_lss, group_housing_lss"
    );
    let day = date(2024, 3, 1).unwrap();
    let unknown = city.district_on(&"Gotland".into(), day).unwrap_err();
    assert!(matches!(unknown, DistrictRefused::Unknown(_)));
    assert_eq!(unknown.reason(), "DISTRICT_UNKNOWN");
    let ended = city.district_on(&"Hägersten-Liljeholmen".into(), day).unwrap_err();
    assert_eq!(ended.reason(), "DISTRICT_NOT_VALID");
    assert_eq!(
        ended.to_string(),
        "the board Hägersten-Liljeholmen was there through 2023-12-31, not on 2024-03-01: name Hägersten-Älvsjö, \
         which succeeded it"
    );
}
