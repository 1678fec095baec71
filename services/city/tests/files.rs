//! Bad files: every problem at once, each with file, line and column.

use niva_city::read_bytes;
use niva_names::ServiceCatalogue;

const GOOD: [(&str, &str); 8] = [
    ("persons.csv", "person_id,district\nP-1,Järva\nP-2,Södermalm\n"),
    (
        "grants.csv",
        "grant_id,person_id,service,district,valid_from,valid_to,extent,hours_per_week,time_interval,personal_assistance,sessions_per_week\n\
         G-1,P-1,supported_housing,Järva,2024-01-01,,,,,no,\n\
         G-2,P-2,daily_activities_lss,Södermalm,2024-01-01,2024-12-31,part_time,20,,yes,\n",
    ),
    (
        "measurements.csv",
        "measurement_id,person_id,service,visit_date,points,stated_level,valid_from\n\
         M-1,P-1,supported_housing,2024-01-10,38,,2024-02-01\n",
    ),
    ("providers.csv", "provider_id,name\nPV-1,\"Exempel, Lärken\"\n"),
    (
        "units.csv",
        "unit_id,provider_id,name,service,district,regime,regime_from,places,places_from\n\
         U-1,PV-1,Lärken,supported_housing,Järva,private,2019-01-01,4,2019-01-01\n",
    ),
    (
        "placements.csv",
        "placement_id,grant_id,person_id,service,unit_id,ordered_start,actual_start,notice_date,end_date\n\
         PL-1,G-1,P-1,supported_housing,U-1,2024-02-01,2024-02-02,,\n",
    ),
    ("sessions.csv", "placement_id,valid_from,monday,tuesday,wednesday,thursday,friday\n"),
    ("occasions.csv", "placement_id,date,component,count\nPL-1,2024-03-08,evening_night,1\n"),
];

/// Two boards, and the services of the files.
fn catalogue() -> ServiceCatalogue {
    let service = |key| {
        format!(
            "[[service]]\nkey = '{key}'\nname_sv = 's'\nname_en = 's'\nlaw = 'SoL'\nexclusive = true\n\
             area_of_choice = 'city'\nsource = {{ in = 'd', place = 'p' }}\n"
        )
    };
    let board = |id| format!("[[district]]\nid = '{id}'\nname = 'b'\nsource = {{ in = 'd', place = 'p' }}\n");
    let text = format!(
        "city = 'X'\n[documents]\nd = 'd'\n{}{}{}{}{}",
        service("occupation"),
        service("daily_activities_lss"),
        service("supported_housing").replace("exclusive", "occasions = ['evening_night']\nexclusive"),
        board("Järva"),
        board("Södermalm")
    );
    ServiceCatalogue::parse("x.toml", &text).unwrap()
}

