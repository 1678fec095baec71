//! A database a service: files in the data folder, or three databases on one PostgreSQL server.

use niva_kit::Database;
use sea_orm::ConnectionTrait;

use super::Options;
use crate::failure::{Doing, Failure};
use crate::serve::Role;

/// Opens a service's database, and makes it where it is missing.
pub(super) async fn open(config: &Options, role: Role) -> Result<Database, Failure> {
    let Some(url) = &config.database_url else {
        let file = config.data.join(format!("{}.db", role.name()));
        let url = format!("sqlite://{}?mode=rwc", file.display());
        return Database::connect(&url).await.doing(format_args!("open {}", file.display()));
    };
    let (server, name, options) = parts(url)?;
    let name = format!("{name}_{}", role.name());
    let own = format!("{server}/{name}{options}");
    match Database::connect(&own).await {
        Ok(db) => Ok(db),
        Err(_) => {
            create(&format!("{server}/postgres{options}"), &name).await?;
            Database::connect(&own).await.doing(format_args!("connect to the database {name}"))
        }
    }
}

/// `postgres://USER@HOST:PORT`, `NAME` and `?OPTIONS` of a URL.
fn parts(url: &str) -> Result<(&str, &str, &str), Failure> {
    let wrong = || {
        Failure::configuration(
            "the demo's database URL must be postgres://USER@HOST:PORT/NAME; leave it out for files in the data folder",
        )
    };
    let (base, options) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let (server, name) = base.rsplit_once('/').ok_or_else(wrong)?;
    let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let postgres = server.starts_with("postgres://") || server.starts_with("postgresql://");
    if named && postgres && server.matches('/').count() == 2 {
        Ok((server, name, options))
    } else {
        Err(wrong())
    }
}

async fn create(server: &str, name: &str) -> Result<(), Failure> {
    let what = format!("make the database {name}: make it by hand, or give a role that may");
    let db = Database::connect(server).await.doing(&what)?;
    match db.conn().execute_unprepared(&format!("CREATE DATABASE \"{name}\"")).await {
        Ok(_) => Ok(()),
        // Another demo was faster.
        Err(e) if e.to_string().contains("already exists") => Ok(()),
        Err(e) => Err(e).doing(&what),
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_url_is_taken_apart() {
        let found = parts("postgres://niva@127.0.0.1:5432/city?sslmode=disable").unwrap();
        assert_eq!(found, ("postgres://niva@127.0.0.1:5432", "city", "?sslmode=disable"));
        for bad in ["sqlite://a.db", "postgres://niva@host", "postgres://niva@host/", "postgres://h/a;b"] {
            assert!(parts(bad).is_err(), "{bad}");
        }
    }
}
