//! What is refused, by which reason, and that nothing has changed then.

use niva_names::stockholm;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use niva_testing::requests;
use niva_testing::requests::choice::record_placement;
use tonic::Code;

use crate::rig::{
    OCCUPATION, Rig, accept, capacity_from, change_from, correct, date, day, decline, end_on, get_placement,
    get_unit, grant, make_offer, notice_on, period, record_provider, record_unit, request_id, start_on, unit,
    wish, withdraw, wrong,
};

on_both_databases! {
    async fn registers(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        let provider = |id: &str, name: &str| {
            record_provider(requests::choice::provider(id, name))
        };
        let taken = refused!(rig, "ID_TAKEN", providers.record_provider(provider("provider of a", "X")));
        assert_eq!(taken.code(), Code::AlreadyExists);
        refused!(rig, "FIELD_REQUIRED", providers.record_provider(provider("new", "  ")));
        refused!(rig, "ID_TAKEN", units.record_unit(record_unit(unit("a", 1))));
        refused!(rig, "PROVIDER_UNKNOWN", units.record_unit(record_unit(unit("b", 1))));
        let first = period(day(2024, 1, 1), "provider of a", 1);
        let bad = pb::Unit {
            periods: vec![
                pb::UnitPeriod { district: "Gotland".into(), ..first.clone() },
                // A board until the end of 2023.
                pb::UnitPeriod { district: "Norrmalm".into(), ..first.clone() },
                pb::UnitPeriod { capacity: -1, ..first.clone() },
                pb::UnitPeriod { valid_from: date(2042, 1, 1), ..first.clone() },
                pb::UnitPeriod {
                    valid_from: Some(common::Date { year: 2023, month: 2, day: 29 }), ..first.clone()
                },
                pb::UnitPeriod { regime: 0, provider_id: String::new(), ..first.clone() },
            ],
            ..unit("b", 1)
        };
        let status = refused!(rig, "DISTRICT_UNKNOWN", units.record_unit(record_unit(bad.clone())));
        assert_eq!(status.code(), Code::InvalidArgument);
        let found = [
            ("unit.periods[0].district", "DISTRICT_UNKNOWN"),
            ("unit.periods[1].district", "DISTRICT_NOT_VALID"),
            ("unit.periods[2].capacity", "CAPACITY_NEGATIVE"),
            ("unit.periods[3].valid_from", "DATE_TOO_FAR"),
            ("unit.periods[4].valid_from", "DATE_INVALID"),
            ("unit.periods[5].provider_id", "FIELD_REQUIRED"),
            ("unit.periods[5].regime", "FIELD_REQUIRED"),
        ];
        assert_eq!(wrong(&status), found.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let column = pb::UnitPeriod { regime: common::Regime::OtherMunicipality.into(), ..first.clone() };
        let twice = pb::Unit { periods: vec![first, column], ..bad.clone() };
        let status = refused!(rig, "REGIME_NOT_ALLOWED", units.record_unit(record_unit(twice)));
        assert_eq!(wrong(&status).iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(), [
            "REGIME_NOT_ALLOWED", "PERIOD_TWICE",
        ]);
        let none = pb::Unit { periods: Vec::new(), ..bad };
        refused!(rig, "NO_PERIOD_GIVEN", units.record_unit(record_unit(none)));
        refused!(rig, "FIELD_REQUIRED", units.record_unit(pb::RecordUnitRequest {
            request_id: request_id(), ..Default::default()
        }));

        let missing = refused!(rig, "NOT_FOUND", units.set_unit_capacity(capacity_from("x", day(2024, 4, 1), 1)));
        assert_eq!(missing.code(), Code::NotFound);
        refused!(rig, "CAPACITY_NEGATIVE", units.set_unit_capacity(capacity_from("a", day(2024, 4, 1), -1)));
        refused!(rig, "DATE_TOO_FAR", units.set_unit_capacity(capacity_from("a", day(2204, 4, 1), 1)));
        let regime = |unit: &str, regime: common::Regime| {
            let change = pb::UnitChange { regime: Some(regime.into()), ..Default::default() };
            change_from(unit, day(2024, 4, 1), change)
        };
        refused!(rig, "NOT_FOUND", units.change_unit(regime("x", common::Regime::Private)));
        refused!(rig, "REGIME_NOT_ALLOWED", units.change_unit(regime("a", common::Regime::OtherMunicipality)));
        refused!(rig, "FIELD_REQUIRED", units.change_unit(regime("a", common::Regime::Unspecified)));
        refused!(rig, "NOT_FOUND", units.get_unit(get_unit("x")));
        refused!(rig, "NOT_FOUND", placements.get_placement(get_placement("x")));
        refused!(rig, "PAGE_TOKEN_INVALID", units.list_units(pb::ListUnitsRequest { page_token: "x".into(), ..Default::default() }));
    }

    async fn wishes(db: &TestDb) {
        let rig = Rig::new(db).await;
        for id in ["a", "b", "circle"] {
            rig.unit(id, 1).await;
        }
        let mut ended = grant("ended");
        ended.valid.as_mut().unwrap().last = date(2024, 3, 26);
        let mut support = grant("support");
        support.service = stockholm::HOUSING_SUPPORT.into();
        rig.grants(vec![grant("g"), ended, support]).await;
        for (id, district) in [("here", "Farsta"), ("there", "Bromma")] {
            let service = stockholm::HOUSING_SUPPORT.into();
            let terms = pb::UnitPeriod { district: district.into(), ..period(day(2024, 1, 1), "provider of a", 1) };
            let made = pb::Unit { service, periods: vec![terms], ..unit(id, 1) };
            rig.client.clone().units.record_unit(record_unit(made)).await.unwrap();
        }
        let unknown = refused!(rig, "GRANT_UNKNOWN", wishes.record_wish(wish("x", &["a"])));
        assert_eq!(unknown.code(), Code::FailedPrecondition);
        refused!(rig, "GRANT_ENDED", wishes.record_wish(wish("ended", &["a"])));
        refused!(rig, "WRONG_DISTRICT", wishes.record_wish(wish("support", &["here", "there"])));
        let status = refused!(rig, "WRONG_SERVICE", wishes.record_wish(wish("g", &["a", "here", "a", "x"])));
        let found = [("wish.unit_ids[1]", "WRONG_SERVICE"), ("wish.unit_ids[2]", "UNIT_TWICE"), ("wish.unit_ids[3]", "UNIT_UNKNOWN")];
        assert_eq!(wrong(&status), found.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        refused!(rig, "TOO_MANY_UNITS", wishes.record_wish(wish("g", &(0..21).map(|_| "a").collect::<Vec<_>>())));
        refused!(rig, "FIELD_REQUIRED", wishes.record_wish(wish("g", &[])));
        refused!(rig, "FIELD_REQUIRED", wishes.record_wish(pb::RecordWishRequest { request_id: String::new(), ..wish("g", &["a"]) }));
    }

    async fn offers(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for id in ["a", "b", "full"] {
            rig.unit(id, i32::from(id != "full")).await;
        }
        let mut short = grant("short");
        short.valid.as_mut().unwrap().last = date(2024, 3, 28);
        let mut old = grant("old");
        old.service = stockholm::GROUP_HOUSING_LSS.into();
        rig.grants(vec![grant("g"), short, old]).await;
        let house = pb::Unit {
            periods: vec![period(day(2020, 1, 1), "provider of a", 1)],
            service: stockholm::GROUP_HOUSING_LSS.into(),
            ..unit("house", 1)
        };
        client.units.record_unit(record_unit(house)).await.unwrap();
        rig.wish("g", &["a", "full"]).await;
        rig.wish("short", &["b"]).await;
        rig.wish("old", &["house"]).await;

        refused!(rig, "GRANT_UNKNOWN", offers.make_offer(make_offer("x", "a")));
        refused!(rig, "NOT_WISHED", offers.make_offer(make_offer("g", "b")));
        refused!(rig, "NOT_WISHED", offers.make_offer(make_offer("g", "x")));
        refused!(rig, "NO_FREE_PLACE", offers.make_offer(make_offer("g", "full")));
        let open = rig.offer("g", "a").await.unwrap();
        refused!(rig, "OFFER_OPEN", offers.make_offer(make_offer("g", "a")));

        refused!(rig, "NOT_FOUND", offers.accept_offer(accept("x", day(2024, 4, 2))));
        refused!(rig, "NOT_FOUND", offers.decline_offer(decline("x")));
        refused!(rig, "START_IN_PAST", offers.accept_offer(accept(&open.offer_id, day(2024, 3, 26))));
        // 28 March, 2, 3, 4, 5, 8, 9 April are the seven working days.
        refused!(rig, "START_TOO_LATE", offers.accept_offer(accept(&open.offer_id, day(2024, 4, 10))));
        refused!(rig, "DATE_TOO_FAR", offers.accept_offer(accept(&open.offer_id, day(2034, 4, 10))));
        let outside = rig.offer("short", "b").await.unwrap();
        refused!(rig, "OUTSIDE_GRANT", offers.accept_offer(accept(&outside.offer_id, day(2024, 4, 2))));

        rig.accept(&open, day(2024, 4, 9)).await.unwrap();
        refused!(rig, "OFFER_ANSWERED", offers.accept_offer(accept(&open.offer_id, day(2024, 4, 2))));
        refused!(rig, "OFFER_ANSWERED", offers.decline_offer(decline(&open.offer_id)));
        refused!(rig, "ALREADY_PLACED", offers.make_offer(make_offer("g", "a")));
        client.offers.decline_offer(decline(&outside.offer_id)).await.unwrap();
        refused!(rig, "OFFER_ANSWERED", offers.accept_offer(accept(&outside.offer_id, day(2024, 3, 28))));
        rig.clock.advance_to(day(2024, 3, 29));
        rig.service().lapsed_by(day(2024, 3, 29)).await;
        refused!(rig, "GRANT_ENDED", offers.make_offer(make_offer("short", "b")));
        refused!(rig, "GRANT_ENDED", wishes.record_wish(wish("short", &["b"])));

        // Before the first model of the service nobody has said how long an answer may take.
        rig.clock.advance_to(day(2020, 1, 2));
        refused!(rig, "NO_MODEL", offers.make_offer(make_offer("old", "house")));
    }

    async fn placements(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.unit("a", 9).await;
        let ordered = rig.ordered("g", "a", day(2024, 4, 2)).await;
        let id = ordered.placement_id.as_str();
        refused!(rig, "NOT_FOUND", placements.start_placement(start_on("x", day(2024, 4, 2))));
        refused!(rig, "NOT_FOUND", placements.give_notice(notice_on("x", day(2024, 4, 2))));
        refused!(rig, "NOT_FOUND", placements.end_placement(end_on("x", day(2024, 4, 2))));
        refused!(rig, "NOT_FOUND", placements.withdraw_placement(withdraw("x", 1)));
        let early = refused!(rig, "START_BEFORE_ORDER", placements.start_placement(start_on(id, day(2024, 4, 1))));
        assert_eq!(wrong(&early), [("actual_start".to_owned(), "START_BEFORE_ORDER".to_owned())]);
        refused!(rig, "NOTICE_BEFORE_ORDER", placements.give_notice(notice_on(id, day(2024, 4, 1))));
        refused!(rig, "PLACEMENT_STATE", placements.end_placement(end_on(id, day(2024, 4, 2))));
        refused!(rig, "DATE_TOO_FAR", placements.start_placement(start_on(id, day(2026, 4, 1))));
        client.placements.start_placement(start_on(id, day(2024, 4, 3))).await.unwrap();
        refused!(rig, "PLACEMENT_STATE", placements.start_placement(start_on(id, day(2024, 4, 4))));
        refused!(rig, "PLACEMENT_STATE", placements.withdraw_placement(withdraw(id, 2)));
        refused!(rig, "END_BEFORE_START", placements.end_placement(end_on(id, day(2024, 4, 2))));
        client.placements.give_notice(notice_on(id, day(2024, 4, 4))).await.unwrap();
        refused!(rig, "PLACEMENT_STATE", placements.give_notice(notice_on(id, day(2024, 4, 5))));
        client.placements.end_placement(end_on(id, day(2024, 4, 8))).await.unwrap();
        refused!(rig, "PLACEMENT_STATE", placements.give_notice(notice_on(id, day(2024, 4, 5))));
        refused!(rig, "PLACEMENT_STATE", placements.end_placement(end_on(id, day(2024, 4, 2))));
        let due = rig.ordered("h", "a", day(2024, 3, 27)).await;
        refused!(rig, "WITHDRAWAL_TOO_LATE", placements.withdraw_placement(withdraw(&due.placement_id, 1)));
    }

    async fn registers_told_anew(db: &TestDb) {
        let rig = Rig::new(db).await;
        let told = rig.unit("a", 1).await;
        let mut column = told.clone();
        column.periods[0].regime = common::Regime::OtherMunicipality.into();
        refused!(rig, "REGIME_NOT_ALLOWED", units.correct_unit(pb::CorrectUnitRequest {
            request_id: request_id(), expected_revision: 1, reason: "a slip".into(), unit: Some(column), ..Default::default()
        }));
        refused!(rig, "BEFORE_FIRST_PERIOD", units.set_unit_capacity(capacity_from("a", day(2023, 12, 31), 2)));
    }

    async fn wishes_told_anew(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 1).await;
        let mut support = grant("support");
        support.service = stockholm::HOUSING_SUPPORT.into();
        rig.grants(vec![support]).await;
        for (id, district) in [("here", "Farsta"), ("there", "Bromma")] {
            let terms = pb::UnitPeriod { district: district.into(), ..period(day(2024, 1, 1), "provider of a", 1) };
            let made = pb::Unit { service: stockholm::HOUSING_SUPPORT.into(), periods: vec![terms], ..unit(id, 1) };
            rig.client.clone().units.record_unit(record_unit(made)).await.unwrap();
        }
        let told = rig.wish("support", &["here"]).await;
        let anew = |units: &[&str]| pb::CorrectWishRequest {
            request_id: request_id(),
            expected_revision: 1,
            reason: "a slip".into(),
            wish: Some(pb::Wish { unit_ids: units.iter().map(|id| (*id).to_owned()).collect(), ..told.clone() }),
            ..Default::default()
        };
        refused!(rig, "UNIT_TWICE", wishes.correct_wish(anew(&["here", "here"])));
        refused!(rig, "WRONG_SERVICE", wishes.correct_wish(anew(&["a"])));
        refused!(rig, "WRONG_DISTRICT", wishes.correct_wish(anew(&["there"])));
        refused!(rig, "TOO_MANY_UNITS", wishes.correct_wish(anew(&["here"; 21])));
    }

    async fn placements_told_anew(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 9).await;
        let house = pb::Unit { service: stockholm::GROUP_HOUSING_LSS.into(), ..unit("house", 1) };
        let house = pb::Unit { periods: vec![period(day(2024, 1, 1), "provider of a", 1)], ..house };
        rig.client.clone().units.record_unit(record_unit(house)).await.unwrap();
        let told = rig.ordered("g", "a", day(2024, 4, 2)).await;
        let anew = |change: fn(&mut pb::Placement)| {
            let mut placement = told.clone();
            change(&mut placement);
            correct(&placement)
        };
        refused!(rig, "END_WITHOUT_START", placements.correct_placement(anew(|p| p.end_date = date(2024, 4, 3))));
        refused!(rig, "START_BEFORE_ORDER", placements.correct_placement(anew(|p| p.actual_start = date(2024, 4, 1))));
        refused!(rig, "NOTICE_BEFORE_ORDER", placements.correct_placement(anew(|p| p.notice_date = date(2024, 4, 1))));
        refused!(rig, "OUTSIDE_GRANT", placements.correct_placement(anew(|p| p.ordered_start = date(2025, 1, 2))));
        refused!(rig, "UNIT_UNKNOWN", placements.correct_placement(anew(|p| p.unit_id = "x".into())));
        refused!(rig, "WRONG_SERVICE", placements.correct_placement(anew(|p| p.unit_id = "house".into())));
    }

    /// What a case officer records beside an offer may stand against its yes, and against opening it again.
    async fn offers_beside_what_was_recorded(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for id in ["a", "b"] {
            rig.unit(id, 9).await;
        }
        rig.grants(vec![grant("g"), grant("h")]).await;
        for id in ["g", "h"] {
            rig.wish(id, &["a", "b"]).await;
        }
        let at = |grant: &str, ordered_start, actual_start| record_placement(pb::Placement {
                placement_id: format!("of {grant}"),
                person_id: format!("person of {grant}"),
                service: OCCUPATION.into(),
                unit_id: "b".into(),
                ordered_start,
                actual_start,
                ..Default::default()
            });
        let open = |mut offer: pb::Offer| {
            let expected_revision = offer.info.take().unwrap().revision;
            offer.state = pb::offer::State::Open.into();
            let (request_id, reason) = (request_id(), "a slip".into());
            pb::CorrectOfferRequest { request_id, expected_revision, reason, offer: Some(offer), ..Default::default() }
        };
        let first = rig.offer("g", "a").await.unwrap();
        let declined = client.offers.decline_offer(decline(&first.offer_id)).await.unwrap().into_inner().offer.unwrap();
        let second = rig.offer("g", "b").await.unwrap();
        refused!(rig, "OFFER_OPEN", offers.correct_offer(open(declined.clone())));
        client.placements.record_placement(at("g", date(2024, 4, 2), None)).await.unwrap();
        refused!(rig, "ALREADY_PLACED", offers.accept_offer(accept(&second.offer_id, day(2024, 4, 3))));
        client.offers.decline_offer(decline(&second.offer_id)).await.unwrap();
        refused!(rig, "ALREADY_PLACED", offers.correct_offer(open(declined)));

        // One who is to come on the fifth is not switched from on the second.
        let third = rig.offer("h", "a").await.unwrap();
        client.placements.record_placement(at("h", date(2024, 4, 5), date(2024, 4, 5))).await.unwrap();
        refused!(rig, "EXCLUSIVE_SERVICE", offers.accept_offer(accept(&third.offer_id, day(2024, 4, 2))));
        rig.clock.advance_to(day(2009, 1, 2));
        refused!(rig, "NO_MODEL", offers.accept_offer(accept(&third.offer_id, day(2009, 1, 5))));
    }
}
