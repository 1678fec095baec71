use niva_retention::{Kept, Retention};

use crate::day;

const AUDIT: &str = "[audit_records]\nyears = 2\nlaw = \"y\"\n";

fn kept() -> Kept {
    Kept {
        last_record: day(2024, 2, 29),
        last_grant: Some(day(2024, 6, 30)),
        death: None,
        born: day(1985, 2, 3),
    }
}

#[test]
fn the_rule_that_holds_longest_is_told_until_none_does() {
    let rules = Retention::shipped().unwrap();
    let hold = rules.holds(&kept(), day(2024, 7, 1)).unwrap();
    assert_eq!((hold.rule, hold.until), ("last_grant", Some(day(2029, 7, 1))));
    assert!(rules.holds(&kept(), day(2029, 6, 30)).is_some());
    assert_eq!(rules.holds(&kept(), day(2029, 7, 1)), None);
    let never_granted = Kept { last_grant: None, ..kept() };
    let hold = rules.holds(&never_granted, day(2029, 2, 28)).unwrap();
    assert_eq!((hold.rule, hold.until), ("personal_file", Some(day(2029, 3, 1))));
    let sample = Kept { born: day(1985, 2, 15), ..kept() };
    let hold = rules.holds(&sample, day(2100, 1, 1)).unwrap();
    assert_eq!((hold.rule, hold.until), ("research_sample", None));
    assert!(hold.law.contains("7 kap. 2 §"));
}

#[test]
fn a_rule_may_go_by_the_death() {
    let text = format!("[[keep]]\nrule = \"dead\"\nlaw = \"x\"\nyears_after_death = 2\n{AUDIT}");
    let rules = Retention::parse("a.toml", &text).unwrap();
    assert_eq!(rules.holds(&kept(), day(2024, 7, 1)), None);
    let dead = Kept { death: Some(day(2024, 1, 1)), ..kept() };
    assert_eq!(rules.holds(&dead, day(2024, 7, 1)).unwrap().until, Some(day(2026, 1, 2)));
}

#[test]
fn records_of_calls_may_go_after_their_years() {
    let rules = Retention::parse(
        "a.toml",
        &format!("[[keep]]\nrule = \"d\"\nlaw = \"x\"\nborn_on_days = [5]\n{AUDIT}"),
    );
    let rules = rules.unwrap();
    let now = "2024-02-29T08:00:00Z".parse().unwrap();
    assert_eq!(rules.audit().bound(now), Some("2022-02-28T08:00:00Z".parse().unwrap()));
    assert_eq!((rules.audit().years(), rules.audit().law()), (2, "y"));
    assert_eq!(Retention::shipped().unwrap().audit().years(), 10);
}

#[test]
fn a_bad_file_is_refused_with_all_that_is_wrong() {
    let rule = |name: &str, by: &str| format!("[[keep]]\nrule = \"{name}\"\nlaw = \"x\"\n{by}\n");
    for (text, why) in [
        (String::new(), "has no rule"),
        (rule("a", ""), "rule `a`: give it one thing"),
        (rule("a", "years_after_death = 1\nborn_on_days = [1]"), "rule `a`: give it one thing"),
        (rule("A", "years_after_death = 1"), "rule `A`: give it a name"),
        (rule("a", "years_after_death = 0"), "rule `a`: years are"),
        (rule("a", "born_on_days = [32]"), "days of a month"),
        (rule("a", "years_after_death = -1"), "invalid value"),
        (rule("a", "decades = 1"), "unknown field"),
        (rule("a", "years_after_death = 1"), "has no [audit_records]"),
        (AUDIT.replace("2", "0"), "audit_records: give it its law"),
        (AUDIT.replace("y\"", "\""), "audit_records: give it its law"),
    ] {
        let error = Retention::parse("a.toml", &text).unwrap_err().to_string();
        assert!(error.starts_with("a.toml: ") && error.contains(why), "{error}");
    }
    let both = Retention::parse("a.toml", &(rule("A", "") + &rule("b", ""))).unwrap_err().to_string();
    assert!(both.contains("`A`") && both.contains("`b`"), "{both}");
}
