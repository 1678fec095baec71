//! The feed tells what was written, in order, from any position.

use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;
use pb::assessment_feed_event::Fact;

use crate::import::{decided, grant, measured, messages, person};
use crate::rig::{Client, Rig, date, decide_request, hours, reason, scope};

/// Reads `count` events after a position.
async fn read(client: &Client, after: i64, count: usize) -> Vec<pb::AssessmentFeedEvent> {
    let request = pb::WatchAssessmentRequest { after_position: after };
    let mut stream = client.clone().feed.watch_assessment(request).await.unwrap().into_inner();
    let mut events = Vec::new();
    while events.len() < count {
        events.extend(stream.message().await.unwrap().expect("the feed has no end").events);
    }
    events
}

/// What an event tells of: the fact, its revision, and `-` where it is withdrawn.
fn words(event: &pb::AssessmentFeedEvent) -> String {
    let (fact, info) = match event.fact.clone().unwrap() {
        Fact::Person(p) => (p.person_id, p.info),
        Fact::Grant(g) => (g.grant_id, g.info),
        Fact::PersonMerge(m) => (format!("{} into {}", m.from_person_id, m.into_person_id), m.info),
        Fact::LevelDecision(d) => (format!("decision {} of {}", d.decision_number, d.person_id), d.info),
    };
    let (revision, stands, ..) = crate::rig::told(info);
    format!("{fact} revision {}{revision}", if stands { "" } else { "-" })
}

fn position(event: &pb::AssessmentFeedEvent) -> (i64, i64) {
    let info = event.info.as_ref().unwrap();
    (info.position, info.previous_position)
}

on_both_databases! {
    async fn it_tells_what_was_written_in_order(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        let change = pb::ChangeGrantScopeRequest {
            request_id: "c".into(), grant_id: "grant of p".into(), scope: Some(scope(date(2024, 2, 1), hours("10"))), ..Default::default()
        };
        client.grants.change_grant_scope(change).await.unwrap();
        rig.score_all(&id, 2).await;
        let decision = client.level_decisions.decide_level(decide_request("d", &id, 3)).await.unwrap().into_inner();
        let service = stockholm::DAILY_ACTIVITIES_LSS;
        rig.import(messages("i", vec![decided("m2", "p2", service), measured("m2", "p2", service, 3), person("p2"), grant("g2", "p2", service)])).await;
        let gone = pb::WithdrawGrantRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), grant_id: "g2".into(), ..Default::default() };
        let gone = client.grants.withdraw_grant(gone).await.unwrap().into_inner();

        let events = read(&client, 0, 8).await;
        let told: Vec<_> = events.iter().map(words).collect();
        assert_eq!(told, [
            "p revision 1", "grant of p revision 1", "grant of p revision 2", "decision 1 of p revision 1",
            "p2 revision 1", "g2 revision 1", "decision 2 of p2 revision 1", "g2 revision -2",
        ]);
        assert_eq!(events[3].fact, decision.level_decision.map(Fact::LevelDecision));
        assert_eq!(events[7].fact, gone.grant.map(Fact::Grant));
        assert_eq!((position(&events[3]).0, position(&events[7]).0), (decision.feed_position, gone.feed_position));
        let roles: Vec<_> = events.iter().map(|e| e.info.clone().unwrap()).map(|i| (i.author.unwrap().role, i.ignorable)).collect();
        assert_eq!(roles[0], ("case_officer".into(), true), "a person may be passed over");
        assert_eq!(roles[3], ("assessor".into(), false));
        assert_eq!(roles[5], ("importer".into(), false));
        let mut before = 0;
        for event in &events {
            assert_eq!(position(event).1, before);
            assert!(position(event).0 > before);
            before = position(event).0;
        }
        // Resumed anywhere it gives the rest.
        for (i, event) in events.iter().enumerate().take(7) {
            assert_eq!(read(&client, position(event).0, 7 - i).await, events[i + 1..]);
        }
    }

    async fn a_reader_hears_of_what_is_written_later(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let mut stream = client.feed.watch_assessment(pb::WatchAssessmentRequest::default()).await.unwrap().into_inner();
        let first = stream.message().await.unwrap().unwrap();
        assert_eq!((first.events.len(), first.newest_position), (0, 0), "at once, though there is nothing");
        rig.person("p").await;
        let heard = loop {
            let heard = stream.message().await.unwrap().unwrap();
            if !heard.events.is_empty() { break heard; }
        };
        assert_eq!((words(&heard.events[0]).as_str(), heard.newest_position), ("p revision 1", position(&heard.events[0]).0));
        rig.shutdown.cancel();
        while stream.message().await.is_ok_and(|m| m.is_some()) {}
    }

    async fn many_events_come_in_batches(db: &TestDb) {
        let rig = Rig::new(db).await;
        let service = stockholm::OCCUPATION;
        let records = (0..1_201).flat_map(|i| [person(&format!("p{i}")), grant(&format!("g{i}"), &format!("p{i}"), service)]);
        rig.import(messages("i", records.collect())).await;
        let events = read(&rig.client, 0, 2_402).await;
        assert!(events.windows(2).all(|pair| position(&pair[1]).1 == position(&pair[0]).0));
        assert_eq!(words(&events[2_401]), "g1200 revision 1");
    }

    async fn a_cursor_of_another_feed_is_refused(db: &TestDb) {
        let rig = Rig::new(db).await;
        let request = pb::WatchAssessmentRequest { after_position: 1_000 };
        let mut stream = rig.client.clone().feed.watch_assessment(request).await.unwrap().into_inner();
        let status = stream.message().await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::FailedPrecondition, "CURSOR_AHEAD"));
    }
}
