//! All that payment has of a person, for that person.

use std::collections::BTreeMap;

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;
use niva_testing::requests::payment::record_absence;
use pb::export_person_data_response::Fact;

use crate::common::city::{Person, days, merged, unit};
use crate::common::{Client, World, day, reason};

/// How many of each there are.
async fn exported(client: &Client, person: &str) -> Result<BTreeMap<&'static str, usize>, tonic::Status> {
    let request = pb::ExportPersonDataRequest { person_id: person.into() };
    let mut stream = client.clone().exports.export_person_data(request).await?.into_inner();
    let mut found = BTreeMap::new();
    while let Some(message) = stream.message().await? {
        let kind = match message.fact.unwrap() {
            Fact::Absence(_) => "absence",
            Fact::PaymentLine(_) => "line",
            Fact::PaymentHold(_) => "hold",
            Fact::AuditRecord(_) => "call",
            other => panic!("nobody told {other:?}"),
        };
        *found.entry(kind).or_default() += 1;
    }
    Ok(found)
}

fn officer(world: &World, district: &str) -> Client {
    let caller = Caller::new(format!("officer of {district}"), [Role::CaseOfficer]);
    world.by(Caller { districts: [district.into()].into(), ..caller })
}

niva_testing::on_both_databases! {
    async fn a_person_is_given_all_that_payment_has_of_them(db: &TestDb) {
        let world = World::new(db).await;
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
        let [one, two] = [1, 2].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)));
        // The second has no level: what is owed is held.
        world.assessed(&[one.grant(), one.level(1, 1, one.start), two.grant()]).await;
        world.chosen(&[one.placed("U-1"), two.placed("U-1")]).await;
        let absence = |n: u32| {
            let (id, days) = (format!("PL-000{n}"), days(day(2024, 3, 4), Some(day(2024, 3, 4))));
            record_absence(pb::Absence { placement_id: id, days, ..Default::default() })
        };
        for n in [1, 2] {
            world.maker().absences.record_absence(absence(n)).await.unwrap();
        }
        world.paid(2024, 3).await;
        let officer_of = |district| officer(&world, district);
        let district = one.district;
        let found = exported(&officer_of(district), "P-0001").await.unwrap();
        assert_eq!((found["absence"], found.get("hold")), (1, None), "{found:?}");
        assert!(found["line"] >= 1 && found["call"] >= 1, "{found:?}");
        let other = exported(&officer_of(district), "P-0002").await.unwrap();
        assert_eq!((other["absence"], other["hold"], other.get("line")), (1, 1, None), "{other:?}");
        // By either id what is of both records.
        world.assessed(&[merged("P-0002", "P-0001", "lena", 1, true)]).await;
        let both = exported(&officer_of(district), "P-0002").await.unwrap();
        assert_eq!((both["absence"], both["line"], both["hold"]), (2, found["line"], 1), "{both:?}");
        // Of whom the call does not reach it says nothing, as of nobody.
        for (client, person) in [(officer_of("Bromma"), "P-0001"), (officer_of(district), "nobody")] {
            assert_eq!(reason(&exported(&client, person).await.unwrap_err()), "NOT_FOUND", "{person}");
        }
        assert_eq!(reason(&exported(&world.maker(), "P-0001").await.unwrap_err()), "ROLE_MISSING");
        world.stop().await;
    }
}
