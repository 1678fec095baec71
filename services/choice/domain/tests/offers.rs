use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{
    Acceptance, Around, Offer, OfferChange, OfferState, Opening, Placement, PlacementState, Refusal,
};
use niva_facts::Happened;
use niva_names::{
    ServiceKey,
    stockholm::{OCCUPATION, STUDY_CIRCLE},
};

use crate::{day, grant, info, placement, unit, wish};

/// Wednesday before Easter.
const fn wednesday() -> (i32, u32, u32) {
    (2024, 3, 27)
}

fn offered(service: ServiceKey, placements: &[Placement], offers: &[Offer]) -> Result<Offer, Refusal> {
    let (y, m, d) = wednesday();
    let opening = Opening {
        grant: &grant("grant-1", service),
        service: info(service),
        unit: &unit("unit-1", service, 1),
        occupied: &[],
        offers,
        placements,
        today: day(y, m, d),
    };
    Offer::make("offer-1".into(), Some(&wish("grant-1", &["unit-1"])), &opening, 3)
}

fn accepted(offer: Offer, today: NaiveDate, ordered_start: NaiveDate) -> Result<(Offer, Placement), Refusal> {
    let mut grant = grant("grant-1", OCCUPATION);
    grant.valid = Interval { first: day(2024, 1, 1), last: day(2024, 4, 10) };
    let around = Around {
        service: info(OCCUPATION),
        unit: &unit("unit-1", OCCUPATION, 1),
        occupied: &[],
        grants: &[grant],
        others: &[],
    };
    let placement_id = "placement-1".to_owned();
    offer.accept(&Acceptance {
        placement_id: placement_id.into(),
        around,
        placements: &[],
        ordered_start,
        today,
        start_days: 7,
    })
}

#[test]
fn the_deadline_counts_working_days_across_easter() {
    // 28 March (1); Good Friday, the weekend and Easter Monday don't count; 2 April (2), 3 April (3).
    let offer = offered(OCCUPATION, &[], &[]).unwrap();
    assert_eq!((offer.offer_date, offer.answer_by), (day(2024, 3, 27), day(2024, 4, 3)));
    assert!(offer.is_open(day(2024, 4, 3)) && !offer.is_open(day(2024, 4, 4)));
    assert_eq!(offer.occupies(day(2024, 4, 3)), Some(Interval::from(day(2024, 3, 27))));
    assert_eq!(offer.occupies(day(2024, 4, 4)), None);
}

#[test]
fn a_yes_orders_a_start_within_seven_working_days() {
    let offer = offered(OCCUPATION, &[], &[]).unwrap();
    let yes = |today, start| accepted(offer.clone(), today, start).map_err(|r| r.reason());
    let (answered, placement) = yes(day(2024, 3, 27), day(2024, 4, 9)).unwrap();
    assert_eq!(answered.state, OfferState::Accepted { placement_id: "placement-1".into() });
    assert_eq!((placement.ordered_start, placement.state), (day(2024, 4, 9), PlacementState::Ordered));
    // 28 March, 2, 3, 4, 5, 8, 9 April are seven.
    assert_eq!(yes(day(2024, 3, 27), day(2024, 4, 10)), Err("START_TOO_LATE"));
    assert_eq!(yes(day(2024, 4, 3), day(2024, 4, 11)), Err("OUTSIDE_GRANT"));
    assert_eq!(yes(day(2024, 4, 3), day(2024, 4, 2)), Err("START_IN_PAST"));
    assert_eq!(yes(day(2024, 4, 4), day(2024, 4, 5)), Err("OFFER_LAPSED"));
}

#[test]
fn an_offer_is_answered_once() {
    let offer = offered(OCCUPATION, &[], &[]).unwrap();
    let today = day(2024, 3, 28);
    let yes = accepted(offer.clone(), today, today).unwrap().0;
    let no = offer.clone().decline(today).unwrap();
    let Happened::Now(lapsed) = offer.clone().lapse(day(2024, 4, 4)) else { panic!("it must lapse") };
    assert_eq!((&no.state, &lapsed.state), (&OfferState::Declined, &OfferState::Lapsed));
    for (answered, reason) in [(yes, "OFFER_ANSWERED"), (no, "OFFER_ANSWERED"), (lapsed, "OFFER_LAPSED")] {
        assert_eq!(accepted(answered.clone(), today, today).unwrap_err().reason(), reason);
        assert_eq!(answered.clone().decline(today).unwrap_err().reason(), reason);
        assert_eq!(answered.clone().lapse(day(2025, 1, 1)), Happened::Already(answered));
    }
    assert_eq!(offer.clone().lapse(day(2024, 4, 3)), Happened::Already(offer));
}

#[test]
fn one_offer_at_a_time_but_one_that_is_over_bars_nothing() {
    let open = offered(OCCUPATION, &[], &[]).unwrap();
    assert_eq!(offered(OCCUPATION, &[], std::slice::from_ref(&open)).unwrap_err().reason(), "OFFER_OPEN");
    let over = Offer { answer_by: day(2024, 3, 26), ..open.clone() };
    assert!(offered(OCCUPATION, &[], &[over]).is_ok());
    assert!(offered(OCCUPATION, &[], &[open.decline(day(2024, 3, 27)).unwrap()]).is_ok());
}

