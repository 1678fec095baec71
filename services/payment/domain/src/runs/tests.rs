use niva_calendar::date;

use super::*;

const TIME: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn month(number: u32) -> Month {
    Month::new(2024, number).unwrap()
}

fn made(ledger: &Ledger<'_>, of: u32) -> Result<Run, RunRefused> {
    Run::make(ledger, month(of), date(2024, 4, 2).unwrap(), "maker", 0)
}

fn first() -> Run {
    made(&Ledger { opening: None, last_approved: None, unsettled: None }, 3).unwrap()
}

fn seen(ore: i64) -> LinesSeen {
    LinesSeen { amount: Ore(ore), sha256: "lines".to_owned(), repriced: None }
}

fn calculated() -> Run {
    first().calculated(seen(700)).unwrap()
}

fn reason<T>(of: Result<T, RunRefused>) -> &'static str {
    of.err().map_or("none", |e| e.reason())
}

#[test]
fn a_month_is_refused_for_the_first_reason_that_applies() {
    let approved = calculated().approve("approver", None, &seen(700), TIME).unwrap();
    let waiting = calculated();
    let ledger = Ledger { opening: None, last_approved: Some(&approved), unsettled: Some(&waiting) };
    let reasons = |ledger: &Ledger<'_>| [6, 2, 3, 5].map(|of| reason(made(ledger, of)));
    let all = ["MONTH_IN_FUTURE", "MONTH_BEFORE_LEDGER", "RUN_IN_PROGRESS", "RUN_IN_PROGRESS"];
    assert_eq!(reasons(&ledger), all);
    let settled = Ledger { unsettled: None, ..ledger };
    assert_eq!(reasons(&settled), [all[0], all[1], "MONTH_ALREADY_RUN", "none"]);
}

#[test]
fn a_ledger_that_has_paid_keeps_its_first_month() {
    let configured = Ledger { opening: Some(month(2)), last_approved: None, unsettled: None };
    assert_eq!(made(&configured, 3).unwrap().opening, month(2));
    assert_eq!(first().opening, month(3));
    let approved = calculated().approve("approver", None, &seen(700), TIME).unwrap();
    let later = Ledger { last_approved: Some(&approved), ..configured };
    assert_eq!(made(&later, 4).unwrap().opening, month(3));
    let again = Run::make(&configured, month(3), date(2024, 4, 2).unwrap(), "maker", 1).unwrap();
    assert_eq!((first().id.as_str(), again.id.as_str()), ("2024-03.1", "2024-03.2"));
}

#[test]
fn another_person_approves_the_sum_that_was_seen() {
    let approve = |run: Run, by: &str, ore| reason(run.approve(by, None, &seen(ore), TIME));
    assert_eq!(approve(first(), "approver", 700), "RUN_STATE");
    assert_eq!(approve(calculated(), "maker", 1), "SAME_PERSON");
    assert_eq!(approve(calculated(), "approver", 701), "AMOUNT_DIFFERS");
    let others = LinesSeen { sha256: "other".to_owned(), ..seen(700) };
    assert_eq!(reason(calculated().approve("approver", None, &others, TIME)), "LINES_DIFFER");
    let repriced = LinesSeen { repriced: Some(Ore(0)), ..seen(700) };
    assert_eq!(reason(calculated().approve("approver", None, &repriced, TIME)), "REPRICED_DIFFERS");
    let dearer = first().calculated(repriced.clone()).unwrap();
    assert_eq!(approve(dearer.clone(), "approver", 700), "REPRICED_DIFFERS");
    assert_eq!(reason(dearer.approve("approver", None, &repriced, TIME)), "none");
    let own = Some("agreement A-1".to_owned());
    assert_eq!(reason(calculated().approve("approver", own, &seen(701), TIME)), "OWN_FACT");
    assert_eq!(approve(calculated(), "approver", 700), "none");
    let approved = calculated().approve("approver", None, &seen(700), TIME).unwrap();
    assert!(!approved.state.is_unsettled());
    assert_eq!(approve(approved, "approver", 700), "RUN_STATE");
}

#[test]
fn a_run_is_discarded_before_approval_and_keeps_why_it_failed() {
    let discard = |run: Run| run.discard("maker", "a look was enough", TIME);
    assert_eq!(reason(discard(first())), "RUN_STATE");
    let failed = discard(first().failed("the sums differ").unwrap()).unwrap();
    let RunState::Discarded { error, .. } = &failed.state else { panic!("{failed:?}") };
    assert_eq!(error.as_deref(), Some("the sums differ"));
    assert_eq!(reason(discard(failed)), "RUN_STATE");
    assert!(matches!(discard(calculated()).unwrap().state, RunState::Discarded { error: None, .. }));
}

#[test]
fn a_calculation_ends_once() {
    assert_eq!(reason(calculated().calculated(seen(1))), "RUN_STATE");
    assert_eq!(reason(calculated().failed("too late")), "RUN_STATE");
    assert!(first().state.is_unsettled() && calculated().state.is_unsettled());
}

#[test]
fn a_run_that_is_asked_to_stop_never_becomes_calculated() {
    let cancel = Cancel { by: "anna".to_owned(), time: TIME };
    let asked = first().ask_to_cancel("anna", TIME).unwrap();
    assert_eq!(asked.state, RunState::Calculating { cancel: Some(cancel.clone()) });
    assert!(asked.state.is_unsettled() && asked.state.is_calculating());
    assert_eq!(asked.clone().ask_to_cancel("bo", TIME).unwrap(), asked, "the first wish stays");
    for ended in [asked.clone().stopped(), asked.clone().calculated(seen(7)), asked.failed("late")] {
        let ended = ended.unwrap();
        assert_eq!(ended.state, RunState::Cancelled { cancel: cancel.clone() });
        assert!(!ended.state.is_unsettled(), "it stands in no other run's way");
        assert_eq!(ended.clone().ask_to_cancel("bo", TIME).unwrap(), ended);
        assert_eq!(reason(ended.clone().discard("maker", "why", TIME)), "RUN_STATE");
        assert_eq!(reason(ended.approve("approver", None, &seen(7), TIME)), "RUN_STATE");
    }
}

#[test]
fn only_a_calculation_can_be_stopped_and_only_when_somebody_asks() {
    assert_eq!(reason(first().stopped()), "RUN_STATE");
    let approved = calculated().approve("approver", None, &seen(700), TIME).unwrap();
    let discarded = calculated().discard("maker", "why", TIME).unwrap();
    for ended in [calculated(), first().failed("sums").unwrap(), approved, discarded] {
        assert_eq!(reason(ended.clone().ask_to_cancel("anna", TIME)), "RUN_STATE");
        assert_eq!(reason(ended.stopped()), "RUN_STATE");
    }
}
