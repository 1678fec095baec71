//! What stops the service from starting.

use std::sync::Arc;

use niva_assessment::{Migrator, StartError, start};
use niva_base::{Clock, morning};
use niva_models::Catalogue;
use niva_store::NotReady;
use niva_testing::on_both_databases;
use tokio_util::sync::CancellationToken;

use crate::rig::{day, deps};

on_both_databases! {
    async fn a_database_without_its_schema(db: &TestDb) {
        let (clock, _) = Clock::manual(morning(day(2024, 3, 18)));
        let error = start(deps(db, &clock, true), CancellationToken::new()).await.unwrap_err();
        assert!(matches!(error, StartError::NotReady(NotReady::NotMigrated { missing: 11, expected: 11 })), "{error}");
        db.migrate::<Migrator>().await.unwrap();
        db.migrate::<Migrator>().await.unwrap();
        start(deps(db, &clock, true), CancellationToken::new()).await.unwrap();
    }

    /// A city's model whose scale is smaller than what the instrument gives.
    async fn an_instrument_whose_totals_no_level_holds(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let (clock, _) = Clock::manual(morning(day(2024, 3, 18)));
        let mut narrow = Catalogue::shipped().unwrap();
        for terms in narrow.models.iter_mut().filter(|m| m.id == "daily-activities-2025").flat_map(|m| &mut m.services) {
            let scale = terms.scale.as_mut().unwrap();
            scale.max_points = 100;
            scale.bands.last_mut().unwrap().to = Some(100);
        }
        let mut deps = deps(db, &clock, true);
        deps.catalogue = Arc::new(narrow);
        let error = start(deps, CancellationToken::new()).await.unwrap_err();
        let StartError::Uncovered(found) = &error else { panic!("{error}") };
        assert_eq!(
            found[0].to_string(),
            "instrument daily-activities-lss-example/1 can give 102 points, which no level of daily_activities_lss in model \
             daily-activities-2025 holds: correct the instrument's scores or the model's bands"
        );
    }
}
