//! What happens to money when facts come late, are told wrong or are taken back: the tables of `tests/situations`, played
//! over the wire through the three services. Their README tells the language of the steps.

mod assessed;
mod chosen;
mod lines;
mod models;
mod play;
mod reported;
mod runs;
mod table;
mod words;

use futures_util::{StreamExt, stream};
use niva_journeys::{repository_root, world::Store};

/// Cases at once: they wait for disks more than they compute.
const AT_ONCE: usize = 3;

/// Plays every case of a table, or those whose title begins with what `NIVA_TEST_CASE` says.
async fn play(name: &str, store: Store) {
    let file = repository_root().join("tests/situations").join(name);
    let cases = table::cases(&std::fs::read_to_string(&file).expect("the table"));
    let wanted = std::env::var("NIVA_TEST_CASE").unwrap_or_default();
    let chosen = cases.iter().filter(|case| case.title.starts_with(&wanted));
    let played = stream::iter(chosen).map(|case| play::play(case, store)).buffered(AT_ONCE);
    let failed: Vec<String> = played.filter_map(|done| async { done.err() }).collect().await;
    assert!(failed.is_empty(), "{} of {} fail:\n\n{}", failed.len(), cases.len(), failed.join("\n\n"));
    assert!(!cases.is_empty(), "{name} has no cases");
}

/// Why a case with these last steps fails, after a March that was paid at level 1.
async fn complaint(steps: &str) -> String {
    let before = "unit U1 supported_housing Farsta municipal provider A\ngrant G1 P1 supported_housing Farsta from 2024-03-01\n\
                  level L1 P1 1 from 2024-03-01\nplace PL1 P1 at U1 from 2024-03-01";
    let cases = table::cases(&format!("## Wrong\n```\n{before}\n{steps}\n```\n"));
    play::play(&cases[0], Store::Sqlite).await.expect_err("it is wrong")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_wrong_is_seen() {
    const MARCH: &str = "pays PL1 rate 2024-03-01..31: 31 x 300.00 = 9300.00, Farsta to A";
    let wrong = [
        ("run 2024-03".to_owned(), "but it contains:\n      pays PL1 rate 2024-03-01..31: 31 x 300.00"),
        (format!("run 2024-03\n{MARCH}\n{MARCH}"), "the run does not contain:\n      pays PL1"),
        (format!("run 2024-03\n{}", MARCH.replace("to A", "to B")), "Farsta to B\n    but it contains:"),
        (format!("run 2024-03\n{}", MARCH.replace("31 x", "30 x")), "30 x 300.00 = 9300.00 is 9000.00"),
        (format!("run 2024-03\n{MARCH}, because level_decision L1"), "but it contains:"),
        (format!("run 2024-03\n{MARCH}\nholds PL1 rate 2024-03-01..31: GRANT_MISSING"), "does not contain"),
        (format!("run 2024-03\n{MARCH}\nnet 1.00"), "earlier months come to 0.00"),
        ("run 2024-03 total 9301.00".to_owned(), "the run adds up to 9300.00"),
        ("run 2024-03 total 9300.00\npaid 1.00".to_owned(), "9300.00 is paid in all"),
        ("end PL1 on 2024-02-01".to_owned(), "END_BEFORE_START"),
        ("refused NO_FREE_PLACE: end PL1 on 2024-03-12".to_owned(), "it is not refused"),
        ("end PL1 on 2024-03-12 at noon".to_owned(), "not understood: at noon"),
    ];
    for (steps, why) in &wrong {
        let complaint = complaint(steps).await;
        assert!(complaint.contains(why), "{steps}\n{complaint}");
    }
}

macro_rules! tables {
    ($($module:ident: $file:literal,)+) => {
        $(mod $module {
            use niva_journeys::world::Store;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::play($file, Store::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::play($file, Store::Postgres).await;
            }
        })+
    };
}

tables! {
    golden_1_to_10: "golden-1-10.md",
    golden_11_to_20: "golden-11-20.md",
    levels: "levels.md",
    merges: "merges.md",
    reports: "reports.md",
    months: "months.md",
    stays: "stays.md",
    stays_corrected: "stays-corrected.md",
    units: "units.md",
    years: "years.md",
}
