use super::*;

fn told(reason: &str) -> Telling {
    Telling {
        author: Author { subject: "anna".into(), role: "case_officer".into() },
        recorded_at: DateTime::UNIX_EPOCH,
        reason: reason.into(),
    }
}

#[test]
fn a_fact_is_recorded_corrected_and_withdrawn() {
    let first = Info::first("G-1", told(""));
    let second = first.corrected(1, told("wrong end")).unwrap();
    let third = second.withdrawn(2, told("wrong person")).unwrap();
    assert_eq!((first.revision, second.revision, third.revision), (1, 2, 3));
    assert!(first.stands() && second.stands() && !third.stands());
    assert_eq!(third.told.reason, "wrong person");
    assert_eq!(third.fact_id, "G-1");
}

#[test]
fn only_the_newest_revision_is_corrected() {
    let fact = Info::first("G-1", told("")).corrected(1, told("why")).unwrap();
    for expected in [0, 1, 3] {
        let refused = Refused::RevisionNotNewest { expected, newest: 2 };
        assert_eq!(fact.corrected(expected, told("why")), Err(refused.clone()));
        assert_eq!(fact.withdrawn(expected, told("why")), Err(refused));
    }
}

#[test]
fn a_correction_says_why() {
    let fact = Info::first("G-1", told(""));
    for reason in ["", "  \n", &"å".repeat(MAX_REASON + 1)] {
        assert_eq!(fact.corrected(1, told(reason)), Err(Refused::ReasonMissing));
        assert_eq!(fact.withdrawn(1, told(reason)), Err(Refused::ReasonMissing));
    }
    assert!(fact.corrected(1, told(&"å".repeat(MAX_REASON))).is_ok());
}

#[test]
fn what_is_withdrawn_stays_withdrawn() {
    let gone = Info::first("G-1", told("")).withdrawn(1, told("why")).unwrap();
    assert_eq!(gone.corrected(2, told("why")), Err(Refused::Withdrawn));
    assert_eq!(gone.withdrawn(2, told("why")), Err(Refused::Withdrawn));
    assert_eq!(gone.happened(told("")), Err(Refused::Withdrawn));
}

#[test]
fn what_happens_to_a_fact_needs_no_reason() {
    assert_eq!(Info::first("O-1", told("")).happened(told("")).unwrap().revision, 2);
}
