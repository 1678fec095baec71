use niva_names::ScaleId;
use niva_names::{
    OccasionKind, ServiceKey,
    file::{self, Problems},
};

use super::{
    amounts,
    common::{self, Common},
    read::{self, Section},
    scale::{self, ReadScale},
    terms,
};
use crate::rates::{Priced, RateIndex};
use crate::{
    Component, Level, PriceUnit, Regime, RegimeAlias, ServiceTerms, SoldPremises, Variant, VariantRule,
    version::version,
};

/// Reads a `[[service]]` and checks that it prices all it says it prices. `None` when too little could be read.
pub(super) fn read(
    mut section: Section<'_>,
    common: &Common<'_>,
    problems: &mut Problems<'_>,
) -> Option<ServiceTerms> {
    let service = section.need("service", problems).and_then(|v| service_of(v, common, problems));
    let unit = section.need_name("unit", problems);
    let own = section.get("regimes").map(|v| common::regimes(v, problems));
    let regimes = own.or_else(|| common.regimes.clone());
    if regimes.as_ref().is_none_or(Vec::is_empty) {
        problems.add(&section.span, "the service has no regimes", "add `regimes = […]` to it or to the file");
    }
    let scale = scale::read(&mut section, common, problems);
    let levels = levels(&mut section, scale.as_ref(), problems);
    let levels_known = levels.is_some();
    let scale_id = scale_id(&mut section, levels.as_deref(), problems);
    let variants = terms::variants(&mut section, problems);
    let parameters = terms::parameters(&mut section, &common.documents, problems);
    let parameters = parameters.or(&common.parameters, &section, problems);
    let transition = terms::transition(&mut section, &common.documents, problems);
    sessions_fit(&mut section, unit, problems);
    let sessions = terms::sessions(&mut section, &common.documents, problems);
    let sold = terms::sold(&mut section, &common.documents, problems);
    let rates_unpublished = section.text("rates_unpublished", problems);
    let regimes = regimes.unwrap_or_default();
    let (parameters, parameters_source) = parameters?;
    let mut terms = ServiceTerms {
        service: service?,
        unit: unit?,
        levels: levels.unwrap_or_default(),
        aliases: Vec::new(),
        regimes,
        variants,
        scale_id: scale_id.map(ScaleId::from),
        scale: scale.and_then(|s| s.scale),
        parameters,
        parameters_source,
        transition,
        sold,
        sessions,
        rates_unpublished,
        amounts: Vec::new(),
        allocations: Vec::new(),
        version: String::new(),
        index: RateIndex::default(),
    };
    let tables = amounts::read(&mut section, &mut terms, levels_known, common, problems);
    terms.aliases = aliases(&terms, &common.aliases);
    let at = section.span.clone();
    section.finish(problems);
    terms.index = index(&terms, &tables.places, problems);
    terms.version = version(&terms);
    if levels_known {
        rules_fit(&terms, &at, problems);
    }
    belongs(&terms, common, &at, problems);
    if !tables.unreadable {
        complete(&terms, &at, problems);
    }
    Some(terms)
}

/// Every price, found by arithmetic. Two amounts for the same thing are a problem at the second.
fn index(terms: &ServiceTerms, places: &[std::ops::Range<usize>], problems: &mut Problems<'_>) -> RateIndex {
    let priced = Priced {
        levels: &terms.levels,
        regimes: &terms.regimes,
        variants: terms.variants.len(),
        amounts: &terms.amounts,
        aliases: &terms.aliases,
    };
    let (index, clashes) = RateIndex::of(&priced);
    for (first, second) in clashes {
        let places = (places.get(first), places.get(second));
        let (Some(amount), (Some(first), Some(second))) = (terms.amounts.get(second), places) else {
            continue;
        };
        let what = format!("{} has this amount already, on line {}", amount.component, problems.line(first));
        problems.add(second, what, "remove one of the two");
    }
    index
}