/// The problems of the good city after some files were replaced.
fn problems(replaced: &[(&'static str, &[u8])]) -> Vec<String> {
    let files: Vec<(&'static str, Vec<u8>)> = GOOD
        .iter()
        .map(|(name, text)| {
            let bytes = replaced.iter().find(|(n, _)| n == name).map_or(text.as_bytes(), |(_, bytes)| bytes);
            (*name, bytes.to_vec())
        })
        .collect();
    match read_bytes(&files, &catalogue()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.problems.iter().map(ToString::to_string).collect(),
    }
}

fn starts(problems: &[String], expected: &[&str]) {
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(problem.starts_with(start), "`{problem}` does not start with `{start}`");
    }
}

#[test]
fn a_good_city_has_no_problem() {
    starts(&problems(&[]), &[]);
}

#[test]
fn line_ends_a_mark_and_columns_in_another_order_are_fine() {
    starts(
        &problems(&[(
            "persons.csv",
            "\u{feff}district,person_id\r\nJärva,P-1\r\n\r\nSödermalm,P-2\r\n".as_bytes(),
        )]),
        &[],
    );
}

#[test]
fn every_problem_of_every_file_is_told_at_once() {
    let found = problems(&[
        ("persons.csv", "person_id,district\nP-1,Norrmalm\nP-2,Södermalm\nP-2,Järva\n".as_bytes()),
        (
            "grants.csv",
            "grant_id,person_id,service,district,valid_from,valid_to,extent,hours_per_week,time_interval,personal_assistance,sessions_per_week\n\
             G-1,P-1,supported_housing,Järva,2024-02-30,,,,,no,\n\
             G-2,P-9,daily_activities,Södermalm,2024-01-01,2023-12-31,half,10.5,4,maybe,\n"
                .as_bytes(),
        ),
        (
            "measurements.csv",
            "measurement_id,person_id,service,visit_date,points,stated_level,valid_from\n\
             M-1,P-1,supported_housing,2024-01-10,,,2024-02-01\n\
             M-2,P-1,supported_housing,2024-01-10,12,2,2024-02-01\n"
                .as_bytes(),
        ),
    ]);
    starts(
        &found,
        &[
            "persons.csv:2:5: `Norrmalm` is no district board of X: one of Järva, Södermalm",
            "persons.csv:4:1: `P-2` stands already on line 3",
            "grants.csv:2:33: `2024-02-30` is no date: write it as 2024-03-01",
            "grants.csv:3:9: `daily_activities` is no service of X: one of occupation,",
            "grants.csv:3:47: the grant ends 2023-12-31, before it begins 2024-01-01",
            "grants.csv:3:58: `half` is not a extent",
            "grants.csv:3:63: `10.5` hours is not whole",
            "grants.csv:3:68: `4` is no whole number from 1 to 3",
            "grants.csv:3:70: `maybe` is neither `yes` nor `no`",
            "measurements.csv:2:38: neither points nor a stated level",
            "measurements.csv:3:41: both points and a stated level",
        ],
    );
}

#[test]
fn what_refers_to_nothing_is_told_where_it_refers() {
    let found = problems(&[
        (
            "placements.csv",
            "placement_id,grant_id,person_id,service,unit_id,ordered_start,actual_start,notice_date,end_date\n\
             PL-1,G-2,P-1,supported_housing,U-9,2024-02-01,2024-01-31,2024-01-15,2024-01-01\n\
             PL-2,G-1,P-1,occupation,U-1,2023-12-31,,,2024-03-01\n"
                .as_bytes(),
        ),
        ("units.csv", GOOD[4].1.replace("PV-1", "PV-7").as_bytes()),
        ("sessions.csv", "placement_id,valid_from,monday,tuesday,wednesday,thursday,friday\nPL-3,2024-01-01,2,2,2,2,1\n".as_bytes()),
        ("occasions.csv", "placement_id,date,component,count\nPL-1,2024-03-08,rate,1\nPL-1,2024-03-08,evening_night,10\n".as_bytes()),
    ]);
    starts(
        &found,
        &[
            "units.csv:2:5: `PV-7` is not in providers.csv",
            "placements.csv:2:6: the grant on line 3 of grants.csv is another person's",
            "placements.csv:2:14: the grant on line 3 of grants.csv is for daily_activities_lss",
            "placements.csv:2:32: `U-9` is not in units.csv",
            "placements.csv:2:47: the person came before the ordered day 2024-02-01",
            "placements.csv:2:58: the notice is before the ordered day 2024-02-01",
            "placements.csv:2:69: the end is before the start 2024-01-31",
            "placements.csv:3:14: the grant on line 2 of grants.csv is for supported_housing",
            "placements.csv:3:25: `U-1` gives supported_housing",
            "placements.csv:3:29: 2023-12-31 is outside the grant on line 2 of grants.csv",
            "placements.csv:3:42: an end without a start",
            "sessions.csv:2:1: `PL-3` is not in placements.csv",
            "sessions.csv:2:17: 9 sessions a week: at most 8",
            "occasions.csv:2:17: `rate` is not reported by occasion",
            "occasions.csv:3:31: `10` is no whole number from 0 to 9",
        ],
    );
}

#[test]
fn a_header_that_is_wrong_is_told_once() {
    let found = problems(&[
        ("persons.csv", b"person_id,distrikt\nP-1,J\nP-2,S\n".as_slice()),
        ("providers.csv", b"provider_id;name\nPV-1;Exempel\n"),
        ("occasions.csv", b"placement_id,date,component,count,count\n"),
        ("sessions.csv", b""),
    ]);
    starts(
        &found,
        &[
            "persons.csv:1:1: column `district` is missing",
            "persons.csv:1:11: unknown column `distrikt`",
            "providers.csv:1:1: the cells are not parted by commas",
            "sessions.csv:1:1: the file is empty",
            "occasions.csv:1:35: column `count` stands twice",
        ],
    );
}

#[test]
fn text_that_is_no_csv_is_told_at_its_place() {
    let mut latin1 = b"person_id,district\nP-1,J".to_vec();
    latin1.push(0xe4);
    latin1.extend_from_slice("rva\nP-2,Södermalm,x\n".as_bytes());
    let found = problems(&[
        ("persons.csv", &latin1),
        ("providers.csv", "provider_id,name\nPV-1,\"Lärken\nPV-2,Sp\"arven\nPV-3,\"Staren\"x\n".as_bytes()),
    ]);
    starts(
        &found,
        &[
            "persons.csv:2:6: byte E4 is not UTF-8: save the file as UTF-8",
            "persons.csv:3:15: 3 cells, but the header has 2",
            "providers.csv:2:6: the quote that opens here is not closed on its line",
            "providers.csv:3:8: a quote inside a cell without quotes",
            "providers.csv:4:14: text after the closing quote",
        ],
    );
}

#[test]
fn a_personal_identity_number_is_refused_and_not_repeated() {
    let number = ["19121212", "1212"].join("-");
    let found = problems(&[(
        "persons.csv",
        format!("person_id,district\nP-1,Järva\nP-2,Järva\n{number},Järva\n").as_bytes(),
    )]);
    starts(&found, &["persons.csv:4:1: the id has the form of a personal identity number"]);
    assert!(!found[0].contains(&number));
}

#[test]
fn a_file_that_is_missing_is_told_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in GOOD.iter().filter(|(name, _)| *name != "grants.csv") {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let errors = niva_city::read(niva_city::Source::Folder(folder.path()), &catalogue()).unwrap_err();
    assert_eq!(errors.problems.len(), 1, "{errors}");
    assert!(
        errors
            .to_string()
            .starts_with("grants.csv:1:1: the file is missing: add it, with at least the line `grant_id,")
    );
    assert!(errors.to_string().ends_with("1 problem: nothing was imported"));
}
