use std::ops::Range;

use niva_names::file::Problems;

use super::{
    common::Common,
    read::{self, Section},
};
use crate::{Band, Level, Scale};

/// A scale as far as it could be read.
pub(super) struct ReadScale {
    pub(super) scale: Option<Scale>,
    /// Its levels, where they are in order.
    pub(super) levels: Option<Vec<Level>>,
}

/// Reads `[service.scale]` and checks that its bands hold every total that the instrument can give, each once.
/// `None` when there is none.
pub(super) fn read(
    service: &mut Section<'_>,
    common: &Common<'_>,
    problems: &mut Problems<'_>,
) -> Option<ReadScale> {
    let mut section = service.get("scale").and_then(|v| read::section(v, "the scale", problems))?;
    let max_points: Option<u16> = section.need_number("max_points", problems);
    let steps = step(&mut section, max_points, problems);
    let source = common.documents.source(&mut section, problems);
    let sections = section.tables("bands", "a band", problems);
    let at = section.span.clone();
    section.finish(problems);
    let ranges: Vec<Range<usize>> = sections.iter().map(|band| band.span.clone()).collect();
    let bands: Option<Vec<Band>> = sections.into_iter().map(|band| one(band, problems)).collect();
    let Some(bands) = bands else { return Some(ReadScale { scale: None, levels: None }) };
    let levels = levels(&bands, &ranges, problems);
    let scale = max_points.zip(steps).zip(source);
    let scale = scale.map(|((max_points, step), source)| Scale { max_points, step, bands, source });
    if let Some(scale) = &scale {
        check(scale, &ranges, &at, problems);
    }
    Some(ReadScale { scale, levels })
}

fn step(section: &mut Section<'_>, max_points: Option<u16>, problems: &mut Problems<'_>) -> Option<u16> {
    let Some(value) = section.get("step") else { return Some(1) };
    let (max, step): (u16, u16) = (max_points?, read::number(value, problems)?);
    if step == 0 || max % step != 0 {
        let what = format!("totals up to {max} cannot go in steps of {step}");
        problems.add(
            &value.span(),
            what,
            "write the distance between two totals that the instrument can give",
        );
        return None;
    }
    Some(step)
}

/// The levels of the bands, if they are 1, 2, 3 …
fn levels(bands: &[Band], ranges: &[Range<usize>], problems: &mut Problems<'_>) -> Option<Vec<Level>> {
    let mut in_order = true;
    for ((band, range), expected) in bands.iter().zip(ranges).zip((1..=u8::MAX).map(Level)) {
        if band.level != expected {
            let what = format!("level {} stands where level {expected} should", band.level);
            problems.add(range, what, "list the levels in order from 1, a band each");
            in_order = false;
        }
    }
    in_order.then(|| bands.iter().map(|b| b.level).collect())
}

fn one(mut band: Section<'_>, problems: &mut Problems<'_>) -> Option<Band> {
    let level = band.need("level", problems).and_then(|v| read::level(v, problems));
    let points = band.need("points", problems).and_then(|v| totals(v, problems));
    let printed = band.get("printed").and_then(|v| totals(v, problems));
    let note = band.text("note", problems);
    band.finish(problems);
    let (from, to) = points?;
    Some(Band { level: level?, from, to, printed, note })
}

/// `16-25`, or `36-` for an open end.
fn totals(value: read::Value<'_>, problems: &mut Problems<'_>) -> Option<(u16, Option<u16>)> {
    let text = read::text(value, problems)?;
    let parsed = text.split_once('-').and_then(|(from, to)| {
        let from: u16 = from.trim().parse().ok()?;
        let to: Option<u16> = if to.trim().is_empty() { None } else { Some(to.trim().parse().ok()?) };
        to.is_none_or(|to| from <= to).then_some((from, to))
    });
    if parsed.is_none() {
        let to_do = "write the lowest and the highest total, as \"16-25\", or \"36-\" for an open end";
        problems.add(&value.span(), format!("`{text}` are no points"), to_do);
    }
    parsed
}

fn check(scale: &Scale, ranges: &[Range<usize>], at: &Range<usize>, problems: &mut Problems<'_>) {
    if scale.bands.is_empty() {
        problems.add(at, "the scale has no bands", "add bands = [{ level = 1, points = \"0-…\" }, …]");
        return;
    }
    let last = scale.bands.len() - 1;
    // The lowest total that no band so far holds; none after an open one.
    let mut next: Option<u16> = Some(0);
    for (i, (band, range)) in scale.bands.iter().zip(ranges).enumerate() {
        if let Some(next) = next {
            if band.from < next {
                let what =
                    format!("the bands overlap: level {} begins at {}, below {next}", band.level, band.from);
                problems.add(
                    range,
                    what,
                    format!("begin it at {next} or later, or end the band before sooner"),
                );
            }
            report_gap(scale, next, band.from, range, problems);
        }
        if band.to.is_none() && i != last {
            problems.add(
                range,
                format!("level {} has no upper end", band.level),
                "only the last band may be open",
            );
        }
        next = band.to.map(|to| to.saturating_add(1).max(next.unwrap_or_default()));
    }
    if let Some(next) = next {
        report_gap(scale, next, scale.max_points.saturating_add(1), at, problems);
    }
}

/// Reports the totals from `from` to before `until` that the instrument can give.
fn report_gap(scale: &Scale, from: u16, until: u16, at: &Range<usize>, problems: &mut Problems<'_>) {
    let missed: Vec<String> =
        scale.totals().filter(|t| (from..until).contains(t)).map(|t| t.to_string()).collect();
    let what = match &missed[..] {
        [] => return,
        [one] => format!("the total {one} has no level"),
        [first, .., last] if missed.len() > 6 => {
            format!("{} totals from {first} to {last} have no level", missed.len())
        }
        many => format!("the totals {} have no level", many.join(", ")),
    };
    problems.add(at, what, "close the gap: every total that the instrument can give needs a band");
}
