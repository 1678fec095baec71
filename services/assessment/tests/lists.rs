//! Pages.

use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;

use crate::import::{decided, grant, measured, messages, person};
use crate::rig::{Rig, reason};

on_both_databases! {
    async fn pages_follow_each_other_in_order_of_id(db: &TestDb) {
        let rig = Rig::new(db).await;
        let service = stockholm::DAILY_ACTIVITIES_LSS;
        // Upper and lower case: byte by byte on both databases.
        let ids: Vec<String> = ["Z", "a", "B", "å", "b", "A", "10", "9"].into_iter().map(str::to_owned).collect();
        let records = ids.iter().flat_map(|id| {
            [
                person(id), grant(id, id, service), grant(&format!("{id} two"), id, stockholm::OCCUPATION),
                measured(id, id, service, 30), decided(id, id, service),
            ]
        });
        rig.import(messages("i", records.collect())).await;
        let mut sorted = ids.clone();
        sorted.sort();
        let client = rig.client.clone();
        macro_rules! pages {
            ($resource:ident.$rpc:ident, $request:ident { $($field:ident: $value:expr),* }, $rows:ident, $key:expr) => {{
                let (mut token, mut seen, mut pages) = (String::new(), Vec::new(), 0);
                loop {
                    #[allow(clippy::needless_update, reason = "some lists have no filter")]
                    let request = pb::$request { page_size: 3, page_token: token, $($field: $value,)* ..Default::default() };
                    let page = client.clone().$resource.$rpc(request).await.unwrap().into_inner();
                    pages += 1;
                    assert!(page.$rows.len() <= 3);
                    seen.extend(page.$rows.into_iter().map($key));
                    if page.next_page_token.is_empty() { break; }
                    token = page.next_page_token;
                }
                (seen, pages)
            }};
        }
        let (persons, count) = pages!(persons.list_persons, ListPersonsRequest { district: String::new() }, persons, |p| p.person_id);
        assert_eq!((persons, count), (sorted.clone(), 3));
        let (measurements, _) = pages!(measurements.list_measurements, ListMeasurementsRequest { person_id: String::new() }, measurements, |m| m.measurement_id);
        assert_eq!(measurements, sorted);
        let (grants, count) = pages!(grants.list_grants, ListGrantsRequest { person_id: String::new() }, grants, |g| g.grant_id);
        assert!(grants.is_sorted() && grants.len() == 16 && count == 6);
        let (decisions, _) = pages!(level_decisions.list_level_decisions, ListLevelDecisionsRequest { person_id: String::new() }, level_decisions, |d| d.decision_number);
        assert_eq!(decisions, (1..=8).collect::<Vec<i64>>());
        let (instruments, count) = pages!(instruments.list_instruments, ListInstrumentsRequest {}, instruments, |i| i.instrument_id);
        assert!(instruments.is_sorted() && instruments.len() == 5 && count == 2);

        // Filters.
        let (grants, _) = pages!(grants.list_grants, ListGrantsRequest { person_id: "å".into() }, grants, |g| g.grant_id);
        assert_eq!(grants, ["å", "å two"]);
        let (measurements, _) = pages!(measurements.list_measurements, ListMeasurementsRequest { person_id: "B".into() }, measurements, |m| m.points);
        assert_eq!(measurements, [30]);
        let (decisions, _) = pages!(level_decisions.list_level_decisions, ListLevelDecisionsRequest { person_id: "B".into() }, level_decisions, |d| d.person_id);
        assert_eq!(decisions, ["B"]);
        let (persons, _) = pages!(persons.list_persons, ListPersonsRequest { district: "Järva".into() }, persons, |p| p.person_id);
        assert!(persons.is_empty());
    }

    async fn a_token_is_good_for_its_own_list(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let first = pb::ListInstrumentsRequest { page_size: 1, page_token: String::new() };
        let token = client.instruments.list_instruments(first).await.unwrap().into_inner().next_page_token;
        let other = pb::ListPersonsRequest { page_token: token, ..Default::default() };
        assert_eq!(reason(&client.persons.list_persons(other).await.unwrap_err()), "PAGE_TOKEN_INVALID");
        let negative = pb::ListGrantsRequest { page_size: -1, ..Default::default() };
        assert_eq!(reason(&client.grants.list_grants(negative).await.unwrap_err()), "PAGE_SIZE_NEGATIVE");
    }
}

on_both_databases! {
    async fn instruments_tell_what_each_score_means(db: &TestDb) {
        let rig = Rig::new(db).await;
        let all = rig.client.clone().instruments.list_instruments(pb::ListInstrumentsRequest::default()).await.unwrap().into_inner();
        let lss = all.instruments.iter().find(|i| i.services == [String::from(stockholm::DAILY_ACTIVITIES_LSS)]).unwrap();
        assert_eq!((lss.instrument_id.as_str(), lss.example, lss.max_points), ("daily-activities-lss-example/1", true, 110));
        let item = &lss.items[1];
        assert_eq!((item.area.as_str(), item.area_title.as_str()), ("communication", "Kommunikation"));
        assert_eq!(item.allowed_scores, [0, 4, 8, 12, 16]);
        assert_eq!(item.score_meanings, ["Inget behov", "Lätt behov", "Måttligt behov", "Stort behov", "Totalt behov"]);
    }
}
