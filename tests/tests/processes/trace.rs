//! One call, one trace, across processes: what an operator's collector receives.

use niva_journeys::{
    collector::{Collector, Span},
    steps,
    world::{Store, World},
};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;

/// Spans of one trace, made by at least so many services.
fn crosses(spans: &[Span], services: usize) -> Option<Vec<Span>> {
    spans.iter().find_map(|first| {
        let together: Vec<Span> = spans.iter().filter(|s| s.trace == first.trace).cloned().collect();
        let mut names: Vec<&str> = together.iter().map(|s| s.service.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        (names.len() >= services).then_some(together)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_receives_one_trace_across_services() {
    let mut collector = Collector::start().await;
    let more = ["--otlp-endpoint".to_owned(), collector.endpoint()];
    let world = World::processes_with(Store::Sqlite, &more).await;
    let unit =
        steps::unit(&world, "unit", stockholm::SUPPORTED_HOUSING, "Farsta", Regime::Municipal, 1).await;
    steps::person_with_grant(&world, "secret-person", stockholm::SUPPORTED_HOUSING, "Farsta", "2024-03-01")
        .await;
    world.feeds_caught_up().await;
    // What is left is sent when a service ends.
    world.close().await;
    let spans = collector.wait_for(|spans| crosses(spans, 2).is_some()).await.unwrap_or_else(|spans| {
        panic!(
            "no trace crosses services: {:?}",
            spans.iter().map(|s| (&s.service, &s.name)).collect::<Vec<_>>()
        )
    });
    let together = crosses(&spans, 2).unwrap();
    // A listener's call of a feed, and the producer's part of it: the one is the other's parent.
    let linked = together.iter().any(|child| {
        together.iter().any(|parent| parent.id == child.parent && parent.service != child.service)
    });
    assert!(linked, "{together:#?}");
    let told = spans.iter().find(|s| s.text.contains("secret-person") || s.text.contains(&unit));
    assert!(told.is_none(), "a trace names a person or a placement: {told:?}");
}
