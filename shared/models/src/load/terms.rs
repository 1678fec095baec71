//! The rules of a service: parameters, variants, transition to work.

use niva_names::file::{Documents, Problems, Source};

use super::read::{self, Section};
use crate::{
    DayCount, Extent, MAX_DAY_COUNT, Parameters, PreliminaryDifference, PremisesDays, SessionTerms,
    SoldPremises, SoldTerms, TransitionTerms, VariantRule,
};

/// Parameters as far as a file states them: for all services, or for one.
#[derive(Debug, Clone, Default)]
pub(super) struct PartialParameters {
    notice_days: Option<u16>,
    no_show_days: Option<u16>,
    vacancy_days: Option<u16>,
    day_count: Option<DayCount>,
    holidays_paid: Option<bool>,
    preliminary_difference: Option<PreliminaryDifference>,
    premises_days: Option<PremisesDays>,
    absence_days: Option<u16>,
    reflection_days: Option<u16>,
    start_days: Option<u16>,
    source: Option<Source>,
}

/// Reads `[parameters]` of the file or of a service; all keys are optional here.
pub(super) fn parameters(
    parent: &mut Section<'_>,
    documents: &Documents,
    problems: &mut Problems<'_>,
) -> PartialParameters {
    let mut partial = PartialParameters::default();
    let Some(mut section) =
        parent.get("parameters").and_then(|v| read::section(v, "the parameters", problems))
    else {
        return partial;
    };
    let mut days = |key: &'static str, problems: &mut Problems<'_>| -> Option<u16> {
        // After a problem the file is refused: any value will do to see what else is wrong.
        section.get(key).map(|v| day_count(v, problems).unwrap_or_default())
    };
    partial.notice_days = days("notice_days", problems);
    partial.no_show_days = days("no_show_days", problems);
    partial.vacancy_days = days("vacancy_days", problems);
    partial.absence_days = days("absence_days", problems);
    partial.reflection_days = days("reflection_days", problems);
    partial.start_days = days("start_days", problems);
    let counts = [("calendar", DayCount::Calendar), ("working", DayCount::Working)];
    partial.day_count = section.get("day_count").and_then(|v| read::choice(v, &counts, problems));
    partial.holidays_paid = section.get("holidays_paid").and_then(|v| read::boolean(v, problems));
    let answers = [("pay", PreliminaryDifference::Pay), ("none", PreliminaryDifference::None)];
    partial.preliminary_difference =
        section.get("preliminary_difference").and_then(|v| read::choice(v, &answers, problems));
    let counted = [
        ("full_compensation", PremisesDays::FullCompensation),
        ("participation", PremisesDays::Participation),
    ];
    partial.premises_days = section.get("premises_days").and_then(|v| read::choice(v, &counted, problems));
    partial.source = documents.source(&mut section, problems);
    section.finish(problems);
    partial
}

fn day_count(value: read::Value<'_>, problems: &mut Problems<'_>) -> Option<u16> {
    let at = value.span();
    let days: u16 = read::number(value, problems)?;
    if days > MAX_DAY_COUNT {
        let what = format!("{days} days are more than a model may count");
        problems.add(&at, what, format!("write at most {MAX_DAY_COUNT}"));
    }
    Some(days)
}