/// A service that the city has.
fn service_of(
    value: read::Value<'_>,
    common: &Common<'_>,
    problems: &mut Problems<'_>,
) -> Option<ServiceKey> {
    let key = file::key(value, problems)?;
    if let Some(Err(unknown)) = common.services.map(|services| services.service(key.as_str())) {
        let to_do = format!("use one of: {}, or add it to the city's catalogue", unknown.known);
        problems.add(&value.span(), format!("`{key}` is no service of {}", unknown.city), to_do);
    }
    Some(key)
}

/// The levels: those of the scale, or those listed. Consecutive, so that a level is an index. `None` when they are
/// not known for a problem.
fn levels(
    section: &mut Section<'_>,
    scale: Option<&ReadScale>,
    problems: &mut Problems<'_>,
) -> Option<Vec<Level>> {
    let listed = section.get("levels");
    if let Some(scale) = scale {
        if let Some(value) = listed {
            let what = "the service has both levels and a scale";
            problems.add(&value.span(), what, "remove `levels`: the scale has them");
        }
        return scale.levels.clone();
    }
    let Some(value) = listed else { return Some(Vec::new()) };
    let levels: Option<Vec<Level>> =
        read::list(value, problems)?.into_iter().map(|v| read::level(v, problems)).collect();
    let consecutive = levels.as_ref()?.windows(2).all(|pair| matches!(pair, [a, b] if b.0 == a.0 + 1));
    if !consecutive {
        problems.add(&value.span(), "the levels do not follow one another", "list them in order, each once");
        return None;
    }
    levels
}

/// What names the scale that the levels belong to, which must be there where there are levels.
fn scale_id(
    section: &mut Section<'_>,
    levels: Option<&[Level]>,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let named = section.get("scale_id").map(|value| (value.span(), read::text(value, problems)));
    match (named, levels) {
        (Some((at, _)), Some([])) => {
            problems.add(&at, "the service has a scale_id and no levels", "remove it, or give the levels");
            None
        }
        (None, Some([_, ..])) => {
            let to_do = "add `scale_id = \"…\"`: models whose levels mean the same name the same scale";
            problems.add(&section.span, "the service has levels and no scale_id", to_do);
            None
        }
        (named, _) => named.and_then(|(_, id)| id),
    }
}

/// The file's aliases that this service needs: for regimes it has, of components it pays.
fn aliases(terms: &ServiceTerms, common: &[RegimeAlias]) -> Vec<RegimeAlias> {
    let pays = |alias: &RegimeAlias| {
        terms.amounts.iter().any(|a| a.component == alias.component && a.regime == Some(alias.amount_of))
    };
    common.iter().filter(|alias| terms.regimes.contains(&alias.regime) && pays(alias)).cloned().collect()
}

/// A service that is paid by session says how many there can be, and no other does.
fn sessions_fit(section: &mut Section<'_>, unit: Option<PriceUnit>, problems: &mut Problems<'_>) {
    let what = match (unit.map(PriceUnit::is_session), section.get("sessions")) {
        (Some(true), None) => "the service is paid by session and does not say how many there can be",
        (Some(false), Some(_)) => "the service has sessions and is not paid by session",
        _ => return,
    };
    problems.add(
        &section.span,
        what,
        "give [service.sessions] to services that are paid by session, and to no other",
    );
}

/// What is paid beside the rate, and by session, belongs to the service: the city's catalogue says so.
fn belongs(
    terms: &ServiceTerms,
    common: &Common<'_>,
    at: &std::ops::Range<usize>,
    problems: &mut Problems<'_>,
) {
    let Some(Ok(info)) = common.services.map(|services| services.service(terms.service.as_str())) else {
        return;
    };
    let evenings = terms.amounts.iter().any(|amount| amount.component == Component::EveningNight);
    let actual = terms.sold.as_ref().is_some_and(|sold| sold.premises == SoldPremises::ActualCost);
    for (paid, belongs, what, key) in [
        (terms.unit.is_session(), info.paid_by_sessions, "by session", "paid_by_sessions = true"),
        (
            evenings,
            info.occasions.contains(&OccasionKind::EveningNight),
            "for evenings and nights",
            "occasions = [\"evening_night\"]",
        ),
        (actual, info.premises_costs, "for the actual premises of sold places", "premises_costs = true"),
    ] {
        if paid && !belongs {
            let what = format!("{} is paid {what}, which the city's catalogue does not know of it", info.key);
            problems.add(at, what, format!("write `{key}` there, or do not pay it here"));
        }
    }
}

