use niva_money::Ore;
use niva_names::file::{self, Problems};
use rust_decimal::Decimal;

use super::read::{self, Section};
use crate::{Identity, IdentityRule, Level, ServiceTerms};

/// Reads `[[identity]]`.
pub(super) fn read(
    file: &mut Section<'_>,
    services: &[ServiceTerms],
    problems: &mut Problems<'_>,
) -> Vec<Identity> {
    let mut identities = Vec::new();
    for mut section in file.tables("identity", "an identity", problems) {
        let name = section.need_text("name", problems);
        let at = section.get("service");
        let service = at.and_then(|v| file::key(v, problems));
        if let (Some(at), Some(service)) = (at, service)
            && !services.iter().any(|s| s.service == service)
        {
            problems.add(
                &at.span(),
                format!("the model does not have {service}"),
                "name one of its services",
            );
        }
        let tolerance = section.get("tolerance").map_or(Some(Ore::ZERO), |v| read::amount(v, problems));
        let rule = rule(&mut section, problems);
        section.finish(problems);
        if let (Some(name), Some(tolerance), Some(rule)) = (name, tolerance, rule) {
            identities.push(Identity { name, service, tolerance, rule });
        }
    }
    identities
}

fn rule(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    type Read = fn(&mut Section<'_>, &mut Problems<'_>) -> Option<IdentityRule>;
    let kinds: [(&str, Read); 6] = [
        ("regime_factor", regime_factor),
        ("regime_difference", regime_difference),
        ("level_factors", level_factors),
        ("allocation_levels", allocation_levels),
        ("allocation_factor", allocation_factor),
        ("level_map", level_map),
    ];
    let kind = section.need("rule", problems)?;
    read::choice(kind, &kinds, problems)?(section, problems)
}

fn regime_factor(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    let of = section.need_name("of", problems);
    let from = section.need_name("from", problems);
    let factor = factor(section, problems);
    Some(IdentityRule::RegimeFactor { of: of?, from: from?, factor: factor? })
}

fn regime_difference(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    let of = section.need_name("of", problems);
    let from = section.need_name("from", problems);
    let variants = section.get("variants").and_then(|v| read::list(v, problems)).unwrap_or_default();
    let variants = variants.into_iter().filter_map(|v| read::text(v, problems)).collect();
    let between = section.need("between", problems).and_then(|value| {
        let ends: Vec<Ore> =
            read::list(value, problems)?.into_iter().filter_map(|v| read::amount(v, problems)).collect();
        if let [low, high] = ends[..] {
            return Some((low, high));
        }
        problems.add(&value.span(), "this is no range", "write the lowest and the highest, as [174, 175]");
        None
    });
    Some(IdentityRule::RegimeDifference { of: of?, from: from?, between: between?, variants })
}

fn level_factors(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    let regime = section.need_name("regime", problems);
    let (base, factors) = base_and_factors(section, problems);
    Some(IdentityRule::LevelFactors { regime: regime?, base: base?, factors: factors? })
}

fn allocation_levels(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    let variant = section.need_text("variant", problems);
    let (base, factors) = base_and_factors(section, problems);
    Some(IdentityRule::AllocationLevels { variant: variant?, base: base?, factors: factors? })
}

fn allocation_factor(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    let of = section.need_text("of", problems);
    let from = section.need_text("from", problems);
    let factor = factor(section, problems);
    Some(IdentityRule::AllocationFactor { of: of?, from: from?, factor: factor? })
}

fn level_map(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<IdentityRule> {
    let model = section.need_text("from_model", problems);
    let pairs = section.need("levels", problems).and_then(|v| read::list(v, problems))?;
    let mut map = Vec::new();
    for pair in pairs {
        let ends: Vec<Level> = read::list(pair, problems)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|v| read::level(v, problems))
            .collect();
        if let [there, here] = ends[..] {
            map.push((there, here));
        } else {
            problems.add(
                &pair.span(),
                "this is no pair of levels",
                "write the level there and the level here, as [3, 2]",
            );
        }
    }
    Some(IdentityRule::LevelMap { model: model?.into(), map })
}

fn factor(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Decimal> {
    section.need("factor", problems).and_then(|v| read::decimal(v, problems))
}

fn base_and_factors(
    section: &mut Section<'_>,
    problems: &mut Problems<'_>,
) -> (Option<Ore>, Option<Vec<Decimal>>) {
    let base = section.need("base", problems).and_then(|v| read::amount(v, problems));
    let factors = section.need("factors", problems).and_then(|v| read::list(v, problems));
    (base, factors.map(|list| list.into_iter().filter_map(|v| read::decimal(v, problems)).collect()))
}
