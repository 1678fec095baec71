//! What a world stands on before there are services.

use std::path::{Path, PathBuf};

use niva_access::LocalIssuer;
use niva_base::Clock;
use niva_testing::TestDb;

use super::{Part, Store};
use crate::postgres::SecurePostgres;

pub(super) fn clock_file(folder: &Path) -> PathBuf {
    folder.join("clock")
}

/// Where assessment's keys of identities are.
pub(super) fn identity_keys(folder: &Path) -> PathBuf {
    folder.join("identities.key")
}

/// Whole or not at all: it is being read meanwhile.
pub(super) fn write_clock(file: &Path, day: &str) {
    let day = day.parse().expect("a day");
    let aside = file.with_extension("new");
    std::fs::write(&aside, niva_base::morning(day).to_rfc3339()).expect("the clock file");
    std::fs::rename(aside, file).expect("the clock file");
}

/// Whose the databases are.
pub(super) enum Databases {
    /// The world's: they go when it goes.
    Own(Box<[TestDb; 3]>),
    /// On a server that goes when the world goes.
    Secure(#[expect(dead_code, reason = "dropping it ends the server")] SecurePostgres),
    /// Somebody else's, made and migrated.
    Others,
}

impl Databases {
    pub(super) fn own(&self, service: Part) -> &TestDb {
        let Self::Own(own) = self else { panic!("another's database") };
        &own[service as usize]
    }
}

/// What a world stands on before there are services.
pub(super) struct Ground {
    pub(super) urls: [String; 3],
    pub(super) databases: Databases,
    pub(super) issuer: LocalIssuer,
    pub(super) clock: Clock,
    pub(super) folder: tempfile::TempDir,
    /// The services have the machine's clock.
    pub(super) in_real_time: bool,
}

impl Ground {
    pub(super) async fn lay(store: Store) -> Self {
        let database = || async {
            match store {
                Store::Sqlite => TestDb::sqlite().await,
                Store::Postgres => TestDb::postgres().await,
            }
        };
        let databases = [database().await, database().await, database().await];
        let urls = databases.each_ref().map(|database| database.url().to_owned());
        Self::on(urls, Databases::Own(Box::new(databases)))
    }

    /// Whether the services' databases are still empty.
    pub(super) fn migrates(&self) -> bool {
        !matches!(self.databases, Databases::Others)
    }

    pub(super) fn on(urls: [String; 3], databases: Databases) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_clock(&clock_file(folder.path()), "2024-03-01");
        let clock = Clock::file(clock_file(folder.path())).expect("the clock");
        let issuer = LocalIssuer::open_or_create(folder.path()).expect("an issuer");
        Self { urls, databases, issuer, clock, folder, in_real_time: false }
    }
}
