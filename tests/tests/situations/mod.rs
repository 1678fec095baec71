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
    golden: "golden.md",
    levels: "levels.md",
    reports: "reports.md",
    stays: "stays.md",
    units: "units.md",
    years: "years.md",
}
