//! A database a part: files in the data folder, or databases on one PostgreSQL server.

use std::path::PathBuf;

use niva_config::Part;
use niva_store::{Database, Secrets};
use sea_orm::ConnectionTrait;

use crate::failure::{Doing, Failure};

/// Where the databases are.
pub(super) enum Databases {
    /// In a folder.
    Files(PathBuf),
    /// On a server: `postgres://USER@HOST:PORT`, what their names begin with, and `?OPTIONS`.
    Server { server: String, name: String, options: String },
}

impl Databases {
    /// On the server of a URL.
    pub(super) fn on_server(url: &str) -> Result<Self, &'static str> {
        let wrong = "the demo's databases are on postgres://USER@HOST:PORT/NAME; leave it out for files in the data folder";
        let (base, options) = url.find('?').map_or((url, ""), |at| url.split_at(at));
        let (server, name) = base.rsplit_once('/').ok_or(wrong)?;
        let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let postgres = server.starts_with("postgres://") || server.starts_with("postgresql://");
        if !named || !postgres || server.matches('/').count() != 2 {
            return Err(wrong);
        }
        let (server, name, options) = (server.to_owned(), name.to_owned(), options.to_owned());
        Ok(Self::Server { server, name, options })
    }

    /// The database of a part, made where it is missing, and brought up to date.
    pub(super) async fn open<P: Part>(&self) -> Result<Database, Failure> {
        let db = self.connect(P::NAME).await?;
        P::migrate(&db).await.doing(format_args!("migrate the database of {}", P::NAME))?;
        // The demo's people are invented: the same demo makes the same ids everywhere.
        let known = Secrets::make_known(&db).await;
        known.doing(format_args!("give {} its keys", P::NAME))?;
        Ok(db)
    }

    async fn connect(&self, part: &str) -> Result<Database, Failure> {
        let (server, name, options) = match self {
            Self::Files(folder) => {
                let file = folder.join(format!("{part}.db"));
                let url = format!("sqlite://{}?mode=rwc", file.display());
                return Database::connect(&url).await.doing(format_args!("open {}", file.display()));
            }
            Self::Server { server, name, options } => (server, format!("{name}_{part}"), options),
        };
        let own = format!("{server}/{name}{options}");
        match Database::connect(&own).await {
            Ok(db) => Ok(db),
            Err(_) => {
                create(&format!("{server}/postgres{options}"), &name).await?;
                Database::connect(&own).await.doing(format_args!("connect to the database {name}"))
            }
        }
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
    use super::Databases;

    #[test]
    fn a_url_is_taken_apart() {
        let url = "postgres://niva@127.0.0.1:5432/city?sslmode=disable";
        let Ok(Databases::Server { server, name, options }) = Databases::on_server(url) else {
            panic!("not read")
        };
        assert_eq!(
            (server.as_str(), name.as_str(), options.as_str()),
            ("postgres://niva@127.0.0.1:5432", "city", "?sslmode=disable")
        );
        for bad in ["sqlite://a.db", "postgres://niva@host", "postgres://niva@host/", "postgres://h/a;b"] {
            assert!(Databases::on_server(bad).is_err(), "{bad}");
        }
    }
}
