//! Lines and holds in words.

use niva_calendar::{Datelike, Interval, Month};
use niva_models::{
    Catalogue, Component, DayCount, Level, Model, PreliminaryDifference, PremisesDays, PriceUnit, Rate,
    Regime, ServiceTerms, Variant,
};

use crate::{Basis, Line, Payee, Phases, PlacementFacts, Settlement};

/// Why a line pays what it pays, to the paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// Id of the compensation model, or of the individual agreement.
    pub model_id: String,
    /// Title of the model, or of the agreement.
    pub model_title: String,
    /// Sentences for people, in order: the days, the level, the price, the settlement.
    pub sentences: Vec<String>,
    /// Rules of the model that were used, such as `notice (uppsägning): 4 calendar days`.
    pub rules: Vec<String>,
    /// Document that the amount stands in.
    pub source_document: String,
    /// Place in the document.
    pub source_place: String,
    /// Points that gave the level; `None` where there are none.
    pub points: Option<u16>,
}

/// Explains a line that the engine computed from `facts` by `catalogue`.
#[must_use]
pub fn explain(line: &Line, facts: &PlacementFacts<'_>, catalogue: &Catalogue) -> Explanation {
    let mut out = Explanation { points: line.points, ..Explanation::default() };
    let model = catalogue.models.get(usize::from(line.model));
    let terms = model.and_then(|m| m.terms(facts.service));
    if let Some(model) = model {
        model.id.as_str().clone_into(&mut out.model_id);
        out.model_title.clone_from(&model.title);
    }
    days(line, facts, catalogue, &mut out);
    match line.basis {
        Basis::Agreement => agreement(line, facts, &mut out),
        Basis::ActualCost => {
            out.sentences.push(
                "The place is sold to another district, which pays the selling board its actual premises cost."
                    .to_owned(),
            );
            "Premises cost reported for the placement".clone_into(&mut out.source_document);
            out.source_place = format!("{} SEK a month", line.unit_price);
        }
        Basis::Special(_) => special(line, facts, &mut out),
        Basis::Published | Basis::Transition | Basis::PrivatePremises => {
            if let (Some(model), Some(terms)) = (model, terms) {
                published(line, facts, model, terms, &mut out);
            }
        }
    }
    price(line, &mut out);
    unit_rule(line, terms, &mut out);
    out.sentences.push(
        match line.settlement {
            Settlement::InternalVoucher if line.payee == Payee::Board => {
                "The granting district pays the board that sells the place: an internal voucher."
            }
            Settlement::Outgoing => "The granting district pays the unit's provider.",
            Settlement::InternalVoucher => {
                "The unit is municipal and of another district: an internal voucher, not an outgoing payment."
            }
            Settlement::OwnUnit => "The unit is the granting district's own: nothing leaves the board.",
        }
        .to_owned(),
    );
    out
}

/// Which days, and by which rule they are paid.
fn days(line: &Line, facts: &PlacementFacts<'_>, catalogue: &Catalogue, out: &mut Explanation) {
    let phases = Phases::of(facts, catalogue);
    let counting = phases.counted_on.and_then(|day| catalogue.on(facts.service, day));
    let counted = |what: &str, n: u16| {
        let kind = match counting.map(|m| m.terms.parameters.day_count) {
            Some(DayCount::Working) => "working days",
            _ => "calendar days",
        };
        let by = counting.map(|m| format!(", by {}", m.model.id)).unwrap_or_default();
        format!("{what}: {n} {kind}{by}")
    };
    let full_end = phases.full.and_then(|f| f.end());
    if line.component == Component::Vacancy {
        let left = full_end.map_or_else(String::new, |d| format!(" after full compensation ended {d}"));
        out.sentences.push(format!(
            "{}: vacancy compensation (tomgångsersättning){left}, paid even if someone else moves in.",
            words(line.days)
        ));
        let n = counting.map_or(0, |m| m.terms.parameters.vacancy_days);
        out.rules.push(counted("vacancy (tomgång)", n) + ", at level 1 and without premises");
        return;
    }
    out.sentences.push(format!("{}: full compensation, {}.", words(line.days), why_full(facts, full_end)));
    if let (Some(m), Some(_)) = (counting, full_end) {
        let p = &m.terms.parameters;
        if facts.actual_start.is_none() {
            out.rules.push(counted("no-show (utebliven start)", p.no_show_days));
        }
        out.rules.push(counted("notice (uppsägning)", p.notice_days));
    }
}

