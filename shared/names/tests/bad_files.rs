//! A bad catalogue is refused with every problem, each at its line, and what to do.

use niva_names::{ServiceCatalogue, file::Problem};

const GOOD: &str = include_str!("good.toml");

fn told(text: &str) -> Vec<String> {
    let problems = ServiceCatalogue::parse("c.toml", text).map_or_else(|e| e.problems, |_| Vec::new());
    problems.iter().map(Problem::to_string).collect()
}

#[track_caller]
fn case(from: &str, to: &str, expected: &[&str]) {
    assert_eq!(GOOD.matches(from).count(), 1, "`{from}` is not there once");
    assert_eq!(told(&GOOD.replace(from, to)), expected);
}

#[test]
fn the_good_file_is_good() {
    assert_eq!(told(GOOD), [""; 0]);
}

#[test]
fn the_example_of_the_format_is_good() {
    let readme = include_str!("../data/README.md");
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(told(example), [""; 0]);
}

#[test]
fn each_defect_of_a_service_is_told_with_its_line_and_what_to_do() {
    case(
        "\"Småstad\"",
        "Småstad",
        &["c.toml:1:8: this is not TOML: string values must be quoted, expected literal string"],
    );
    case("city = \"Småstad\"\n", "", &["c.toml:1:1: the catalogue lacks `city`; add `city = …`"]);
    case(
        "\"short_stay\"",
        "\"Short stay\"",
        &[
            "c.toml:7:7: `Short stay` is no key of a service; write 1 to 40 letters a to z, digits and _, a letter first: supported_housing",
        ],
    );
    case("\"LSS\"", "\"HSL\"", &["c.toml:10:7: `HSL` is not a law; use one of: SoL, LSS"]);
    case("exclusive = false", "exclusive = \"no\"", &["c.toml:11:13: this is a text; write true or false"]);
    case(
        "\"city\"",
        "\"region\"",
        &["c.toml:12:18: `region` is not a area of choice; use one of: city, own_district"],
    );
    case(
        "[\"evening_night\"]",
        "[\"evening_night\", \"evening_night\"]",
        &["c.toml:13:31: evening_night is named twice; take one away"],
    );
    case(
        "occasions",
        "occasion",
        &[
            "c.toml:13:1: unknown key `occasion` in a service; use one of: key, name_sv, name_en, law, exclusive, area_of_choice, measured_by, paid_by_sessions, occasions, premises_costs, premises_limit, source",
        ],
    );
    case(
        "occasions = [\"evening_night\"]",
        "premises_limit = 20_000",
        &[
            "c.toml:13:18: a service whose premises costs are not paid has no limit of them; write premises_costs = true, or leave premises_limit out",
        ],
    );
    case(
        "occasions = [\"evening_night\"]",
        "premises_costs = true\npremises_limit = -1",
        &["c.toml:14:18: -1 is out of range; write a whole number from 0 that fits"],
    );
    case(
        "source = { in = \"lista\", place = \"s. 1\" }\n",
        "",
        &[
            "c.toml:6:1: the source is missing; add `source = { in = \"…\", place = \"…\" }`: a key of [documents], and the place in it",
        ],
    );
}

#[test]
fn each_defect_of_a_district_is_told_with_its_line_and_what_to_do() {
    case(
        "id = \"Stad\"",
        "id = \"Norr\"",
        &[
            "c.toml:16:1: `Stad`, the successor of `Norr`, is none of the district boards; add it as a [[district]], or correct successor",
            "c.toml:23:1: district board `Norr` is there already, on line 16; take one away",
        ],
    );
    case(
        "valid_to = 2023-12-31",
        "valid_from = 2024-01-01\nvalid_to = 2023-12-31",
        &[
            "c.toml:20:12: valid_to 2023-12-31 is before valid_from 2024-01-01; write a last day on or after the first, or leave valid_to out",
        ],
    );
    case(
        "valid_to = 2023-12-31\n",
        "",
        &[
            "c.toml:19:13: a board that lasts has no successor; write its last day as valid_to, or leave successor out",
        ],
    );
    case(
        "valid_from = 2024-01-01",
        "valid_from = 2024-02-01",
        &[
            "c.toml:16:1: `Stad`, the successor of `Norr`, is not there on the day after; let the one begin on the day after the other ends",
        ],
    );
    case(
        "successor = \"Stad\"",
        "successor = \"Norr\"",
        &[
            "c.toml:16:1: `Norr`, the successor of `Norr`, is not there on the day after; let the one begin on the day after the other ends",
        ],
    );
}

#[test]
fn all_defects_of_a_file_are_told_at_once() {
    let bad = GOOD
        .replace("\"LSS\"", "1")
        .replace("\"Norra nämnden\"", "\"\"")
        .replace("place = \"s. 1\"", "page = 1");
    assert_eq!(
        told(&bad),
        [
            "c.toml:10:7: this is a whole number; write a text in quotes",
            "c.toml:14:10: a source lacks `place`; add `place = …`",
            "c.toml:14:26: unknown key `page` in a source; use one of: in, place",
            "c.toml:18:8: the text is empty; write it, or leave the key out",
        ]
    );
    assert_eq!(
        told("city = \"X\"\n[documents]\n"),
        [
            "c.toml:1:1: the catalogue has no district boards; add a [[district]]",
            "c.toml:1:1: the catalogue has no services; add a [[service]]",
        ]
    );
    let twice =
        format!("{GOOD}\n{}", &GOOD[GOOD.find("[[service]]").unwrap()..GOOD.find("[[district]]").unwrap()]);
    assert_eq!(
        told(&twice),
        ["c.toml:29:1: service `short_stay` is there already, on line 6; take one away"]
    );
}

#[test]
fn a_file_that_is_not_there_is_told_by_name() {
    let error = ServiceCatalogue::read(std::path::Path::new("/nowhere/c.toml")).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/c.toml: cannot be read: "), "{error}");
}
