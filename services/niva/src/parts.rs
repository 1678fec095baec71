//! The parts that can be served. Another one is a line more in [`PARTS`].

use clap::{ArgMatches, Args, FromArgMatches};
use futures_util::future::BoxFuture;
use niva_base::OpError;
use niva_config::Part;
use niva_names::PaymentLineId;
use niva_store::{Database, DbError};

use crate::failure::{Doing, Failure};
use crate::ready;
use crate::runtime;
use crate::screen::show;
use crate::watch::{self, Findings};

/// Every part, in the order that data flows.
pub(crate) static PARTS: [Registered; 3] = [
    Registered::of::<niva_assessment::Config>(),
    Registered::of::<niva_choice::Config>(),
    Registered::of::<niva_payment::Config>(),
];

/// What is kept under an id, in words.
type Explained<'a> = BoxFuture<'a, Result<Option<Vec<String>>, OpError>>;

/// What the command line can do with a part.
pub(crate) struct Registered {
    /// `assessment`.
    pub(crate) name: &'static str,
    about: &'static str,
    port: u16,
    options: fn(clap::Command) -> clap::Command,
    /// Serves it by its options, until a signal.
    pub(crate) serve: fn(&ArgMatches) -> Result<(), Failure>,
    /// Brings its database up to date.
    pub(crate) migrate: fn(&Database) -> BoxFuture<'_, Result<(), DbError>>,
    /// What in its database is not as it was written, in words.
    pub(crate) verify: fn(&Database) -> Findings<'_>,
    /// What its database keeps under an id, explained.
    pub(crate) explain: for<'a> fn(&'a Database, &'a PaymentLineId) -> Explained<'a>,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Registered {
    const fn of<P: Part>() -> Self {
        Self {
            name: P::NAME,
            about: P::ABOUT,
            port: P::PORT,
            options: P::Options::augment_args,
            serve: serve::<P>,
            migrate: |db| Box::pin(P::migrate(db)),
            verify: |db| Box::pin(P::verify(db)),
            explain: |db, id| Box::pin(P::explain(db, id)),
        }
    }

    /// Its own command line.
    pub(crate) fn command(&self) -> clap::Command {
        let about = format!("{} (127.0.0.1:{})", self.about, self.port);
        (self.options)(clap::Command::new(self.name)).about(about)
    }
}

/// Everything that can be wrong with the configuration is found before it listens.
fn serve<P: Part>(matches: &ArgMatches) -> Result<(), Failure> {
    let options = P::Options::from_arg_matches(matches).map_err(Failure::configuration)?;
    let part = P::check(&options).map_err(Failure::configuration)?;
    let ground = part.ground().clone();
    runtime::block_on(&ground.telemetry, async {
        let shutdown = niva_base::shutdown::on_signals().doing("listen to signals")?;
        let keys = ground.begin(&shutdown).await.doing("ask the issuer for its keys")?;
        let db = Database::connect(&ground.database_url).await.map_err(Failure::configuration)?;
        let there = ready::database(db.clone(), shutdown.clone());
        let served = part.start(db, shutdown.clone()).await.doing(format_args!("start {}", P::NAME))?;
        let mut server = served
            .server(&ground.trust.verifier)
            .feed_readers(ground.feed_readers.clone())
            .reflection(ground.reflection)
            .watched(ready::DATABASE, there);
        if let Some(keys) = keys {
            server = server.watched(ready::KEYS, keys);
        }
        if let Some(every) = ground.verify_every {
            let (name, url) = (P::NAME, ground.database_url.clone());
            let state = watch::start(name, |db| Box::pin(P::verify(db)), url, every, shutdown.clone());
            server = server.watched(watch::HEALTH, state);
        }
        let running =
            server.start(ground.listen(), shutdown).await.doing(format_args!("serve {}", P::NAME))?;
        if let Some(bound) = running.address() {
            // Whoever asked for a free port must learn which it is.
            show(format_args!("niva {} listens on {bound}", P::NAME));
        }
        running.finished().await;
        served.finished().await;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use niva_config::Part;

    use super::PARTS;

    #[test]
    fn methods_that_may_take_long_are_in_the_contract() {
        let slow = [niva_assessment::Config::SLOW, niva_choice::Config::SLOW, niva_payment::Config::SLOW];
        for (path, _) in slow.concat() {
            assert!(niva_proto::METHODS.iter().any(|method| method.path == path), "{path}");
        }
    }

    #[test]
    fn each_part_has_a_name_and_a_port_of_its_own() {
        let known = PARTS.each_ref().map(|part| (part.name, part.port));
        assert_eq!(known, [("assessment", 7401), ("choice", 7402), ("payment", 7403)]);
    }

    #[test]
    fn each_part_has_a_sound_command_line() {
        for part in &PARTS {
            part.command().debug_assert();
        }
    }
}
