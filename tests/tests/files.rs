//! Bad files, given to the executable: refused with file and line, and nothing has happened.

use std::{fs, path::Path};

use niva_journeys::{process, repository_root};

/// One replacement in a good model, and the words that the refusal must have beside file and line.
const DEFECTS: [(&str, &str, &str, &str); 11] = [
    ("a gap in the bands", "points = \"38-72\"", "points = \"40-72\"", "38"),
    ("an overlap of bands", "points = \"38-72\"", "points = \"36-72\"", "36"),
    ("a missing level", "    [2, 395],\n", "", "level"),
    (
        "a missing regime",
        "columns = [\"level\", \"private\"]\nrows = [\n    [1, 307]",
        "columns = [\"level\", \"contracted\"]\nrows = [\n    [1, 307]",
        "private",
    ),
    ("a negative amount", "[2, 395]", "[2, -395]", "-395"),
    ("a fraction of an öre", "[2, 395]", "[2, 395.125]", "395.125"),
    (
        "dates that are inverted",
        "valid_from = 2010-01-01",
        "valid_from = 2010-01-01\nvalid_to = 2009-12-31",
        "2009-12-31",
    ),
    ("an unknown unit", "unit = \"calendar_day\"", "unit = \"fortnight\"", "fortnight"),
    ("a duplicate key", "title = ", "title = \"another\"\ntitle = ", "duplicate key"),
    ("an unknown key", "status = ", "colour = \"red\"\nstatus = ", "colour"),
    (
        "an amount without a source",
        "source = { in = \"norrmalm\", place = \"tabellen ”Pengen” för kommunalt driven verksamhet, kolumnen Stödboende\" }\n",
        "",
        "source",
    ),
];

/// Where in the text of a refusal the spoilt file is told with a line: `FILE:LINE`.
fn tells_line(told: &str, file: &Path) -> bool {
    let name = format!("{}:", file.display());
    told.match_indices(&name).any(|(at, _)| told[at + name.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_file_with_any_defect_is_refused_with_its_line() {
    let good =
        fs::read_to_string(repository_root().join("shared/models/data/socialpsychiatry-2010.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let arguments = ["models".to_owned(), "check".to_owned(), file.display().to_string()];
    fs::write(&file, &good).unwrap();
    let fine = process::run(&arguments).await;
    assert!(fine.status.success(), "{}", process::words(&fine));
    for (what, old, new, words) in DEFECTS {
        assert!(good.contains(old), "{what}: the good file has changed");
        fs::write(&file, good.replacen(old, new, 1)).unwrap();
        let refused = process::run(&arguments).await;
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{what}: {}", process::words(&refused));
        assert!(tells_line(&told, &file) && told.contains(words), "{what}: {}", process::words(&refused));
    }
}

/// A new year's price list is a file in the city's own folder, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_of_the_citys_own_is_a_file_and_nothing_else() {
    let good =
        fs::read_to_string(repository_root().join("shared/models/data/lss-housing-2023.toml")).unwrap();
    let next = good.replace("lss-housing-2023", "lss-housing-2031").replacen(
        "valid_from = 2023-01-01",
        "valid_from = 2031-01-01",
        1,
    );
    assert!(next.contains("valid_from = 2031-01-01"), "the good file has changed");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lss-housing-2031.toml"), next).unwrap();
    let models = folder.path().display().to_string();
    let shown = process::run(["models", "show", "lss-housing-2031", "--models", &models]).await;
    assert!(shown.status.success(), "{}", process::words(&shown));
    assert!(
        String::from_utf8_lossy(&shown.stdout).contains("lss-housing-2031"),
        "{}",
        process::words(&shown)
    );
    let unknown = process::run(["models", "show", "lss-housing-2031"]).await;
    assert!(!unknown.status.success(), "{}", process::words(&unknown));
}