#[test]
fn a_switch_is_offered_after_the_start_and_one_at_a_time() {
    let started = |notice| placement("p", PlacementState::Started { actual_start: day(2024, 3, 11), notice });
    let (runs, leaves) = (started(None), started(Some(day(2024, 3, 20))));
    let ordered = placement("o", PlacementState::Ordered);
    let refused = |service, placements: &[Placement]| {
        offered(service, placements, &[]).err().map(|refusal| refusal.reason())
    };
    assert_eq!(refused(OCCUPATION, std::slice::from_ref(&ordered)), Some("ALREADY_PLACED"));
    assert_eq!(refused(OCCUPATION, &[runs.clone(), ordered]), Some("ALREADY_PLACED"));
    assert_eq!(refused(OCCUPATION, std::slice::from_ref(&runs)), None);
    assert_eq!(refused(OCCUPATION, &[runs.clone(), leaves]), None);
    assert_eq!(refused(OCCUPATION, &[runs.clone(), runs.clone()]), Some("ALREADY_PLACED"));
    assert_eq!(refused(STUDY_CIRCLE, &[runs.clone(), runs]), None);
}

#[test]
fn an_offer_needs_a_wish_a_grant_and_a_place() {
    let today = day(2024, 3, 27);
    let (open, mut ended) = (grant("grant-1", OCCUPATION), grant("grant-1", OCCUPATION));
    ended.valid.last = day(2024, 3, 26);
    let (wished, elsewhere) = (wish("grant-1", &["unit-1"]), wish("grant-1", &["unit-2"]));
    let (unit, later) = (unit("unit-1", OCCUPATION, 1), Interval::day(day(2024, 12, 24)));
    let make = |grant, wish, occupied: &[Interval]| {
        let service = info(OCCUPATION);
        let opening = Opening { grant, service, unit: &unit, occupied, offers: &[], placements: &[], today };
        Offer::make("o".into(), wish, &opening, 3).err().map(|refusal| refusal.reason())
    };
    assert_eq!(make(&open, Some(&wished), &[]), None);
    assert_eq!(make(&ended, Some(&wished), &[]), Some("GRANT_ENDED"));
    assert_eq!(make(&open, None, &[]), Some("NOT_WISHED"));
    assert_eq!(make(&open, Some(&elsewhere), &[]), Some("NOT_WISHED"));
    assert_eq!(make(&open, Some(&wished), &[later]), Some("NO_FREE_PLACE"));
}

#[test]
fn an_offer_is_opened_again_when_its_answer_was_none() {
    let offer = offered(OCCUPATION, &[], &[]).unwrap();
    let today = day(2024, 3, 28);
    let to = |answer_by, state| OfferChange {
        grant_id: "grant-1".into(),
        unit_id: "unit-1".into(),
        answer_by,
        state,
    };
    let correct = |offer: &Offer, to: &OfferChange, occupied: &[Interval], today| {
        let (grant, unit) = (grant("grant-1", OCCUPATION), unit("unit-1", OCCUPATION, 1));
        let service = info(OCCUPATION);
        let on =
            Opening { grant: &grant, service, unit: &unit, occupied, offers: &[], placements: &[], today };
        offer.clone().correct(to, &on).map_err(|refusal| refusal.reason())
    };
    let declined = offer.clone().decline(today).unwrap();
    let open = to(offer.answer_by, OfferState::Open);
    assert_eq!(correct(&declined, &open, &[], today), Ok(Happened::Now(offer.clone())));
    assert_eq!(correct(&offer, &open, &[], today), Ok(Happened::Already(offer.clone())));
    assert_eq!(correct(&declined, &open, &[Interval::from(today)], today), Err("NO_FREE_PLACE"));
    // The deadline has passed: a later one is needed.
    let late = day(2024, 4, 4);
    let Happened::Now(lapsed) = offer.clone().lapse(late) else { panic!("it must lapse") };
    assert_eq!(correct(&lapsed, &open, &[], late), Err("ANSWER_BY_PASSED"));
    let longer = to(day(2024, 4, 5), OfferState::Open);
    assert!(matches!(correct(&lapsed, &longer, &[], late), Ok(Happened::Now(open)) if open.is_open(late)));
    // An open offer's deadline moves without asking for its place again.
    assert!(correct(&offer, &longer, &[Interval::from(today)], today).is_ok());
    let yes = accepted(offer.clone(), today, today).unwrap().0;
    assert_eq!(correct(&yes, &open, &[], today), Err("OFFER_ANSWERED"));
    assert_eq!(yes.may_be_withdrawn().unwrap_err().reason(), "OFFER_ANSWERED");
    assert!(offer.may_be_withdrawn().is_ok());
    let elsewhere = OfferChange { unit_id: "unit-2".into(), ..open };
    assert_eq!(correct(&offer, &elsewhere, &[], today), Err("SUBJECT_FIXED"));
}
