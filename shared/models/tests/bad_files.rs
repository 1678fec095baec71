//! A bad file is refused with every problem, each at its line, and what to do.

use niva_models::Catalogue;
use niva_names::file::Problem;

const GOOD: &str = include_str!("good.toml");
const CASES: &str = include_str!("bad_files.txt");

/// A case of the table: its name, what is replaced by what, and the problems.
struct Case<'t> {
    name: &'t str,
    from: String,
    to: String,
    problems: Vec<&'t str>,
}

fn cases() -> Vec<Case<'static>> {
    let blocks = CASES.split("\n== ").skip(1);
    blocks
        .map(|block| {
            let (name, lines) = block.split_once('\n').unwrap();
            let of =
                |mark: &str| -> Vec<&str> { lines.lines().filter_map(|l| l.strip_prefix(mark)).collect() };
            Case { name, from: of("- ").join("\n"), to: of("+ ").join("\n"), problems: of("> ") }
        })
        .collect()
}

fn problems(files: Vec<(&str, String)>) -> Vec<Problem> {
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    Catalogue::from_files(&crate::city(), files).map_or_else(|e| e.problems, |_| Vec::new())
}

#[test]
fn the_good_file_is_good() {
    assert_eq!(problems(vec![("good.toml", GOOD.to_owned())]), []);
}

#[test]
fn the_example_of_the_format_is_good() {
    let readme = include_str!("../data/README.md");
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(problems(vec![("README.md", example.to_owned())]), []);
}

#[test]
fn each_defect_is_told_with_its_line() {
    let cases = cases();
    assert_eq!(cases.len(), 61);
    for Case { name, from, to, problems: expected } in cases {
        assert_eq!(GOOD.matches(&from).count(), 1, "{name}: `{from}` is not there once");
        let found: Vec<String> =
            problems(vec![("c.toml", GOOD.replace(&from, &to))]).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_file_need_not_be_a_model() {
    let missing = |key: &str| format!("x:1:1: the model lacks `{key}`; add `{key} = …`");
    let found: Vec<String> = problems(vec![("x", String::new())]).iter().map(ToString::to_string).collect();
    assert_eq!(found[..1], ["x:1:1: the model has no services; add a [[service]]"]);
    assert_eq!(found[1..], ["documents", "id", "status", "title", "valid_from"].map(missing));
}

#[test]
fn files_must_agree_on_ids_and_days() {
    let other = |id: &str, from: &str, to: Option<&str>, status: &str| {
        let to = to.map(|t| format!("\nvalid_to = {t}")).unwrap_or_default();
        GOOD.replace("city-2030", id)
            .replace("valid_from = 2030-01-01", &format!("valid_from = {from}{to}"))
            .replace("in_force", status)
    };
    let found = |text: String| -> Vec<String> {
        problems(vec![("a.toml", GOOD.to_owned()), ("b.toml", text)])
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert!(found(other("next", "2031-01-01", None, "in_force")).is_empty());
    assert!(found(other("before", "2029-01-01", None, "in_force")).is_empty());
    assert!(found(other("before", "2029-01-01", Some("2029-12-31"), "in_force")).is_empty());
    assert!(found(other("idea", "2030-01-01", None, "proposal")).is_empty());

    let twice = found(other("city-2030", "2031-01-01", None, "in_force"));
    assert_eq!(
        twice,
        ["b.toml:1:6: model `city-2030` is also in a.toml; give one of them another id, or remove it"]
    );
    let same_day = found(other("rival", "2030-01-01", None, "in_force"));
    assert_eq!(same_day.len(), 2, "both services: {same_day:?}");
    assert!(
        same_day[0].starts_with(
            "b.toml:4:14: daily_activities_lss is under model `city-2030` (a.toml) from 2030-01-01 as well; let the days"
        ),
        "{same_day:?}"
    );
    let too_long = found(other("before", "2029-01-01", Some("2030-01-01"), "in_force"));
    assert!(
        too_long[1].starts_with(
            "a.toml:4:14: study_circle is under model `before` (b.toml) from 2030-01-01 as well"
        ),
        "{too_long:?}"
    );
}

#[test]
fn a_scale_is_the_same_in_every_model_that_names_it() {
    let next = GOOD.replace("city-2030", "next").replace("2030-01-01", "2031-01-01");
    let found = |text: String| problems(vec![("a.toml", GOOD.to_owned()), ("b.toml", text)]);
    assert_eq!(found(next.clone()), []);
    let other = next.replace("0-18", "0-20").replace("20-\"", "22-\"");
    let told: Vec<String> = found(other.clone()).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "b.toml:1:6: the scale `steps-2030` of daily_activities_lss is another one in a.toml; give one of them \
             another scale_id"
        ]
    );
    assert_eq!(found(other.replace("steps-2030", "steps-2031")), []);
}

#[test]
fn all_files_are_told_at_once() {
    let bad = GOOD.replace("unit = \"weekday\"", "unit = \"day\"");
    let error = problems(vec![("b", bad.clone()), ("a", bad)]);
    assert_eq!(error.iter().map(|p| p.file.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(error[0].at, Some((28, 8)));
}

proptest::proptest! {
    /// Whatever is cut out of a file or put in, the loader answers, and never takes a file it says is bad.
    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..GOOD.len(), length in 0_usize..60, put in "[-0-9a-z\\[\\]{}=\", .\n]{0,6}") {
        let cut = GOOD.floor_char_boundary(at)..GOOD.floor_char_boundary((at + length).min(GOOD.len()));
        let mut text = GOOD.to_owned();
        text.replace_range(cut, &put);
        for problem in problems(vec![("x", text.clone())]) {
            let (line, _) = problem.at.unwrap();
            proptest::prop_assert!(line >= 1 && line <= text.matches('\n').count() + 1, "{problem}");
            proptest::prop_assert!(!problem.what.is_empty());
        }
    }
}
