//! Imports: all of it, or nothing and every error at once.

use niva_testing::requests;
use std::collections::BTreeSet;

use niva_names::stockholm;
use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::{self as common, job};
use niva_testing::on_both_databases;
use pb::create_import_request::Record;
use tonic::Status;

use crate::feed::read;
use crate::rig::{
    OCCUPATION, Rig, date, day, get_placement, grant, period, reason, request_id, unit, withdraw,
};

fn provider(id: &str) -> Record {
    Record::Provider(requests::choice::provider(id, "Omsorg AB"))
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

pub(crate) fn messages(request_id: &str, records: Vec<Record>) -> Vec<pb::CreateImportRequest> {
    let first = |i, text: &str| if i == 0 { text.to_owned() } else { String::new() };
    let message = |(i, record)| pb::CreateImportRequest {
        request_id: first(i, request_id),
        reason: first(i, "the nightly copy"),
        origin: format!("file.csv:{}", i + 2),
        record: Some(record),
        ..Default::default()
    };
    records.into_iter().enumerate().map(message).collect()
}

impl Rig {
    /// An import as it ended, and what is wrong with it.
    pub(crate) async fn import(
        &self,
        messages: Vec<pb::CreateImportRequest>,
    ) -> Result<(common::Import, Vec<common::ImportError>), Status> {
        let mut client = self.client.clone().imports;
        let import = client.create_import(tokio_stream::iter(messages)).await?.into_inner().import.unwrap();
        let request = pb::GetImportRequest { import_id: import.import_id.clone() };
        assert_eq!(client.get_import(request).await?.into_inner().import.as_ref(), Some(&import));
        let state = if import.refused == 0 { job::State::Done } else { job::State::Failed };
        assert_eq!(import.job.as_ref().unwrap().state(), state);
        let (mut errors, mut page_token) = (Vec::new(), String::new());
        loop {
            let import_id = import.import_id.clone();
            let request = pb::ListImportErrorsRequest { import_id, page_size: 1_000, page_token };
            let page = client.list_import_errors(request).await?.into_inner();
            errors.extend(page.errors);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok((import, errors));
            }
        }
    }

    /// What an import that takes effect came to: created, corrected, unchanged.
    async fn imported(&self, request_id: &str, records: Vec<Record>) -> (i64, i64, i64) {
        let (import, errors) = self.import(messages(request_id, records)).await.unwrap();
        assert_eq!(errors, []);
        (import.created, import.corrected, import.unchanged)
    }

    /// What is wrong with an import that has no effect: record, field, reason, words.
    async fn refused(&self, records: Vec<Record>) -> Vec<(i64, String, String, String)> {
        let before = self.state().await;
        let (import, errors) = self.import(messages(&request_id(), records)).await.unwrap();
        assert_eq!(self.state().await, before, "a failed import changed something");
        let told: BTreeSet<i64> = errors.iter().map(|error| error.record).collect();
        assert_eq!(import.refused, i64::try_from(told.len()).unwrap());
        assert!(errors.iter().all(|e| e.origin == format!("file.csv:{}", e.record + 2)), "{errors:?}");
        errors.into_iter().map(|e| (e.record, e.field, e.reason, e.description)).collect()
    }
}

