use std::ops::Range;

use super::{
    model::Common,
    problems::Problems,
    read::{self, Section},
};
use crate::{Band, Level, Scale};

/// Reads `[service.scale]` and checks that its bands hold every total that the instrument can give, each once.
pub(super) fn read(service: &mut Section<'_>, common: &Common, problems: &mut Problems<'_>) -> Option<Scale> {
    let mut section = service.get("scale").and_then(|v| read::section(v, "the scale", problems))?;
    let max_points: Option<u16> = section.need_number("max_points", problems);
    let step_at = section.get("step");
    let step: Option<u16> = step_at.map_or(Some(1), |v| read::number(v, problems));
    if let (Some(max), Some(step), Some(at)) = (max_points, step, step_at)
        && (step == 0 || max % step != 0)
    {
        let what = format!("totals up to {max} cannot go in steps of {step}");
        problems.add(&at.span(), what, "write the distance between two totals that the instrument can give");
        return None;
    }
    let source = common.source(&mut section, problems);
    let bands: Vec<(Range<usize>, Band)> = section
        .tables("bands", "a band", problems)
        .into_iter()
        .filter_map(|mut band| {
            let read = one(&mut band, problems);
            let at = band.span.clone();
            band.finish(problems);
            Some((at, read?))
        })
        .collect();
    let at = section.span.clone();
    section.finish(problems);
    let (max_points, step, source) = (max_points?, step?, source?);
    let ranges = bands.iter().map(|(at, _)| at.clone()).collect::<Vec<_>>();
    let scale = Scale { max_points, step, bands: bands.into_iter().map(|(_, b)| b).collect(), source };
    check(&scale, &ranges, &at, problems);
    Some(scale)
}

fn one(band: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Band> {
    let level = band.need("level", problems).and_then(|v| read::level(v, problems));
    let points = band.need("points", problems).and_then(|v| totals(v, problems));
    let printed = band.get("printed").and_then(|v| totals(v, problems));
    let note = band.text("note", problems);
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
    let mut next: u16 = 0;
    for (i, (band, range)) in scale.bands.iter().zip(ranges).enumerate() {
        let expected = Level(u8::try_from(i + 1).unwrap_or(u8::MAX));
        if band.level != expected {
            let what = format!("level {} stands where level {expected} should", band.level);
            problems.add(range, what, "list the levels in order from 1, a band each");
        }
        if band.from < next {
            let what = format!(
                "the bands overlap: level {} begins at {} though {} is in the band before",
                band.level,
                band.from,
                next - 1
            );
            problems.add(range, what, format!("begin it at {next} or later, or end the band before sooner"));
        }
        report_gap(scale, next, band.from, range, problems);
        if band.to.is_none() && i != last {
            problems.add(
                range,
                format!("level {} has no upper end", band.level),
                "only the last band may be open",
            );
        }
        next = band.to.map_or(u16::MAX, |to| to.saturating_add(1)).max(next);
    }
    report_gap(scale, next, scale.max_points.saturating_add(1), at, problems);
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
