//! Providers and units. All of them are invented.

use chrono::NaiveDate;
use niva_calendar::date;
use niva_models::Regime;
use niva_names::{DistrictId, ProviderId, ServiceKey, stockholm};

use super::Records;
use super::draw::Draw;
use super::people::Need;
use crate::records::{Provider, Unit};

/// How many units give each service.
const UNITS: [(ServiceKey, usize); 6] = [
    (stockholm::HOUSING_WITH_SPECIAL_SERVICE, 14),
    (stockholm::SUPPORTED_HOUSING, 14),
    (stockholm::HOUSING_SUPPORT, 22),
    (stockholm::OCCUPATION, 20),
    (stockholm::STUDY_CIRCLE, 6),
    (stockholm::DAILY_ACTIVITIES_LSS, 174),
];

/// Of a hundred units, how many are municipal, contracted and private.
const REGIMES: [(Regime, usize); 3] =
    [(Regime::Municipal, 45), (Regime::Contracted, 20), (Regime::Private, 35)];

const CONTRACTORS: usize = 25;
const PRIVATE_PROVIDERS: usize = 64;

/// Words that invented names are made of.
const TREES: [&str; 16] = [
    "Al", "Ask", "Asp", "Björk", "Bok", "Ek", "En", "Gran", "Hassel", "Hägg", "Lind", "Lärk", "Lönn", "Oxel",
    "Rönn", "Sälg",
];
const PLACES: [&str; 8] = ["backen", "dalen", "gläntan", "gården", "höjden", "kullen", "lunden", "ängen"];

/// The day from which regimes and places are stated.
pub(super) fn opening() -> NaiveDate {
    date(2019, 1, 1).unwrap_or_default()
}

/// Makes providers and units, and gives every person one. Returns the unit of each person, by index.
pub(super) fn units(
    draw: &mut Draw,
    districts: &[DistrictId],
    needs: &mut [Need],
    records: &mut Records,
) -> Vec<usize> {
    for (number, district) in (1..).zip(districts) {
        let name = format!("{district} stadsdelsförvaltning, egen regi");
        records.providers.push(Provider { provider_id: format!("PV-{number:03}").into(), name });
    }
    let contractors = companies(districts.len(), CONTRACTORS, "Exempelomsorg", records);
    let private = companies(districts.len() + CONTRACTORS, PRIVATE_PROVIDERS, "Påhittad omsorg", records);
    let (mut next_contractor, mut next_private) = (0, 0);
    let mut sizes = Vec::new();
    for (service, count) in UNITS {
        for i in 0..count {
            let district = if i < districts.len() { i } else { draw.below(districts.len()) };
            let regime = REGIMES[draw.weighted(&REGIMES.map(|(_, weight)| weight))].0;
            let provider_id = match regime {
                Regime::Contracted => turn(&contractors, &mut next_contractor),
                Regime::Private => turn(&private, &mut next_private),
                _ => format!("PV-{:03}", district + 1).into(),
            };
            let number = records.units.len();
            let (tree, place) = (TREES[number % TREES.len()], PLACES[number / TREES.len() % PLACES.len()]);
            records.units.push(Unit {
                unit_id: format!("U-{:03}", number + 1).into(),
                provider_id,
                name: format!("{tree}{place} {}", number + 1),
                service,
                district: districts.get(district).unwrap_or_else(|| DistrictId::none()).clone(),
                regime,
                regime_from: opening(),
                places: 0,
                places_from: opening(),
            });
            sizes.push(usize::from(draw.between(4, 40)));
        }
    }
    settle(draw, needs, &sizes, &mut records.units)
}

fn companies(before: usize, count: usize, kind: &str, records: &mut Records) -> Vec<ProviderId> {
    let ids: Vec<ProviderId> = (0..count).map(|i| format!("PV-{:03}", before + i + 1).into()).collect();
    for (i, provider_id) in ids.iter().enumerate() {
        let name = format!("{kind} {} {}", TREES[i % TREES.len()], i / TREES.len() + 1);
        records.providers.push(Provider { provider_id: provider_id.clone(), name });
    }
    ids
}

fn turn(ids: &[ProviderId], next: &mut usize) -> ProviderId {
    let id = ids.get(*next % ids.len().max(1)).unwrap_or_else(|| ProviderId::none());
    *next += 1;
    id.clone()
}

/// Three of four go to a unit of their own district where there is one; housing support always does. Afterwards every
/// unit has at least two places to spare.
fn settle(draw: &mut Draw, needs: &[Need], sizes: &[usize], units: &mut [Unit]) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(needs.len());
    for need in needs {
        let home = need.group.service == stockholm::HOUSING_SUPPORT || draw.chance(75);
        let of_service: Vec<usize> =
            (0..units.len()).filter(|u| units[*u].service == need.group.service).collect();
        let near: Vec<usize> =
            of_service.iter().copied().filter(|u| units[*u].district == need.district).collect();
        let from = if home && !near.is_empty() { near } else { of_service };
        let weights: Vec<usize> = from.iter().map(|u| sizes[*u]).collect();
        let unit = from[draw.weighted(&weights)];
        units[unit].places += 1;
        chosen.push(unit);
    }
    for unit in units {
        unit.places += draw.between(2, 2 + unit.places / 8);
    }
    chosen
}
