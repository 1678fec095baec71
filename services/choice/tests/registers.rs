//! Providers and units as facts: told anew, taken back, and read as they stood.

use niva_names::stockholm;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use niva_testing::requests;
use prost_types::Timestamp;
use tonic::Status;

use crate::feed::read;
use crate::rig::{
    Rig, capacity_from, change_from, date, day, get_unit, on, period, reason, record_provider, request_id,
};

fn correct_unit(unit: &pb::Unit, expected_revision: i64, reason: &str) -> pb::CorrectUnitRequest {
    pb::CorrectUnitRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision,
        reason: reason.into(),
        unit: Some(unit.clone()),
    }
}

fn withdraw_unit(unit_id: &str, expected_revision: i64, reason: &str) -> pb::WithdrawUnitRequest {
    pb::WithdrawUnitRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision,
        reason: reason.into(),
        unit_id: unit_id.into(),
    }
}

fn withdraw_provider(provider_id: &str) -> pb::WithdrawProviderRequest {
    pb::WithdrawProviderRequest {
        request_id: request_id(),
        validate_only: false,
        expected_revision: 1,
        reason: "told twice".into(),
        provider_id: provider_id.into(),
    }
}

fn info(unit: &pb::Unit) -> &common::FactInfo {
    unit.info.as_ref().unwrap()
}

async fn another_provider(rig: &Rig, id: &str) {
    let provider = requests::choice::provider(id, "Vård AB");
    rig.client.clone().providers.record_provider(record_provider(provider)).await.unwrap();
}

async fn unit_as_of(rig: &Rig, id: &str, as_of: Option<Timestamp>) -> Result<pb::Unit, Status> {
    let request = pb::GetUnitRequest { unit_id: id.into(), as_of };
    Ok(rig.client.clone().units.get_unit(request).await?.into_inner().unit.unwrap())
}