fn brief(errors: &[(i64, String, String, String)]) -> Vec<(i64, &str, &str)> {
    errors.iter().map(|(record, field, reason, _)| (*record, field.as_str(), reason.as_str())).collect()
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
        let answer = rig.import(all.clone()).await.unwrap();
        assert_eq!((answer.0.created, answer.0.records), (7, 7));
        let state = rig.state().await;
        assert_eq!(rig.import(all).await.unwrap(), answer);
        let other = messages("import", records[..6].to_vec());
        assert_eq!(reason(&rig.import(other).await.unwrap_err()), "REQUEST_ID_REUSED");
        assert_eq!(rig.state().await, state);
        assert_eq!(rig.imported("another", records).await, (0, 0, 7));
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
        let errors = rig.refused(records).await;
        assert_eq!(brief(&errors), [
            (2, "unit", "ID_TAKEN"),
            (4, "unit.periods[0].provider_id", "PROVIDER_UNKNOWN"),
            (5, "unit.periods[0].district", "DISTRICT_NOT_VALID"),
            (6, "unit.periods", "NO_PERIOD_GIVEN"),
            (7, "placement.end_date", "END_BEFORE_START"),
            (8, "placement.notice_date", "NOTICE_BEFORE_ORDER"),
            (9, "placement.actual_start", "START_BEFORE_ORDER"),
            (10, "placement.end_date", "END_WITHOUT_START"),
            (11, "placement.ordered_start", "FIELD_REQUIRED"),
            (12, "placement.notice_date", "DATE_TOO_FAR"),
            (13, "placement.grant_id", "GRANT_UNKNOWN"),
            (14, "placement.grant_id", "GRANT_MISMATCH"),
            (15, "placement.ordered_start", "OUTSIDE_GRANT"),
            (16, "placement.grant_id", "GRANT_MISMATCH"),
            (17, "placement.unit_id", "UNIT_UNKNOWN"),
            (19, "placement.placement_id", "FIELD_REQUIRED"),
            (19, "placement.service", "FIELD_REQUIRED"),
        ]);
        assert!(errors[5].3.starts_with("notice on 2024-02-29"), "{}", errors[5].3);
    }

    async fn places_are_counted_on_every_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("old", 2).await;
        rig.ordered("g9", "old", day(2024, 4, 2)).await;
        rig.grants((0..5).map(|n| grant(&format!("g{n}"))).collect()).await;
        let until = |id: &str, grant: &str, unit: &str, from: i32, to: i32| {
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
        let errors = rig.refused(records.clone()).await;
        assert_eq!(brief(&errors), [
            (3, "placement.unit_id", "NO_FREE_PLACE"),
            (6, "placement.unit_id", "NO_FREE_PLACE"),
        ]);
        assert!(errors[0].3.contains("unit u would have 2 people on 2024-03-10, but has 1 places"), "{}", errors[0].3);
        assert!(errors[1].3.contains("unit old would have 3 people on 2024-04-02"), "{}", errors[1].3);

        let mut right = records;
        right.remove(6);
        right[3] = until("2", "g1", "u", 11, 12);
        assert_eq!(rig.imported("import", right).await, (6, 0, 0));
    }

    async fn a_stream_that_is_wrong_in_itself(db: &TestDb) {
        let rig = Rig::new(db).await;
        let state = rig.state().await;
        assert_eq!(reason(&rig.import(Vec::new()).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(reason(&rig.import(messages("", vec![provider("p")])).await.unwrap_err()), "FIELD_REQUIRED");
        let mut twice = messages("r", vec![provider("p"), provider("q")]);
        twice[1].request_id = "r".into();
        assert_eq!(reason(&rig.import(twice).await.unwrap_err()), "REQUEST_ID_REPEATED");
        let mut empty = messages("r", vec![provider("p")]);
        empty[0].record = None;
        let (_, errors) = rig.import(empty).await.unwrap();
        assert_eq!((errors[0].field.as_str(), errors[0].reason.as_str()), ("record", "FIELD_REQUIRED"));
        let mut long = messages("r2", vec![provider("p")]);
        long[0].origin = "x".repeat(65 << 10);
        assert_eq!(reason(&rig.import(long).await.unwrap_err()), "IMPORT_TOO_LARGE");
        let mut client = rig.client.clone().imports;
        let unknown = pb::GetImportRequest { import_id: "none".into() };
        assert_eq!(reason(&client.get_import(unknown).await.unwrap_err()), "NOT_FOUND");
        let unknown = pb::ListImportErrorsRequest { import_id: "none".into(), ..Default::default() };
        assert_eq!(reason(&client.list_import_errors(unknown).await.unwrap_err()), "NOT_FOUND");
        assert_eq!(rig.state().await, state);
    }

    async fn other_content_is_a_correction_with_the_reason_of_the_import(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.grants(vec![grant("g0"), grant("g1")]).await;
        let city = |end: Option<common::Date>| vec![
            provider("p"),
            at("u", "p", 1),
            Record::Placement(pb::Placement { actual_start: date(2024, 3, 1), end_date: end, ..placed("a", "g0", "u") }),
        ];
        assert_eq!(rig.imported("first", city(None)).await, (3, 0, 0));
        // The place that is given up is free in the same import, whatever the order of the records.
        let mut next = city(date(2024, 3, 14));
        let later = pb::Placement { ordered_start: date(2024, 3, 15), ..placed("b", "g1", "u") };
        next.insert(0, Record::Placement(later));
        let mut unsaid = messages("unsaid", next.clone());
        unsaid[0].reason.clear();
        let (_, errors) = rig.import(unsaid).await.unwrap();
        // A correction that is refused gives nothing up.
        let reasons: Vec<_> = errors.iter().map(|e| (e.record, e.reason.as_str())).collect();
        assert_eq!(reasons, [(0, "NO_FREE_PLACE"), (3, "REASON_MISSING")]);
        let mut rehearsed = messages("rehearsed", next.clone());
        rehearsed[0].validate_only = true;
        let state = rig.state().await;
        let (import, _) = rig.import(rehearsed).await.unwrap();
        assert_eq!((import.validate_only, import.created, import.corrected, import.unchanged), (true, 1, 1, 2));
        assert_eq!(rig.state().await, state);
        assert_eq!(rig.imported("again", next.clone()).await, (1, 1, 2));
        let ended = rig.client.clone().placements.get_placement(get_placement("a")).await.unwrap();
        let ended = ended.into_inner().placement.unwrap();
        let info = ended.info.as_ref().unwrap();
        assert_eq!((ended.state(), ended.end_date), (pb::placement::State::Ended, date(2024, 3, 14)));
        assert_eq!((info.revision, info.reason.as_str()), (2, "the nightly copy"));
        assert_eq!(rig.imported("and again", next).await, (0, 0, 4));
        let periods = vec![period(day(2024, 1, 1), "p", 1)];
        let renamed = Record::Unit(pb::Unit { name: "Rågsved".into(), periods, ..unit("u", 1) });
        assert_eq!(rig.imported("unit", vec![renamed]).await, (0, 1, 0));
        rig.client.clone().placements.withdraw_placement(pb::WithdrawPlacementRequest { told_by_mistake: true, ..withdraw("b", 1) }).await.unwrap();
        let back = rig.refused(vec![Record::Placement(placed("b", "g1", "u"))]).await;
        assert_eq!(brief(&back), [(0, "placement", "FACT_WITHDRAWN")]);
    }

    async fn the_rules_of_the_rpcs_hold_for_records(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.grants(vec![grant("g0"), grant("g1")]).await;
        // The grant is found by its days; started so that a switch may follow.
        let unnamed = |id: &str, unit: &str| pb::Placement { grant_id: String::new(), ..placed(id, "g0", unit) };
        let city = || vec![
            provider("p"),
            at("u", "p", 3),
            at("v", "p", 3),
            Record::Placement(pb::Placement { actual_start: date(2024, 3, 1), ..unnamed("a", "u") }),
        ];
        assert_eq!(rig.imported("city", city()).await, (4, 0, 0));
        assert_eq!(rig.imported("again", city()).await, (0, 0, 4));
        let told = rig.client.clone().placements.get_placement(get_placement("a")).await.unwrap();
        assert_eq!(told.into_inner().placement.unwrap().grant_id, "g0");
        let circle = pb::Unit { service: stockholm::STUDY_CIRCLE.into(), periods: vec![period(day(2024, 1, 1), "p", 3)], ..unit("u", 3) };
        let nobody = pb::Placement { person_id: "nobody".into(), ..unnamed("d", "v") };
        let errors = rig.refused(vec![
            Record::Placement(unnamed("b", "v")),
            Record::Unit(circle),
            Record::Placement(nobody),
            Record::Placement(pb::Placement { actual_start: date(2024, 3, 1), ..placed("a", "g1", "u") }),
        ]).await;
        assert_eq!(brief(&errors), [
            (0, "placement", "EXCLUSIVE_SERVICE"),
            (1, "unit.service", "UNIT_IN_USE"),
            (2, "placement.grant_id", "GRANT_UNKNOWN"),
            (3, "placement.person_id", "SUBJECT_FIXED"),
        ]);
        let switch = pb::placement::Beside::Switch.into();
        let next = pb::Placement { beside: switch, ..unnamed("b", "v") };
        assert_eq!(rig.imported("switch", vec![Record::Placement(next)]).await, (1, 0, 0));
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
        assert_eq!(rig.imported("import", records.clone()).await, (10_000, 0, 0));
        assert_eq!(rig.imported("again", records).await, (0, 0, 10_000));
        // Every error is told, page by page.
        let wrong = (0..PLACEMENTS).map(|n| {
            Record::Placement(pb::Placement { ordered_start: None, ..placed(&format!("l{n}"), &format!("g{n}"), "u0") })
        });
        let errors = rig.refused(wrong.collect()).await;
        assert!(errors.iter().zip(0..).all(|(error, n)| (error.0, error.2.as_str()) == (n, "FIELD_REQUIRED")));
        assert_eq!(errors.len(), PLACEMENTS);
    }
}
