//! Imports: all of it, or nothing and every error at once.

use niva_names::stockholm;
use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use pb::import_choice_request::Record;
use tonic::Status;

use crate::feed::read;
use crate::rig::{OCCUPATION, Rig, date, day, grant, period, reason, unit, wrong};

fn provider(id: &str) -> Record {
    Record::Provider(pb::Provider { provider_id: id.into(), name: "Omsorg AB".into(), info: None })
}

fn at(unit_id: &str, provider: &str, places: i32) -> Record {
    Record::Unit(pb::Unit {
        periods: vec![period(day(2024, 1, 1), provider, places)],
        ..unit(unit_id, places)
    })
}

/// Under grant `G` for `person of G`, ordered for 1 March 2024.
fn placed(id: &str, grant: &str, unit: &str) -> pb::Placement {
    pb::Placement {
        placement_id: id.into(),
        grant_id: grant.into(),
        person_id: format!("person of {grant}"),
        service: OCCUPATION.into(),
        unit_id: unit.into(),
        ordered_start: date(2024, 3, 1),
        ..Default::default()
    }
}

fn messages(request_id: &str, records: Vec<Record>) -> Vec<pb::ImportChoiceRequest> {
    let records = records.into_iter().enumerate();
    records
        .map(|(i, record)| pb::ImportChoiceRequest {
            request_id: if i == 0 { request_id.into() } else { String::new() },
            origin: format!("file.csv:{}", i + 2),
            record: Some(record),
        })
        .collect()
}

async fn import(
    rig: &Rig,
    messages: Vec<pb::ImportChoiceRequest>,
) -> Result<pb::ImportChoiceResponse, Status> {
    Ok(rig.client.clone().imports.import_choice(tokio_stream::iter(messages)).await?.into_inner())
}

fn all_states(unit: &str) -> Vec<Record> {
    let (start, notice, end) = (date(2024, 3, 4), date(2024, 3, 10), date(2024, 3, 12));
    let placements = [
        placed("ordered", "g0", unit),
        pb::Placement { notice_date: notice, ..placed("no-show", "g1", unit) },
        pb::Placement { actual_start: start, ..placed("started", "g2", unit) },
        pb::Placement { actual_start: start, notice_date: notice, ..placed("leaving", "g3", unit) },
        pb::Placement {
            actual_start: start,
            notice_date: notice,
            end_date: end,
            ..placed("ended", "g4", unit)
        },
    ];
    placements.map(Record::Placement).to_vec()
}

