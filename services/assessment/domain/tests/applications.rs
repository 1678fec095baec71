use niva_assessment_domain::{AppealOutcome, Application, ApplicationDecision, ApplicationRefused, Outcome};
use niva_calendar::NaiveDate;
use niva_names::stockholm;

use crate::day;

fn today() -> NaiveDate {
    day(2024, 3, 18)
}

fn application() -> Application {
    Application {
        application_id: "a".into(),
        person_id: "p".into(),
        service: stockholm::OCCUPATION,
        district: "Farsta".into(),
        day: day(2024, 1, 10),
        scope: None,
        decision: None,
        appeal: None,
    }
}

fn decision(outcome: Outcome, reason: &str) -> ApplicationDecision {
    ApplicationDecision { outcome, day: day(2024, 2, 1), reason: reason.into() }
}

#[test]
fn an_application_is_decided_appealed_and_the_appeal_ends() {
    let decided =
        application().decide(decision(Outcome::PartlyGranted, "two days are enough"), today()).unwrap();
    let appealed = decided.appeal(day(2024, 2, 20), today()).unwrap();
    let ended = appealed.end_appeal(AppealOutcome::Changed, day(2024, 3, 18), today()).unwrap();
    assert_eq!(ended.appeal.unwrap().ended, Some((AppealOutcome::Changed, day(2024, 3, 18))));
    let again = ended.clone().end_appeal(AppealOutcome::Dismissed, day(2024, 3, 18), today());
    assert_eq!(again, Err(ApplicationRefused::AppealDecided));
    assert_eq!(ended.clone().appeal(day(2024, 3, 1), today()), Err(ApplicationRefused::Appealed));
    let again = ended.decide(decision(Outcome::Granted, ""), today());
    assert_eq!(again, Err(ApplicationRefused::Decided));
}

#[test]
fn what_does_not_follow_is_refused() {
    use ApplicationRefused as R;
    let refused = |outcome, reason| application().decide(decision(outcome, reason), today()).unwrap_err();
    assert_eq!(refused(Outcome::Refused, " "), R::DecisionWithoutReason);
    assert_eq!(application().appeal(day(2024, 2, 20), today()), Err(R::NotDecided));
    assert_eq!(application().end_appeal(AppealOutcome::Dismissed, today(), today()), Err(R::NotAppealed));
    let granted = application().decide(decision(Outcome::Granted, ""), today()).unwrap();
    assert_eq!(granted.appeal(day(2024, 2, 20), today()), Err(R::NothingToAppeal));
    let decided = application().decide(decision(Outcome::Refused, "no need"), today()).unwrap();
    let early = decided.clone().appeal(day(2024, 1, 31), today());
    assert_eq!(early, Err(R::DaysOutOfOrder { day: day(2024, 1, 31), before: day(2024, 2, 1) }));
    let late = decided.appeal(day(2024, 3, 19), today());
    assert_eq!(late, Err(R::DayInFuture { day: day(2024, 3, 19) }));
    let tomorrow = Application { day: day(2024, 3, 19), ..application() };
    assert_eq!(tomorrow.check(today()), Err(R::DayInFuture { day: day(2024, 3, 19) }));
}
