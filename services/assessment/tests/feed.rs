//! The feed tells what was written, in order, from any position.

use niva_kit::on_both_databases;
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use pb::assessment_event::Fact;

use crate::import::{grant, measured, messages, person};
use crate::rig::{Client, Rig, date, decide_request, hours, reason};

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

fn words(event: &pb::AssessmentFeedEvent) -> String {
    match event.event.clone().unwrap().fact.unwrap() {
        Fact::Grant(g) => format!("{} revision {}", g.grant_id, g.revision),
        Fact::LevelDecision(d) => format!("decision {} of {}", d.decision_number, d.person_id),
    }
}

on_both_databases! {
    async fn it_tells_what_was_written_in_order(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        let change = pb::ChangeGrantScopeRequest {
            request_id: "c".into(), grant_id: "grant of p".into(), valid_from: date(2024, 2, 1), scope: Some(hours("10")),
        };
        client.grants.change_grant_scope(change).await.unwrap();
        rig.score_all(&id, 2).await;
        let decided = client.level_decisions.decide_level(decide_request("d", &id)).await.unwrap().into_inner().level_decision.unwrap();
        let service = stockholm::DAILY_ACTIVITIES_LSS;
        rig.import(messages("i", vec![measured("m2", "p2", service, 3), person("p2"), grant("g2", "p2", service)])).await.unwrap();
        let end = pb::EndGrantRequest { request_id: "e".into(), grant_id: "g2".into(), last: date(2024, 5, 31) };
        let ended = client.grants.end_grant(end).await.unwrap().into_inner().grant.unwrap();

        let events = read(&client, 0, 6).await;
        let told: Vec<_> = events.iter().map(words).collect();
        assert_eq!(told, [
            "grant of p revision 1", "grant of p revision 2", "decision 1 of p",
            "g2 revision 1", "decision 2 of p2", "g2 revision 2",
        ]);
        assert_eq!(events[2].event.clone().unwrap().fact, Some(Fact::LevelDecision(decided)));
        assert_eq!(events[5].event.clone().unwrap().fact, Some(Fact::Grant(ended)));
        let mut before = 0;
        for event in &events {
            assert_eq!(event.previous_position, before);
            assert!(event.position > before);
            before = event.position;
        }
        // Resumed anywhere it gives the rest.
        for (i, event) in events.iter().enumerate().take(5) {
            assert_eq!(read(&client, event.position, 5 - i).await, events[i + 1..]);
        }
    }

    async fn a_reader_hears_of_what_is_written_later(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let mut stream = client.feed.watch_assessment(pb::WatchAssessmentRequest::default()).await.unwrap().into_inner();
        let first = stream.message().await.unwrap().unwrap();
        assert_eq!((first.events.len(), first.newest_position), (0, 0), "at once, though there is nothing");
        rig.person("p").await;
        rig.grant("g", "p", stockholm::OCCUPATION).await;
        let heard = loop {
            let heard = stream.message().await.unwrap().unwrap();
            if !heard.events.is_empty() { break heard; }
        };
        assert_eq!((words(&heard.events[0]).as_str(), heard.newest_position), ("g revision 1", heard.events[0].position));
        rig.shutdown.cancel();
        while stream.message().await.is_ok_and(|m| m.is_some()) {}
    }

    async fn many_events_come_in_batches(db: &TestDb) {
        let rig = Rig::new(db).await;
        let service = stockholm::OCCUPATION;
        let records = (0..1_201).flat_map(|i| [person(&format!("p{i}")), grant(&format!("g{i}"), &format!("p{i}"), service)]);
        rig.import(messages("i", records.collect())).await.unwrap();
        let events = read(&rig.client, 0, 1_201).await;
        assert!(events.windows(2).all(|pair| pair[1].previous_position == pair[0].position));
        assert_eq!(words(&events[1_200]), "g1200 revision 1");
    }

    async fn a_cursor_of_another_feed_is_refused(db: &TestDb) {
        let rig = Rig::new(db).await;
        let request = pb::WatchAssessmentRequest { after_position: 1_000 };
        let mut stream = rig.client.clone().feed.watch_assessment(request).await.unwrap().into_inner();
        let status = stream.message().await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::FailedPrecondition, "CURSOR_AHEAD"));
    }
}
