//! The closing tables.

use niva_money::Ore;

use super::summary::{Explained, Run, Summary};
use crate::screen::{count, kronor, table};

/// Providers that have a row of their own.
const TOP: usize = 10;

/// The summary for people.
pub(super) fn report(summary: &Summary) -> String {
    let mut parts = vec![heading("New people, the whole way"), newcomers(summary)];
    parts.extend([heading("Payment runs"), runs(&summary.runs)]);
    parts.extend([heading("What arrived late, and how April's run put March right"), corrections(summary)]);
    if let Some(line) = &summary.explained {
        parts.extend([
            heading(&format!("Why line {} pays {}", line.payment_line_id, kronor(Ore(line.amount_ore)))),
            why(line),
        ]);
    }
    for dimension in ["service", "district", "regime", "component", "settlement"] {
        parts.extend([heading(&format!("Paid by {dimension}")), totals(&summary.runs, dimension)]);
    }
    parts.extend([heading("Paid by provider"), providers(&summary.runs)]);
    parts.push(closing(summary));
    parts.join("\n")
}

fn heading(text: &str) -> String {
    format!("\n{text}")
}

fn newcomers(summary: &Summary) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let rows = summary.newcomers.iter().map(|n| {
        vec![
            n.person_id.to_string(),
            n.service.clone(),
            n.district.to_string(),
            or_dash(n.points.map(|p| p.to_string())),
            or_dash(n.level.map(|l| l.to_string())),
            n.unit_id.to_string(),
            n.answer_by.clone(),
            n.offer.clone(),
            or_dash(n.started.clone()),
            kronor(Ore(n.paid_ore)),
        ]
    });
    let columns =
        ["person", "service", "district", "points", "level", "unit", "answer by", "offer", "started", "paid"];
    table(&columns, &[3, 4, 9], rows)
}

fn runs(runs: &[Run]) -> String {
    let rows = runs.iter().map(|r| {
        vec![
            r.payment_run_id.to_string(),
            r.state.clone(),
            format!("{} / {}", r.maker, r.approver),
            count(r.placements),
            count(r.lines),
            count(r.reversals),
            kronor(Ore(r.reversed_ore)),
            kronor(Ore(r.earlier_months_ore)),
            count(r.holds),
            kronor(Ore(r.amount_ore)),
        ]
    });
    let columns = [
        "run",
        "state",
        "made / approved by",
        "placements",
        "lines",
        "reversals",
        "reversed",
        "earlier months",
        "holds",
        "sum",
    ];
    table(&columns, &[3, 4, 5, 6, 7, 8, 9], rows)
}

fn corrections(summary: &Summary) -> String {
    let rows = summary.corrections.iter().map(|c| {
        vec![
            short(c.placement_id.as_str()),
            c.what.clone(),
            c.causes.iter().map(|cause| short(cause)).collect::<Vec<_>>().join("\n"),
            kronor(Ore(c.reversed_ore)),
            kronor(Ore(c.new_ore)),
            kronor(Ore(c.net_ore)),
            kronor(Ore(c.paid_ore)),
        ]
    });
    let columns =
        ["placement", "what came late", "cause", "March reversed", "March anew", "net", "paid = owed"];
    table(&columns, &[3, 4, 5, 6], rows)
}

fn why(line: &Explained) -> String {
    let mut text: Vec<String> = line.sentences.iter().map(|sentence| format!("  {sentence}")).collect();
    text.push(format!("  It takes the place of line {}.", line.corrects_line_id));
    text.push(format!("  Source of the amount: {}; {}.", line.source_document, line.source_place));
    text.join("\n")
}

/// Ids that a service made are long; the whole of them is in the files and in the JSON.
fn short(text: &str) -> String {
    const LONGEST: usize = 26;
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        text.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}

/// Keys of a dimension in order of their sum over all runs, each with the sum of each run.
fn by_key(runs: &[Run], dimension: &str) -> Vec<(String, Vec<i64>)> {
    let mut rows: Vec<(String, Vec<i64>)> = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        for total in run.totals.iter().filter(|t| t.dimension == dimension) {
            let row = rows.iter().position(|(name, _)| *name == total.name).unwrap_or_else(|| {
                rows.push((total.name.clone(), vec![0; runs.len()]));
                rows.len() - 1
            });
            if let Some(cell) = rows.get_mut(row).and_then(|(_, cells)| cells.get_mut(at)) {
                *cell += total.amount_ore;
            }
        }
    }
    rows.sort_by_key(|(name, cells)| (std::cmp::Reverse(cells.iter().sum::<i64>()), name.clone()));
    rows
}

fn columns(runs: &[Run], dimension: &str, rows: Vec<(String, Vec<i64>)>) -> String {
    let mut header = vec![dimension];
    header.extend(runs.iter().map(|r| r.month.as_str()));
    let sums = (0..runs.len()).map(|at| rows.iter().filter_map(|(_, cells)| cells.get(at)).sum()).collect();
    let rows = rows.into_iter().chain([("sum".to_owned(), sums)]);
    let rows = rows.map(|(name, cells)| {
        let mut row = vec![name];
        row.extend(cells.into_iter().map(|ore| kronor(Ore(ore))));
        row
    });
    table(&header, &[1, 2], rows)
}

fn totals(runs: &[Run], dimension: &str) -> String {
    columns(runs, dimension, by_key(runs, dimension))
}

fn providers(runs: &[Run]) -> String {
    let mut rows = by_key(runs, "provider");
    let rest = rows.split_off(rows.len().min(TOP));
    if !rest.is_empty() {
        let sums =
            (0..runs.len()).map(|at| rest.iter().filter_map(|(_, cells)| cells.get(at)).sum()).collect();
        rows.push((format!("{} others", rest.len()), sums));
    }
    columns(runs, "provider", rows)
}

fn closing(summary: &Summary) -> String {
    let sum: i64 = summary.runs.iter().map(|r| r.amount_ore).sum();
    let files: Vec<&str> = summary.runs.iter().map(|r| r.file.as_str()).collect();
    let again = if summary.found_data {
        "There was data from an earlier demo: every step was asked for again under its old request id, and nothing was \
         done twice.\n"
    } else {
        ""
    };
    format!(
        "\nPaid in all {}. For every corrected placement, what was paid is what is owed.\nThe lines are in {}, in the \
         data folder.\n{again}Published: the amounts, the scales and the counts of people. Reconstructed: how daily \
         activities divide on levels.\nInvented: every person, provider, unit and date. See services/city/data/stockholm/README.md.",
        kronor(Ore(sum)),
        files.join(" and "),
    )
}
