//! Lines and holds in words.

use niva_models::Regime;
use niva_names::stockholm;
use niva_payment_domain::{Explanation, explain, hold_message, owed};

use crate::support::{Facts, OWN, SHIPPED, days, full_time, hours, m};

fn explained(facts: &Facts, month: &str, line: usize) -> Explanation {
    let owed = owed(&facts.view(), &OWN, (m(month), m(month)));
    explain(&owed.lines[line], &facts.view(), &OWN)
}

#[test]
fn a_line_names_its_days_level_price_and_source() {
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
        .points_from(2, 24, "2010-01-01")
        .notice("2010-03-10")
        .end("2010-03-12");
    let said = explained(&facts, "2010-03", 0);
    assert_eq!(said.model_id, "socialpsychiatry-2010");
    assert_eq!(said.points, Some(24));
    assert_eq!(
        said.sentences,
        [
            "2010-03-01 to 2010-03-14: full compensation, which runs from the ordered start 2010-03-01 through \
             2010-03-14 (last day of the person 2010-03-12, notice on 2010-03-10).",
            "24 points give level 2 (14 to 36 points).",
            "Amounts last published 2009-08-31; no successor is published, so they stay in force.",
            "14 times a calendar day (dygn) × 395.00 SEK, municipal (egen regi), = 5530.00 SEK.",
            "The unit is the granting district's own: nothing leaves the board.",
        ]
    );
    assert_eq!(said.rules, ["notice (uppsägning): 4 calendar days, by socialpsychiatry-2010"]);
    assert!(
        said.source_document.contains("Norrmalm") && said.source_place.contains("Stödboende"),
        "{said:?}"
    );

    let vacancy = explained(&facts, "2010-03", 1);
    assert!(
        vacancy.sentences[0].contains("tomgångsersättning") && vacancy.sentences[0].contains("2010-03-14")
    );
    assert!(vacancy.rules[0].starts_with("vacancy (tomgång): 7 calendar days"));
    assert_eq!(vacancy.points, None);
}

#[test]
fn aliases_agreements_transitions_and_costs_say_where_the_price_comes_from() {
    let contracted = Facts::new(stockholm::OCCUPATION, "2019-09-16").regime(Regime::Contracted);
    let said = explained(&contracted, "2019-09", 1);
    assert!(
        said.rules.iter().any(|r| r.starts_with("contracted (entreprenad) takes the amount of municipal")),
        "{said:?}"
    );
    assert!(said.rules.iter().any(|r| r.contains("lokalschablon")));

    let day = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2025-02-03").scope(hours(30)).points_from(
        4,
        60,
        "2025-01-01",
    );
    let transition =
        explained(&day.clone().transition("2025-02-03", None).visits(&["2025-02-10"]), "2025-02", 0);
    assert!(transition.sentences.iter().any(|s| s.starts_with("Transition to work")), "{transition:?}");
    assert!(transition.sentences.iter().any(|s| s.contains("1-10 h")));
    assert_eq!(transition.points, None);

    let agreed = explained(&day.agreement("ind-7", days("2025-02-03", "2025-02-28"), 999), "2025-02", 0);
    assert_eq!(
        (agreed.model_id.as_str(), agreed.source_document.as_str()),
        ("ind-7", "Individual agreement ind-7")
    );

    let special = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01").level(1).special(
        "SC-1",
        days("2010-03-01", "2010-03-31"),
        500,
    );
    let said = explained(&special, "2010-03", 1);
    assert_eq!(
        (said.model_id.as_str(), said.source_document.as_str()),
        ("SC-1", "Decision of special compensation SC-1")
    );
    assert!(
        said.sentences[1].contains("500.00 SEK 2010-03-01 to 2010-03-31, applied for on 2010-03-01"),
        "{said:?}"
    );

    let charged = Facts::new(stockholm::OCCUPATION, "2019-09-01").unit_in("Skarpnäck").private_premises();
    let said = explained(&charged, "2019-09", 1);
    assert!(said.sentences.iter().any(|s| s.contains("supplement that private units get")), "{said:?}");
    assert!(said.sentences.iter().any(|s| s.contains("board that sells the place")), "{said:?}");
    assert!(said.rules.iter().any(|r| r.contains("on the days of taking part only")), "{said:?}");
    assert!(said.source_document.contains("Socialförvaltningen"), "{said:?}");

    let sold = Facts::new(stockholm::GROUP_HOUSING_LSS, "2021-06-01")
        .level(1)
        .unit_in("Skarpnäck")
        .cost(days("2021-06-01", "2021-06-10"), 900);
    let cost = explained(&sold, "2021-06", 1);
    assert!(cost.sentences[1].contains("sold"), "{cost:?}");
    assert!(
        cost.sentences.iter().any(|s| s.contains("days 1 to 10 of the 30 of 2021-06: 300.00 SEK")),
        "{cost:?}"
    );
}

#[test]
fn every_line_of_every_service_has_a_source() {
    let mut random = crate::population::Random::new(7);
    for _ in 0..2_000 {
        let facts = crate::population::placement(&mut random);
        let view = facts.view();
        let owed = owed(&view, &OWN, crate::population::window(&mut random, &facts));
        for line in &owed.lines {
            let said = explain(line, &view, &OWN);
            assert!(!said.source_document.is_empty() && !said.source_place.is_empty(), "{line:?} {said:?}");
            assert!(said.sentences.len() >= 3 && !said.model_id.is_empty(), "{said:?}");
        }
        for hold in &owed.holds {
            assert!(hold_message(hold, &view, &OWN).contains(" is held: "));
        }
    }
}

#[test]
fn a_hold_says_what_is_missing_and_what_to_do() {
    let message = |facts: &Facts, month: &str| {
        let owed = owed(&facts.view(), &SHIPPED, (m(month), m(month)));
        hold_message(&owed.holds[0], &facts.view(), &SHIPPED)
    };
    let level = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01");
    assert_eq!(
        message(&level, "2010-03"),
        "The rate of 2010-03-01 to 2010-03-31 is held: no level is decided: measure the person, or decide a \
         preliminary level."
    );
    let rates = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2025-03-01").scope(full_time()).level(1);
    let said = message(&rates, "2025-03");
    assert!(said.contains("daily-activities-2025") && said.contains("annex 1"), "{said}");
}