fn why_full(facts: &PlacementFacts<'_>, end: Option<niva_calendar::NaiveDate>) -> String {
    let start = facts.ordered_start;
    let Some(end) = end else { return format!("which runs from the ordered start {start} and is open") };
    let notice = facts.notice.map(|n| format!("notice on {n}"));
    let left = match (facts.actual_start, facts.end) {
        (Some(_), Some(e)) => format!("last day of the person {e}"),
        _ => "the person never came".to_owned(),
    };
    let facts = [Some(left), notice].into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("which runs from the ordered start {start} through {end} ({facts})")
}

fn agreement(line: &Line, facts: &PlacementFacts<'_>, out: &mut Explanation) {
    let Some(agreement) = facts.agreements.at(line.days.first) else { return };
    let days = words(agreement.value.days);
    out.sentences.push(format!(
        "The individual agreement (individavtal) {} sets the price of this placement {days}, in place of {}.",
        agreement.id, out.model_id
    ));
    agreement.id.as_str().clone_into(&mut out.model_id);
    "Individual agreement".clone_into(&mut out.model_title);
    out.source_document = format!("Individual agreement {}", agreement.id);
    out.source_place = format!("price of {days}");
}

fn special(line: &Line, facts: &PlacementFacts<'_>, out: &mut Explanation) {
    let Some(known) = facts.word(line).zip(facts.special(line)) else { return };
    let (id, special) = known;
    let days = words(special.days);
    out.sentences.push(format!(
        "Special compensation (särskild redovisning) {id}: {} SEK {days}, applied for on {}, beside the rate.",
        special.amount, special.applied_on
    ));
    id.as_str().clone_into(&mut out.model_id);
    "Special compensation".clone_into(&mut out.model_title);
    out.source_document = format!("Decision of special compensation {id}");
    out.source_place = format!("amount {days}");
}

/// The level and the amount of a model.
fn published(
    line: &Line,
    facts: &PlacementFacts<'_>,
    model: &Model,
    terms: &ServiceTerms,
    out: &mut Explanation,
) {
    match (line.basis, line.component, line.level) {
        (Basis::Transition, ..) => {
            if let Some(t) = &terms.transition {
                out.sentences.push(format!(
                    "Transition to work: from the job's first day, while the plan records support, the person counts \
                     as level {} with {} hours a week.",
                    t.level, t.hours_per_week
                ));
                out.rules.push(format!(
                    "transition to work (övergång till arbete): at most {} months, by {}, {}",
                    t.max_months, t.source.document, t.source.place
                ));
            }
        }
        (Basis::PrivatePremises, ..) => out.sentences.push(
            "The place is sold to another district, and its board charges the supplement that private units get."
                .to_owned(),
        ),
        (_, Component::Vacancy, Some(level)) => {
            out.sentences.push(format!(
                "The rate is that of the lowest level, {level}, whatever level the person had."
            ));
        }
        (_, _, Some(level)) => out.sentences.extend(level_words(line, level, facts, terms)),
        (_, _, None) => out.sentences.push("The amount does not depend on a level.".to_owned()),
    }
    let component = match line.component {
        Component::Vacancy => Component::Rate,
        other => other,
    };
    let variant = if terms.variant_key(line.variant).is_empty() { Variant(0) } else { line.variant };
    let regime = if line.basis == Basis::PrivatePremises { Regime::Private } else { line.regime };
    if let Ok(rate) = terms.rate(component, regime, line.level, variant) {
        source(&rate, terms, line, out);
    }
    if let Some(day) = model.amounts_published.filter(|day| *day < line.days.first) {
        out.sentences
            .push(format!("Amounts last published {day}; no successor is published, so they stay in force."));
    }
}

fn source(rate: &Rate<'_>, terms: &ServiceTerms, line: &Line, out: &mut Explanation) {
    let key = terms.variant_key(line.variant);
    if !key.is_empty() {
        out.sentences.push(format!("The grant's scope is the variant {key}."));
    }
    if let Some(alias) = rate.alias {
        out.rules.push(format!(
            "{} takes the amount of {}: {}",
            regime(alias.regime),
            regime(alias.amount_of),
            alias.note
        ));
    }
    out.sentences.extend(rate.amount.note.clone());
    out.source_document.clone_from(&rate.amount.source.document);
    out.source_place.clone_from(&rate.amount.source.place);
}

