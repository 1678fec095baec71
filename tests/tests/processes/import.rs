//! `niva import`: all of a city's files, or nothing and every error at once.

use std::{fs, path::Path};

use niva_journeys::{
    process,
    world::{Role, Store, World},
};
use niva_proto::{
    assessment::v1::{ListGrantsRequest, ListLevelDecisionsRequest, ListPersonsRequest},
    choice::v1::{ListPlacementsRequest, ListProvidersRequest, ListUnitsRequest},
};

use super::import_arguments;

const FILES: [(&str, &str); 8] = [
    ("persons.csv", "person_id,district\nP-1,Järva\nP-2,Farsta\n"),
    (
        "grants.csv",
        "grant_id,person_id,service,district,valid_from,valid_to,extent,hours_per_week,time_interval,personal_assistance,sessions_per_week\n\
         G-1,P-1,supported_housing,Järva,2024-01-01,,,,,no,\n\
         G-2,P-2,daily_activities_lss,Farsta,2024-01-01,2024-12-31,part_time,20,,yes,\n",
    ),
    (
        "measurements.csv",
        "measurement_id,person_id,service,visit_date,points,stated_level,valid_from\n\
         M-1,P-1,supported_housing,2024-01-10,38,,2024-02-01\n\
         M-2,P-2,daily_activities_lss,2024-01-10,,3,2024-02-01\n",
    ),
    ("providers.csv", "provider_id,name\nPV-1,Exempel\n"),
    (
        "units.csv",
        "unit_id,provider_id,name,service,district,regime,regime_from,places,places_from\n\
         U-1,PV-1,Lärken,supported_housing,Järva,private,2019-01-01,4,2019-01-01\n\
         U-2,PV-1,Svalan,daily_activities_lss,Farsta,private,2019-01-01,4,2019-01-01\n",
    ),
    (
        "placements.csv",
        "placement_id,grant_id,person_id,service,unit_id,ordered_start,actual_start,notice_date,end_date\n\
         PL-1,G-1,P-1,supported_housing,U-1,2024-02-01,2024-02-02,,\n\
         PL-2,G-2,P-2,daily_activities_lss,U-2,2024-02-01,2024-02-01,,\n",
    ),
    ("sessions.csv", "placement_id,valid_from,monday,tuesday,wednesday,thursday,friday\n"),
    ("occasions.csv", "placement_id,date,component,count\nPL-1,2024-02-08,evening_night,1\n"),
];

/// The good city, with one file changed.
fn write(folder: &Path, name: &str, old: &str, new: &str) {
    for (file, text) in FILES {
        assert!(file != name || text.contains(old), "{name} has no {old}");
        let text = if file == name { text.replace(old, new) } else { text.to_owned() };
        fs::write(folder.join(file), text).unwrap();
    }
}

async fn import(world: &World, folder: &Path) -> std::process::Output {
    process::run(import_arguments(world, folder)).await
}

/// Persons, grants, level decisions, providers, units, placements.
async fn counts(world: &World) -> [usize; 6] {
    let mut assessment = world.assessment(Role::Auditor);
    let mut choice = world.choice(Role::Auditor);
    [
        assessment
            .persons
            .list_persons(ListPersonsRequest::default())
            .await
            .unwrap()
            .into_inner()
            .persons
            .len(),
        assessment.grants.list_grants(ListGrantsRequest::default()).await.unwrap().into_inner().grants.len(),
        assessment
            .level_decisions
            .list_level_decisions(ListLevelDecisionsRequest::default())
            .await
            .unwrap()
            .into_inner()
            .level_decisions
            .len(),
        choice
            .providers
            .list_providers(ListProvidersRequest::default())
            .await
            .unwrap()
            .into_inner()
            .providers
            .len(),
        choice.units.list_units(ListUnitsRequest::default()).await.unwrap().into_inner().units.len(),
        choice
            .placements
            .list_placements(ListPlacementsRequest::default())
            .await
            .unwrap()
            .into_inner()
            .placements
            .len(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_city_is_refused_as_a_whole_and_a_good_one_taken_once() {
    let world = World::processes(Store::Sqlite).await;
    world.set_day("2024-04-02");
    let city = tempfile::tempdir().unwrap();
    // File, line and column of everything that is wrong, all at once.
    write(city.path(), "grants.csv", "2024-01-01,,,,,no", "2024-02-30,,,10.5,,perhaps");
    let refused = import(&world, city.path()).await;
    assert!(!refused.status.success(), "{}", process::words(&refused));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    for place in ["grants.csv:2:33", "grants.csv:2:46", "grants.csv:2:52"] {
        assert!(told.contains(place), "{place}: {}", process::words(&refused));
    }
    assert_eq!(counts(&world).await, [0; 6], "nothing is imported");

    // What only the service can know: 13 points are of no band. It tells the line all the same.
    write(city.path(), "measurements.csv", ",38,", ",13,");
    let refused = import(&world, city.path()).await;
    assert!(!refused.status.success(), "{}", process::words(&refused));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("measurements.csv:2"), "{}", process::words(&refused));
    assert_eq!(counts(&world).await, [0; 6], "nothing is imported");

    write(city.path(), "persons.csv", "P-1", "P-1");
    for _ in 0..2 {
        let taken = import(&world, city.path()).await;
        assert!(taken.status.success(), "{}", process::words(&taken));
        assert_eq!(counts(&world).await, [2, 2, 2, 1, 2, 2]);
    }
    world.feeds_caught_up().await;
    world.close().await;
}