/// Rules that name a level or hours need the service to have them.
fn rules_fit(terms: &ServiceTerms, at: &std::ops::Range<usize>, problems: &mut Problems<'_>) {
    if terms.parameters.vacancy_days > 0 && !terms.levels.contains(&Level::LOWEST) {
        let what = format!("{} has vacancy days but no level 1 to pay them at", terms.service);
        problems.add(at, what, "set vacancy_days = 0 in its [service.parameters], or give it levels");
    }
    let Some(transition) = &terms.transition else { return };
    if !terms.levels.contains(&transition.level) {
        let what =
            format!("the transition is at level {}, which the service does not have", transition.level);
        problems.add(at, what, "use one of its levels");
    }
    let hours = |rule: &VariantRule| {
        rule.hours.is_none_or(|(from, to)| (from..=to).contains(&transition.hours_per_week))
    };
    if !terms.variants.is_empty() && !terms.variants.iter().any(hours) {
        let what = format!("the transition is at {} hours, which no variant has", transition.hours_per_week);
        problems.add(at, what, "use hours that a variant has");
    }
}

/// Every component that is paid must have an amount for every regime, level and variant.
fn complete(terms: &ServiceTerms, at: &std::ops::Range<usize>, problems: &mut Problems<'_>) {
    let has = |component: Component| terms.amounts.iter().any(|a| a.component == component);
    if let Some(reason) = &terms.rates_unpublished {
        if has(Component::Rate) {
            let what = format!("the service has rates, though they are called unpublished ({reason})");
            problems.add(at, what, "remove `rates_unpublished`, or the rates");
        }
    } else if !has(Component::Rate) {
        let to_do = "add [[service.amounts]] with pays = \"rate\", or say with `rates_unpublished` why there are none";
        problems.add(at, format!("{} has no rate", terms.service), to_do);
    }
    for component in Component::ALL.iter().filter(|c| has(**c)) {
        // Regimes that miss the same are told together.
        let mut gaps: Vec<(Vec<String>, Vec<&str>)> = Vec::new();
        for regime in &terms.regimes {
            let missing = missing(terms, *component, *regime);
            match gaps.iter_mut().find(|(same, _)| *same == missing) {
                Some((_, regimes)) => regimes.push(regime.as_str()),
                None => gaps.push((missing, vec![regime.as_str()])),
            }
        }
        for (missing, regimes) in gaps.iter().filter(|(missing, _)| !missing.is_empty()) {
            let shown = missing.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            let more =
                if missing.len() > 4 { format!(" and {} more", missing.len() - 4) } else { String::new() };
            problems.add(
                at,
                format!("no {component} of {} for {}: {shown}{more}", terms.service, regimes.join(", ")),
                "add the amounts, or take the regime out of `regimes`, or give it an [[alias]]",
            );
        }
    }
}

fn missing(terms: &ServiceTerms, component: Component, regime: Regime) -> Vec<String> {
    let levelled = terms.amounts.iter().any(|a| a.component == component && a.level.is_some());
    let levels: Vec<Option<Level>> =
        if levelled { terms.levels.iter().copied().map(Some).collect() } else { vec![None] };
    let variants = u8::try_from(terms.variants.len().max(1)).unwrap_or(u8::MAX);
    let mut missing = Vec::new();
    for variant in (0..variants).map(Variant) {
        for level in &levels {
            if terms.rate(component, regime, *level, variant).is_err() {
                let key = terms.variant_key(variant);
                let level = level.map_or_else(|| "any level".to_owned(), |l| format!("level {l}"));
                missing.push(if key.is_empty() { level } else { format!("{level} of `{key}`") });
            }
        }
    }
    missing
}