/// The level on the line's days, with the points behind it (they may change within a level).
fn level_words(line: &Line, level: Level, facts: &PlacementFacts<'_>, terms: &ServiceTerms) -> Vec<String> {
    let difference = terms.parameters.preliminary_difference;
    let band = terms.scale.as_ref().and_then(|s| s.bands.iter().find(|b| b.level == level)).map(|band| {
        match band.to {
            Some(to) => format!("{} to {to} points", band.from),
            None => format!("{} points and more", band.from),
        }
    });
    let band = band.map(|b| format!(" ({b})")).unwrap_or_default();
    let mut sentences = Vec::new();
    for (days, known) in facts.levels.spans() {
        let fact = known.paid(difference).value;
        let Some(days) = days.intersect(&line.days).filter(|_| fact.level == level) else { continue };
        let on = if days == line.days { String::new() } else { format!(" {}", words(days)) };
        let from = match fact.points {
            Some(points) => format!("{points} points give"),
            None => "A decision states".to_owned(),
        };
        let stays = difference == PreliminaryDifference::None && known.preliminary.is_some();
        let stays = if stays { ", preliminary, which stays on days before another was decided" } else { "" };
        sentences.push(format!("{from} level {level}{band}{on}{stays}."));
    }
    sentences.dedup();
    sentences
}

/// Quantity, price and amount.
fn price(line: &Line, out: &mut Explanation) {
    let month = Month::of(line.days.first);
    out.sentences.push(match line.unit {
        PriceUnit::Month if line.days == month.interval() => {
            format!("{} SEK a month, {}, for the whole of {month}.", line.unit_price, regime(line.regime))
        }
        PriceUnit::Month => format!(
            "{} SEK a month, {}, for days {} to {} of the {} of {month}: {} SEK.",
            line.unit_price,
            regime(line.regime),
            line.days.first.day(),
            line.days.last.day(),
            month.days(),
            line.amount
        ),
        PriceUnit::Period => format!("The share of these {} days: {} SEK.", line.quantity, line.amount),
        unit => format!(
            "{} × {} SEK, {}, = {} SEK.",
            counted(line.quantity, unit),
            line.unit_price,
            regime(line.regime),
            line.amount
        ),
    });
}

fn unit_rule(line: &Line, terms: Option<&ServiceTerms>, out: &mut Explanation) {
    let holidays = terms.is_none_or(|t| t.parameters.holidays_paid);
    out.rules.extend(
        match line.unit {
            PriceUnit::Month => {
                Some("a part of a month is prorated by calendar days and rounded to whole öre")
            }
            PriceUnit::Weekday if holidays => {
                Some("Monday to Friday are paid (vardagar), public holidays included")
            }
            PriceUnit::Weekday => Some("Monday to Friday are paid (vardagar), public holidays not"),
            PriceUnit::HalfDaySession | PriceUnit::CourseSession => Some(
                "sessions are paid as granted (beslutade), on the weekdays of the schedule, not as attended",
            ),
            PriceUnit::EveningOrNight => Some("each reported evening or night is paid"),
            PriceUnit::Period => {
                Some("a part of the period is prorated by calendar days and rounded to whole öre")
            }
            PriceUnit::CalendarDay | PriceUnit::Year => None,
        }
        .map(str::to_owned),
    );
    if line.component == Component::Premises {
        let participation = terms.is_some_and(|t| t.parameters.premises_days == PremisesDays::Participation);
        let counted =
            if participation { "on the days of taking part only" } else { "with full compensation only" };
        out.rules.push(format!("premises supplement (lokalschablon): {counted}"));
    }
}

fn counted(n: i64, unit: PriceUnit) -> String {
    let name = match unit {
        PriceUnit::CalendarDay => "calendar day (dygn)",
        PriceUnit::Weekday => "weekday (vardag)",
        PriceUnit::Month => "month",
        PriceUnit::HalfDaySession => "half-day session (pass)",
        PriceUnit::CourseSession => "course session (kurstillfälle)",
        PriceUnit::EveningOrNight => "evening or night (kväll/natt)",
        PriceUnit::Year => "year",
        PriceUnit::Period => "period",
    };
    if n == 1 { format!("1 {name}") } else { format!("{n} times a {name}") }
}

const fn regime(regime: Regime) -> &'static str {
    match regime {
        Regime::Municipal => "municipal (egen regi)",
        Regime::Contracted => "contracted (entreprenad)",
        Regime::Private => "private (privat regi)",
        Regime::OtherMunicipality => "other municipality (andra kommuner)",
    }
}

pub(crate) fn words(days: Interval) -> String {
    match days.end() {
        Some(end) if end == days.first => days.first.to_string(),
        Some(end) => format!("{} to {end}", days.first),
        None => format!("from {}", days.first),
    }
}
