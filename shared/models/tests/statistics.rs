//! The published totals of table 3 (dnr KS 2024/492), from the allocations and a population that is *reconstructed*:
//! the source gives people and cost by group but not by level.

use niva_models::{Level, ServiceTerms};
use niva_money::{Ore, div_round};
use niva_names::stockholm;

use crate::{rows, shipped, terms};

const POPULATION: &str = include_str!("published/reconstructed_daily_activities.csv");

/// People and cost in tenths of a million SEK a year, of those in a variant.
fn total(terms: &ServiceTerms, year: &str, variant: &str) -> (i64, i128) {
    let (mut people, mut cost) = (0, Ore::ZERO);
    let (variants, levels) = (format!("variant_{year}"), format!("level_{year}"));
    for row in rows(POPULATION).iter().filter(|r| r[variants.as_str()] == variant) {
        let count: i64 = row["people"].parse().unwrap();
        let each = per_year(terms, row[levels.as_str()].parse().unwrap(), variant);
        people += count;
        cost = cost.checked_add(each.checked_mul(count).unwrap()).unwrap();
    }
    (people, tenths_of_a_million(cost.0.into()))
}

fn per_year(terms: &ServiceTerms, level: u8, variant: &str) -> Ore {
    let found = terms.allocations.iter().find(|a| a.level == Level(level) && a.variant == variant);
    found.unwrap_or_else(|| panic!("no allocation of {variant} at {level}")).per_year
}

fn tenths_of_a_million(ore: i128) -> i128 {
    div_round(ore, 100 * 100_000)
}

#[test]
fn allocations_of_the_whole_city_are_those_of_table_3() {
    let catalogue = shipped();
    let of_2024 = terms(&catalogue, "daily-activities-2024", stockholm::DAILY_ACTIVITIES_LSS);
    let table = [
        ("full_time", 1540, 5860),
        ("part_time", 1531, 3573),
        ("full_time+personal_assistance", 78, 258),
        ("part_time+personal_assistance", 55, 140),
    ];
    for (variant, people, cost) in table {
        assert_eq!(total(of_2024, "2024", variant), (people, cost), "2024 {variant}");
    }
    assert_eq!(table.iter().map(|t| t.2).sum::<i128>(), 9831);

    let of_2025 = terms(&catalogue, "daily-activities-2025", stockholm::DAILY_ACTIVITIES_LSS);
    let table = [
        ("25-40 h", 1540, 5948),
        ("11-24 h", 842, 2061),
        ("1-10 h", 689, 1328),
        ("25-40 h+personal_assistance", 78, 296),
        ("11-24 h+personal_assistance", 30, 87),
        ("1-10 h+personal_assistance", 25, 56),
    ];
    for (variant, people, cost) in table {
        assert_eq!(total(of_2025, "2025", variant), (people, cost), "2025 {variant}");
    }
    let transition = 74;
    assert_eq!(table.iter().map(|t| t.2).sum::<i128>() + transition, 9850);
}

#[test]
fn three_in_a_hundred_in_transition_to_work_for_half_a_year() {
    let catalogue = shipped();
    let daily = terms(&catalogue, "daily-activities-2025", stockholm::DAILY_ACTIVITIES_LSS);
    let transition = daily.transition.as_ref().unwrap();
    let level = transition.level.0;
    // 3 % of 3 071 people without and of 133 with assistance, in hundredths of a person.
    let without = i128::from(per_year(daily, level, "1-10 h").0) * (3_071 * 3);
    let with = i128::from(per_year(daily, level, "1-10 h+personal_assistance").0) * (133 * 3);
    let months = i128::from(transition.max_months);
    assert_eq!(tenths_of_a_million(div_round((without + with) * months, 12 * 100)), 74);
}

#[test]
fn levels_of_the_population_agree_between_the_models() {
    let catalogue = shipped();
    let scale = |id| terms(&catalogue, id, stockholm::DAILY_ACTIVITIES_LSS).scale.as_ref().unwrap();
    for row in rows(POPULATION) {
        let before: u8 = row["level_2024"].parse().unwrap();
        let points = scale("daily-activities-2024").bands[usize::from(before) - 1].from;
        let after = scale("daily-activities-2025").level_of(points).unwrap().level;
        assert_eq!(after.to_string(), row["level_2025"]);
    }
}