impl PartialParameters {
    /// These, and `common` for what they leave out. Reports what neither states.
    pub(super) fn or(
        self,
        common: &Self,
        at: &Section<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<(Parameters, Option<Source>)> {
        fn pick<T: Copy>(
            own: Option<T>,
            all: Option<T>,
            key: &'static str,
            missing: &mut Vec<&'static str>,
        ) -> Option<T> {
            let picked = own.or(all);
            if picked.is_none() {
                missing.push(key);
            }
            picked
        }
        let mut missing = Vec::new();
        let notice_days = pick(self.notice_days, common.notice_days, "notice_days", &mut missing);
        let no_show_days = pick(self.no_show_days, common.no_show_days, "no_show_days", &mut missing);
        let vacancy_days = pick(self.vacancy_days, common.vacancy_days, "vacancy_days", &mut missing);
        let day_count = pick(self.day_count, common.day_count, "day_count", &mut missing);
        let holidays_paid = pick(self.holidays_paid, common.holidays_paid, "holidays_paid", &mut missing);
        let preliminary_difference = pick(
            self.preliminary_difference,
            common.preliminary_difference,
            "preliminary_difference",
            &mut missing,
        );
        let reflection_days =
            pick(self.reflection_days, common.reflection_days, "reflection_days", &mut missing);
        let start_days = pick(self.start_days, common.start_days, "start_days", &mut missing);
        if !missing.is_empty() {
            let what = format!("the service lacks the parameters {}", missing.join(", "));
            problems.add(&at.span, what, "add them to [parameters] of the file, or to [service.parameters]");
        }
        let parameters = Parameters {
            notice_days: notice_days?,
            no_show_days: no_show_days?,
            vacancy_days: vacancy_days?,
            day_count: day_count?,
            holidays_paid: holidays_paid?,
            preliminary_difference: preliminary_difference?,
            premises_days: self
                .premises_days
                .or(common.premises_days)
                .unwrap_or(PremisesDays::FullCompensation),
            absence_days: self.absence_days.or(common.absence_days),
            reflection_days: reflection_days?,
            start_days: start_days?,
        };
        Some((parameters, self.source.or_else(|| common.source.clone())))
    }
}

/// Reads `[[service.variants]]`: keys differ, and no scope may be two of them.
pub(super) fn variants(service: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<VariantRule> {
    let mut rules: Vec<VariantRule> = Vec::new();
    for mut section in service.tables("variants", "a variant", problems) {
        let at = section.span.clone();
        let before = problems.count();
        let rule = variant(&mut section, problems);
        let sound = problems.count() == before;
        section.finish(problems);
        let Some(rule) = rule else { continue };
        if !sound {
            // Its conditions are not what was meant.
        } else if rules.iter().any(|r| r.key == rule.key) {
            problems.add(&at, format!("variant `{}` is there twice", rule.key), "give it another key");
        } else if let Some(other) = rules.iter().find(|r| both_can_hold(r, &rule)) {
            let what = format!("a grant can be both variant `{}` and `{}`", other.key, rule.key);
            problems.add(&at, what, "let their conditions exclude one another");
        }
        rules.push(rule);
    }
    rules
}

fn variant(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<VariantRule> {
    let extents = [("full_time", Extent::FullTime), ("part_time", Extent::PartTime)];
    let key = section.need_text("key", problems);
    let extent = section.get("extent").and_then(|v| read::choice(v, &extents, problems));
    let hours = section.get("hours").and_then(|v| span(v, "hours a week", problems));
    let time_interval = section.get("time_interval").and_then(|v| read::number(v, problems));
    let personal_assistance = section.get("personal_assistance").and_then(|v| read::boolean(v, problems));
    Some(VariantRule { key: key?, extent, hours, time_interval, personal_assistance })
}

/// The fewest and the most of something.
fn span(value: read::Value<'_>, what: &str, problems: &mut Problems<'_>) -> Option<(u8, u8)> {
    let ends: Option<Vec<u8>> =
        read::list(value, problems)?.into_iter().map(|v| read::number(v, problems)).collect();
    match ends?[..] {
        [from, to] if from <= to => Some((from, to)),
        _ => {
            let to_do = "write the fewest and the most, as [11, 24]";
            problems.add(&value.span(), format!("these are no {what}"), to_do);
            None
        }
    }
}

fn both_can_hold(a: &VariantRule, b: &VariantRule) -> bool {
    fn agree<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
        a.zip(b).is_none_or(|(a, b)| a == b)
    }
    agree(a.time_interval, b.time_interval)
        && agree(a.personal_assistance, b.personal_assistance)
        && both_fit_how_much(a, b)
}

/// Of a rule with both extent and hours a grant may state either: it excludes another only where both differ, or where the
/// other needs the one that differs.
fn both_fit_how_much(a: &VariantRule, b: &VariantRule) -> bool {
    let extents_differ = a.extent.zip(b.extent).is_some_and(|(a, b)| a != b);
    let hours_differ = a.hours.zip(b.hours).is_some_and(|(a, b)| a.0 > b.1 || b.0 > a.1);
    let needs_extent = |rule: &VariantRule| rule.extent.is_some() && rule.hours.is_none();
    let needs_hours = |rule: &VariantRule| rule.hours.is_some() && rule.extent.is_none();
    match (extents_differ, hours_differ) {
        (true, true) => false,
        (true, false) => !needs_extent(a) && !needs_extent(b),
        (false, true) => !needs_hours(a) && !needs_hours(b),
        (false, false) => true,
    }
}

/// Reads `[service.sessions]`.
pub(super) fn sessions(
    service: &mut Section<'_>,
    documents: &Documents,
    problems: &mut Problems<'_>,
) -> Option<SessionTerms> {
    let mut section = service.get("sessions").and_then(|v| read::section(v, "the sessions", problems))?;
    let a_week = section.need("a_week", problems).and_then(|v| span(v, "sessions a week", problems));
    let a_day = section.need_number("a_day", problems);
    let source = documents.source(&mut section, problems);
    section.finish(problems);
    Some(SessionTerms { a_week: a_week?, a_day: a_day?, source: source? })
}

/// Reads `[service.sold]`.
pub(super) fn sold(
    service: &mut Section<'_>,
    documents: &Documents,
    problems: &mut Problems<'_>,
) -> Option<SoldTerms> {
    let mut section = service.get("sold").and_then(|v| read::section(v, "a sold place", problems))?;
    let rules =
        [("actual_cost", SoldPremises::ActualCost), ("private_supplement", SoldPremises::PrivateSupplement)];
    let premises = section.need("premises", problems).and_then(|v| read::choice(v, &rules, problems));
    let source = documents.source(&mut section, problems);
    section.finish(problems);
    Some(SoldTerms { premises: premises?, source: source? })
}

/// Reads `[service.transition]`.
pub(super) fn transition(
    service: &mut Section<'_>,
    documents: &Documents,
    problems: &mut Problems<'_>,
) -> Option<TransitionTerms> {
    let mut section = service.get("transition").and_then(|v| read::section(v, "the transition", problems))?;
    let max_months = section.need_number("max_months", problems);
    let level = section.need("level", problems).and_then(|v| read::level(v, problems));
    let hours_per_week = section.need_number("hours_per_week", problems);
    let monthly_visit = section.need("monthly_visit", problems).and_then(|v| read::boolean(v, problems));
    let studies = section.need("studies", problems).and_then(|v| read::boolean(v, problems));
    let source = documents.source(&mut section, problems);
    section.finish(problems);
    Some(TransitionTerms {
        max_months: max_months?,
        level: level?,
        hours_per_week: hours_per_week?,
        monthly_visit: monthly_visit?,
        studies: studies?,
        source: source?,
    })
}