on_both_databases! {
    async fn a_new_provider_takes_over_from_a_day_in_the_past(db: &TestDb) {
        let rig = Rig::new(db).await;
        let first = rig.unit("a", 3).await;
        another_provider(&rig, "other").await;
        rig.clock.advance_to(day(2024, 4, 2));
        let change = pb::UnitChange { provider_id: Some("other".into()), ..Default::default() };
        let request = change_from("a", day(2024, 2, 1), change);
        let answer = rig.client.clone().units.change_unit(request.clone()).await.unwrap().into_inner();
        let unit = answer.unit.clone().unwrap();
        assert_eq!(unit.periods, [
            period(day(2024, 1, 1), "provider of a", 3),
            period(day(2024, 2, 1), "other", 3),
        ]);
        // Again is the same; what is so already changes nothing.
        assert_eq!(rig.client.clone().units.change_unit(request.clone()).await.unwrap().into_inner(), answer);
        let again = pb::ChangeUnitRequest { request_id: request_id(), ..request };
        let again = rig.client.clone().units.change_unit(again).await.unwrap().into_inner();
        assert_eq!((again.unit.as_ref(), again.feed_position), (Some(&unit), 0));
        // The feed tells it at the position of the answer, with who told it.
        let told = read(&rig.client, 0, 4).await.remove(3);
        assert_eq!(told.fact, Some(pb::choice_feed_event::Fact::Unit(unit.clone())));
        assert_eq!(told.info.unwrap().position, answer.feed_position);
        assert_eq!((info(&unit).revision, info(&unit).state()), (2, common::fact_info::State::Stands));
        // As it stood before.
        let then = info(&first).record_time;
        assert_eq!(unit_as_of(&rig, "a", then).await.unwrap(), first);
        assert_eq!(unit_as_of(&rig, "a", None).await.unwrap(), unit);
        let early = then.map(|at| Timestamp { seconds: at.seconds - 1, ..at });
        assert_eq!(reason(&unit_as_of(&rig, "a", early).await.unwrap_err()), "NOT_FOUND");
        let late = Some(Timestamp { seconds: info(&unit).record_time.unwrap().seconds + 1, nanos: 0 });
        assert_eq!(reason(&unit_as_of(&rig, "a", late).await.unwrap_err()), "AS_OF_IN_FUTURE");
        let list = pb::ListUnitRevisionsRequest { unit_id: "a".into(), page_size: 1, ..Default::default() };
        let page = rig.client.clone().units.list_unit_revisions(list.clone()).await.unwrap().into_inner();
        assert_eq!(page.units, [first]);
        let list = pb::ListUnitRevisionsRequest { page_token: page.next_page_token, ..list };
        let page = rig.client.clone().units.list_unit_revisions(list).await.unwrap().into_inner();
        assert_eq!((page.units, page.next_page_token), (vec![unit], String::new()));
    }

    async fn each_property_is_corrected_from_a_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 3).await;
        let changes = [
            pb::UnitChange { district: Some("Bromma".into()), ..Default::default() },
            pb::UnitChange { regime: Some(common::Regime::Contracted.into()), ..Default::default() },
            pb::UnitChange { capacity: Some(0), ..Default::default() },
            pb::UnitChange { orientation: Some("Unga vuxna".into()), ..Default::default() },
        ];
        for (n, change) in (2..).zip(changes) {
            rig.client.clone().units.change_unit(change_from("a", day(2024, n, 1), change)).await.unwrap();
        }
        let unit = unit_as_of(&rig, "a", None).await.unwrap();
        let mut terms = period(day(2024, 1, 1), "provider of a", 3);
        let mut expected = vec![terms.clone()];
        for (n, set) in (2..).zip([
            (|t: &mut pb::UnitPeriod| t.district = "Bromma".into()) as fn(&mut pb::UnitPeriod),
            |t| t.regime = common::Regime::Contracted.into(),
            |t| t.capacity = 0,
            |t| t.orientation = "Unga vuxna".into(),
        ]) {
            set(&mut terms);
            terms.valid_from = date(2024, n, 1);
            expected.push(terms.clone());
        }
        assert_eq!(unit.periods, expected);
        // A mistake in the middle is told anew, with all periods.
        let mut right = unit.clone();
        right.periods.remove(1);
        right.periods[1..].iter_mut().for_each(|period| period.district = "Farsta".into());
        let corrected = rig.client.clone().units.correct_unit(correct_unit(&right, 5, "it never moved")).await;
        let corrected = corrected.unwrap().into_inner().unit.unwrap();
        assert_eq!((&corrected.periods, info(&corrected).reason.as_str()), (&right.periods, "it never moved"));
        // Found by what it is on a day.
        for (district, on_day, found) in [("Bromma", day(2024, 4, 1), 0), ("Farsta", day(2024, 4, 1), 1), ("Farsta", day(2023, 1, 1), 0)] {
            let list = pb::ListUnitsRequest { district: district.into(), day: on(on_day), ..Default::default() };
            assert_eq!(rig.client.clone().units.list_units(list).await.unwrap().into_inner().units.len(), found);
        }
    }

    async fn a_unit_is_withdrawn_unless_somebody_names_it(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 3).await;
        rig.unit("b", 3).await;
        rig.ordered("g", "a", day(2024, 4, 2)).await;
        refused!(rig, "UNIT_IN_USE", units.withdraw_unit(withdraw_unit("a", 1, "told twice")));
        let mut other = unit_as_of(&rig, "a", None).await.unwrap();
        other.service = stockholm::STUDY_CIRCLE.into();
        refused!(rig, "UNIT_IN_USE", units.correct_unit(correct_unit(&other, 1, "another service")));
        refused!(rig, "PROVIDER_IN_USE", providers.withdraw_provider(withdraw_provider("provider of b")));
        let gone = rig.client.clone().units.withdraw_unit(withdraw_unit("b", 1, "told twice")).await;
        let gone = gone.unwrap().into_inner().unit.unwrap();
        assert_eq!((info(&gone).state(), info(&gone).revision), (common::fact_info::State::Withdrawn, 2));
        rig.client.clone().providers.withdraw_provider(withdraw_provider("provider of b")).await.unwrap();
        refused!(rig, "FACT_WITHDRAWN", units.withdraw_unit(withdraw_unit("b", 2, "again")));
        refused!(rig, "FACT_WITHDRAWN", units.correct_unit(correct_unit(&gone, 2, "again")));
        refused!(rig, "FACT_WITHDRAWN", units.set_unit_capacity(capacity_from("b", day(2024, 5, 1), 9)));
        // What it said stays readable, and lists leave it out unless asked.
        assert_eq!(unit_as_of(&rig, "b", None).await.unwrap(), gone);
        for (include_withdrawn, found) in [(false, 1), (true, 2)] {
            let list = pb::ListUnitsRequest { include_withdrawn, ..Default::default() };
            assert_eq!(rig.client.clone().units.list_units(list).await.unwrap().into_inner().units.len(), found);
            let list = pb::ListProvidersRequest { include_withdrawn, ..Default::default() };
            let providers = rig.client.clone().providers.list_providers(list).await.unwrap().into_inner().providers;
            assert_eq!(providers.len(), found);
        }
    }

    async fn a_correction_needs_a_reason_and_the_newest_revision(db: &TestDb) {
        let rig = Rig::new(db).await;
        let unit = rig.unit("a", 3).await;
        refused!(rig, "REASON_MISSING", units.correct_unit(correct_unit(&unit, 1, " ")));
        refused!(rig, "REASON_MISSING", units.correct_unit(correct_unit(&unit, 1, &"x".repeat(501))));
        refused!(rig, "REVISION_NOT_NEWEST", units.correct_unit(correct_unit(&unit, 2, "a slip")));
        refused!(rig, "REVISION_NOT_NEWEST", units.withdraw_unit(withdraw_unit("a", 0, "a slip")));
        refused!(rig, "NOT_FOUND", units.withdraw_unit(withdraw_unit("x", 1, "a slip")));
        let mut twice = unit.clone();
        twice.periods.push(unit.periods[0].clone());
        refused!(rig, "PERIOD_TWICE", units.correct_unit(correct_unit(&twice, 1, "a slip")));
        let change = |from, change| change_from("a", from, change);
        refused!(rig, "NO_CHANGE_GIVEN", units.change_unit(change(day(2024, 4, 1), pb::UnitChange::default())));
        let capacity = pb::UnitChange { capacity: Some(1), ..Default::default() };
        refused!(rig, "BEFORE_FIRST_PERIOD", units.change_unit(change(day(2023, 12, 31), capacity)));
        let unknown = pb::UnitChange { provider_id: Some("nobody".into()), ..Default::default() };
        refused!(rig, "PROVIDER_UNKNOWN", units.change_unit(change(day(2024, 4, 1), unknown)));
        refused!(rig, "NOT_FOUND", units.list_unit_revisions(pb::ListUnitRevisionsRequest {
            unit_id: "x".into(), ..Default::default()
        }));
        refused!(rig, "PAGE_TOKEN_INVALID", units.list_unit_revisions(pb::ListUnitRevisionsRequest {
            unit_id: "a".into(), page_token: "AAAAAAAAAAAAAAAA".into(), ..Default::default()
        }));
        // A rehearsal says what would come, and keeps nothing.
        let before = rig.state().await;
        let request = pb::CorrectUnitRequest { validate_only: true, ..correct_unit(&unit, 1, "a new name") };
        let answer = rig.client.clone().units.correct_unit(request).await.unwrap().into_inner();
        assert_eq!((info(&answer.unit.unwrap()).revision, answer.feed_position), (2, 0));
        assert_eq!(rig.state().await, before);
    }

    async fn a_provider_is_corrected(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 3).await;
        let correct = |name: &str, expected_revision| pb::CorrectProviderRequest {
            request_id: request_id(),
            validate_only: false,
            expected_revision,
            reason: "misspelt".into(),
            provider: Some(requests::choice::provider("provider of a", name)),
        };
        refused!(rig, "NAME_INVALID", providers.correct_provider(correct("a\nb", 1)));
        rig.client.clone().providers.correct_provider(correct("Omsorgen AB", 1)).await.unwrap();
        refused!(rig, "REVISION_NOT_NEWEST", providers.correct_provider(correct("Omsorgen", 1)));
        let get = pb::GetProviderRequest { provider_id: "provider of a".into(), as_of: None };
        let provider = rig.client.clone().providers.get_provider(get).await.unwrap().into_inner().provider.unwrap();
        assert_eq!((provider.name.as_str(), provider.info.unwrap().reason.as_str()), ("Omsorgen AB", "misspelt"));
        let list = pb::ListProviderRevisionsRequest { provider_id: "provider of a".into(), ..Default::default() };
        let told = rig.client.clone().providers.list_provider_revisions(list).await.unwrap().into_inner().providers;
        assert_eq!(told.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Omsorg AB", "Omsorgen AB"]);
    }

    async fn places_are_told_day_by_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.unit("a", 2).await;
        let mut client = rig.client.clone();
        let first = rig.ordered("g", "a", day(2024, 3, 27)).await;
        client.placements.start_placement(crate::rig::start_on(&first.placement_id, day(2024, 3, 27))).await.unwrap();
        rig.grants(vec![crate::rig::grant("h")]).await;
        rig.wish("h", &["a"]).await;
        let offer = rig.offer("h", "a").await.unwrap();
        client.units.set_unit_capacity(capacity_from("a", day(2024, 3, 29), 1)).await.unwrap();
        let ask = |first, last| pb::GetUnitOccupancyRequest { unit_id: "a".into(), first: on(first), last: on(last) };
        let days = |answer: pb::GetUnitOccupancyResponse| {
            answer.days.iter().map(|d| [d.capacity, d.confirmed, d.ordered, d.offered, d.overhang]).collect::<Vec<_>>()
        };
        let request = ask(day(2024, 3, 26), day(2024, 3, 29));
        let answer = client.units.get_unit_occupancy(request).await.unwrap().into_inner();
        assert_eq!(answer.days[0].day, date(2024, 3, 26));
        assert_eq!(days(answer), [[2, 0, 0, 0, 0], [2, 1, 0, 1, 0], [2, 1, 0, 1, 0], [1, 1, 0, 1, 1]]);
        client.units.set_unit_capacity(capacity_from("a", day(2024, 3, 29), 2)).await.unwrap();
        rig.accept(&offer, day(2024, 3, 28)).await.unwrap();
        client.placements.end_placement(crate::rig::end_on(&first.placement_id, day(2024, 3, 28))).await.unwrap();
        let request = ask(day(2024, 3, 27), day(2024, 3, 29));
        assert_eq!(days(client.units.get_unit_occupancy(request).await.unwrap().into_inner()), [
            [2, 1, 0, 0, 0], [2, 1, 1, 0, 0], [2, 0, 1, 0, 0],
        ]);
        refused!(rig, "END_BEFORE_START", units.get_unit_occupancy(ask(day(2024, 3, 27), day(2024, 3, 26))));
        refused!(rig, "PERIOD_TOO_LONG", units.get_unit_occupancy(ask(day(2024, 1, 1), day(2027, 1, 1))));
        let request = pb::GetUnitOccupancyRequest { unit_id: "x".into(), ..ask(day(2024, 1, 1), day(2024, 1, 1)) };
        refused!(rig, "NOT_FOUND", units.get_unit_occupancy(request));
        refused!(rig, "NOT_FOUND", units.get_unit(get_unit("x")));
    }
}