on_both_databases! {
    async fn everything_comes_in_once(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.grants((0..5).map(|n| grant(&format!("g{n}"))).collect()).await;
        // In any order.
        let mut records = all_states("u");
        records.push(at("u", "p", 5));
        records.push(provider("p"));
        let all = messages("import", records.clone());
        let answer = import(&rig, all.clone()).await.unwrap();
        assert_eq!(answer, pb::ImportChoiceResponse { providers: 1, units: 1, placements: 5 });
        let state = rig.state().await;
        assert_eq!(import(&rig, all).await.unwrap(), answer);
        let other = messages("import", records[..6].to_vec());
        assert_eq!(reason(&import(&rig, other).await.unwrap_err()), "REQUEST_ID_REUSED");
        assert_eq!(rig.state().await, state);
        let again = import(&rig, messages("another", records)).await.unwrap_err();
        assert_eq!(wrong(&again).iter().filter(|(_, reason)| reason == "ID_TAKEN").count(), 7);
        assert_eq!(rig.state().await, state);

        let events = read(&rig.client, 0, 7).await;
        let facts: Vec<_> = events.into_iter().map(|event| event.fact.unwrap()).collect();
        assert!(matches!(facts[0], pb::choice_feed_event::Fact::Provider(_)));
        assert!(matches!(facts[1], pb::choice_feed_event::Fact::Unit(_)));
        let states: Vec<_> = facts[2..].iter().map(|fact| match fact {
            pb::choice_feed_event::Fact::Placement(p) => (p.placement_id.as_str(), p.state()),
            other => panic!("{other:?}"),
        }).collect();
        use pb::placement::State;
        assert_eq!(states, [
            ("ordered", State::Ordered), ("no-show", State::NoShow), ("started", State::Started),
            ("leaving", State::Started), ("ended", State::Ended),
        ]);
        let list = rig.client.clone().placements.list_placements(pb::ListPlacementsRequest::default()).await.unwrap();
        assert_eq!(list.into_inner().placements.len(), 5);
    }

    async fn nothing_comes_in_with_any_error_and_all_are_told(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("old", 1).await;
        let mut late = grant("late");
        late.valid = Some(common::DateInterval { first: date(2024, 3, 2), last: None });
        let mut circle = grant("circle");
        circle.service = stockholm::STUDY_CIRCLE.into();
        rig.grants(vec![grant("g"), late, circle]).await;
        let state = rig.state().await;
        let dated = |id: &str, f: &dyn Fn(&mut pb::Placement)| {
            let mut placement = placed(id, "g", "u");
            f(&mut placement);
            Record::Placement(placement)
        };
        let elsewhere = pb::UnitPeriod { district: "Norrmalm".into(), ..period(day(2024, 1, 1), "p", 1) };
        let records = vec![
            provider("p"),
            at("u", "p", 9),
            at("u", "p", 9),
            at("old", "p", 9),
            at("v", "nobody", 9),
            Record::Unit(pb::Unit { periods: vec![elsewhere], ..unit("w", 1) }),
            Record::Unit(pb::Unit { periods: Vec::new(), ..unit("x", 1) }),
            dated("1", &|p| { p.actual_start = date(2024, 3, 4); p.end_date = date(2024, 3, 3); }),
            dated("2", &|p| p.notice_date = date(2024, 2, 29)),
            dated("3", &|p| p.actual_start = date(2024, 2, 29)),
            dated("4", &|p| p.end_date = date(2024, 3, 3)),
            dated("5", &|p| p.ordered_start = None),
            dated("6", &|p| p.notice_date = date(2204, 3, 3)),
            Record::Placement(placed("7", "unknown", "u")),
            Record::Placement(pb::Placement { person_id: "somebody".into(), ..placed("8", "g", "u") }),
            Record::Placement(placed("9", "late", "u")),
            Record::Placement(placed("10", "circle", "u")),
            Record::Placement(placed("11", "g", "nowhere")),
            // Where the unit itself is wrong no second error is told.
            Record::Placement(placed("12", "g", "w")),
            Record::Placement(pb::Placement { service: String::new(), placement_id: String::new(), ..placed("13", "g", "u") }),
        ];
        let status = import(&rig, messages("import", records)).await.unwrap_err();
        let found = wrong(&status);
        let expected = [
            ("records[2].unit.unit_id", "ID_TAKEN"),
            ("records[3].unit.unit_id", "ID_TAKEN"),
            ("records[4].unit.periods[0].provider_id", "PROVIDER_UNKNOWN"),
            ("records[5].unit.periods[0].district", "DISTRICT_NOT_VALID"),
            ("records[6].unit.periods", "NO_PERIOD_GIVEN"),
            ("records[7].placement.end_date", "END_BEFORE_START"),
            ("records[8].placement.notice_date", "NOTICE_BEFORE_ORDER"),
            ("records[9].placement.actual_start", "START_BEFORE_ORDER"),
            ("records[10].placement.end_date", "END_WITHOUT_START"),
            ("records[11].placement.ordered_start", "FIELD_REQUIRED"),
            ("records[12].placement.notice_date", "DATE_TOO_FAR"),
            ("records[13].placement.grant_id", "GRANT_UNKNOWN"),
            ("records[14].placement.grant_id", "GRANT_MISMATCH"),
            ("records[15].placement.ordered_start", "OUTSIDE_GRANT"),
            ("records[16].placement.grant_id", "GRANT_MISMATCH"),
            ("records[17].placement.unit_id", "UNIT_UNKNOWN"),
            ("records[19].placement.placement_id", "FIELD_REQUIRED"),
            ("records[19].placement.service", "FIELD_REQUIRED"),
        ];
        assert_eq!(found, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let words = niva_rpc::violations(&status);
        assert!(words.iter().all(|(_, text)| text.starts_with("file.csv:")), "{words:?}");
        assert!(words[6].1.starts_with("file.csv:10: notice on 2024-02-29"), "{}", words[6].1);
        assert_eq!(rig.state().await, state);
    }

    async fn places_are_counted_on_every_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("old", 2).await;
        rig.ordered("g9", "old", day(2024, 4, 2)).await;
        rig.grants((0..5).map(|n| grant(&format!("g{n}"))).collect()).await;
        let state = rig.state().await;
        let until = |id: &str, grant: &str, unit: &str, from: u32, to: u32| {
            Record::Placement(pb::Placement {
                ordered_start: date(2024, 3, from), actual_start: date(2024, 3, from), end_date: date(2024, 3, to),
                ..placed(id, grant, unit)
            })
        };
        let records = vec![
            provider("p"),
            at("u", "p", 1),
            until("1", "g0", "u", 1, 10),
            until("2", "g1", "u", 10, 12),
            until("3", "g2", "u", 13, 20),
            // Two and the one that is there: one too many from 2 April on.
            Record::Placement(placed("4", "g3", "old")),
            Record::Placement(placed("5", "g4", "old")),
        ];
        let status = import(&rig, messages("import", records.clone())).await.unwrap_err();
        let told = niva_rpc::violations(&status);
        assert_eq!(wrong(&status).iter().map(|(f, r)| (f.as_str(), r.as_str())).collect::<Vec<_>>(), [
            ("records[3].placement.unit_id", "OVER_CAPACITY"),
            ("records[6].placement.unit_id", "OVER_CAPACITY"),
        ]);
        assert!(told[0].1.contains("unit u would have 2 people on 2024-03-10, but has 1 places"), "{}", told[0].1);
        assert!(told[1].1.contains("unit old would have 3 people on 2024-04-02"), "{}", told[1].1);
        assert_eq!(rig.state().await, state);

        let mut right = records;
        right.remove(6);
        right[3] = until("2", "g1", "u", 11, 12);
        import(&rig, messages("import", right)).await.unwrap();
    }

    async fn a_stream_that_is_wrong_in_itself(db: &TestDb) {
        let rig = Rig::new(db).await;
        let state = rig.state().await;
        assert_eq!(reason(&import(&rig, Vec::new()).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(reason(&import(&rig, messages("", vec![provider("p")])).await.unwrap_err()), "FIELD_REQUIRED");
        let mut twice = messages("r", vec![provider("p"), provider("q")]);
        twice[1].request_id = "r".into();
        assert_eq!(reason(&import(&rig, twice).await.unwrap_err()), "REQUEST_ID_REPEATED");
        let mut empty = messages("r", vec![provider("p")]);
        empty[0].record = None;
        assert_eq!(reason(&import(&rig, empty).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(rig.state().await, state);
    }

    async fn ten_thousand_records(db: &TestDb) {
        let rig = Rig::new(db).await;
        const PLACEMENTS: usize = 9_000;
        let facts: Vec<_> = (0..PLACEMENTS).map(|n| told::assessment_feed_event::Fact::Grant(grant(&format!("g{n}")))).collect();
        let position = rig.assessment.tell(facts).await;
        rig.service().followed().get("assessment").unwrap().wait_until(position).await.unwrap();
        let mut records: Vec<_> = (0..100).map(|n| provider(&format!("p{n}"))).collect();
        records.extend((0..900).map(|n| at(&format!("u{n}"), &format!("p{}", n % 100), 10)));
        records.extend((0..PLACEMENTS).map(|n| {
            Record::Placement(placed(&format!("l{n}"), &format!("g{n}"), &format!("u{}", n % 900)))
        }));
        let answer = import(&rig, messages("import", records.clone())).await.unwrap();
        assert_eq!(answer, pb::ImportChoiceResponse { providers: 100, units: 900, placements: 9_000 });
        // With more errors than can be told, the rest is counted.
        let status = import(&rig, messages("again", records)).await.unwrap_err();
        let (told, reasons) = (niva_rpc::violations(&status), wrong(&status));
        let (last, words) = (&reasons.last().unwrap().1, &told.last().unwrap().1);
        assert_eq!(last, "MORE_ERRORS");
        assert!(words.starts_with(&format!("{} more errors", 10_001 - told.len())), "{words}");
    }
}
