//! The three services with a clock of their own and callers with tokens: in one process, or as three.

mod ground;
mod memory;
mod processes;

use std::{path::Path, time::Duration};

use niva_access::{Caller, LocalIssuer};
use niva_base::Clock;
use niva_models::Catalogue;
use niva_proto::{
    assessment::v1::{self as assessment, WatchAssessmentRequest},
    choice::v1::{self as choice, GetFeedStatusRequest, WatchChoiceRequest},
    common::v1::FeedStatus,
    payment::v1::{self as payment, Clients as PaymentClients},
};
use niva_rpc::bounded_client;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_store::Database;
use niva_testing::TestAuthority;

use crate::postgres::SecurePostgres;

pub use crate::patience::look_again;
use ground::{Databases, Ground, clock_file, identity_keys, write_clock};
pub use niva_access::Role;

/// Longer than anything here takes on a busy machine; only a hang gets there.
const HANG: Duration = Duration::from_secs(60);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// SQLite in a temporary folder.
    Sqlite,
    /// The PostgreSQL that `tests/run` started.
    Postgres,
}

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// assessment
    Assessment,
    /// choice
    Choice,
    /// payment
    Payment,
}

impl Part {
    /// All, in the order that data flows.
    pub const ALL: [Self; 3] = [Self::Assessment, Self::Choice, Self::Payment];

    /// The name of its role.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Assessment => "assessment",
            Self::Choice => "choice",
            Self::Payment => "payment",
        }
    }
}

/// Where the three run.
enum Place {
    Memory(Box<memory::Memory>),
    Processes(Box<processes::Processes>),
}

/// The three services, empty at first; a city to itself.
pub struct World {
    place: Place,
    urls: [String; 3],
    databases: Databases,
    issuer: LocalIssuer,
    clock: Clock,
    folder: tempfile::TempDir,
}

impl World {
    /// In this process, over memory.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn memory(store: Store) -> Self {
        let ground = Ground::lay(store).await;
        let place = memory::Memory::start(&ground).await;
        Self::on(ground, Place::Memory(Box::new(place)))
    }

    /// As three processes, over TCP.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn processes(store: Store) -> Self {
        Self::processes_with(store, &[]).await
    }

    /// As three processes with more arguments.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn processes_with(store: Store, more: &[String]) -> Self {
        Self::of_processes(Ground::lay(store).await, more, None).await
    }

    /// As three processes by the machine's clock, which costs a service nothing to look at.
    pub async fn in_real_time(store: Store) -> Self {
        Self::of_processes(Ground { in_real_time: true, ..Ground::lay(store).await }, &[], None).await
    }

    /// As three processes on databases that somebody else has made and migrated, and drops.
    pub async fn processes_on(urls: [String; 3]) -> Self {
        Self::of_processes(Ground::on(urls, Databases::Others), &[], None).await
    }

    /// As three processes that know each other by certificates, on a PostgreSQL that is reached by TLS alone.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn secured() -> Self {
        Self::secured_by(TestAuthority::new(), [const { Vec::new() }; 3]).await
    }

    /// The same, by certificates of that authority, each service with more arguments.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub async fn secured_by(authority: TestAuthority, more: [Vec<String>; 3]) -> Self {
        let server = SecurePostgres::start(&authority).await;
        let urls = Part::ALL.map(|service| server.database(service.name()));
        let ground = Ground::on(urls, Databases::Secure(server));
        let secured = processes::Secured::new(authority, more);
        Self::of_processes(ground, &[], Some(secured)).await
    }

    /// Who signs the certificates of [`World::secured`]: a test may have one renewed.
    ///
    /// # Panics
    /// When it is another world.
    #[must_use]
    pub fn authority(&self) -> &TestAuthority {
        match &self.place {
            Place::Processes(place) => place.authority().expect("a secured world"),
            Place::Memory(_) => panic!("a secured world"),
        }
    }

    async fn of_processes(ground: Ground, more: &[String], secured: Option<processes::Secured>) -> Self {
        let place = processes::Processes::start(&ground, more, secured).await;
        Self::on(ground, Place::Processes(Box::new(place)))
    }

    fn on(ground: Ground, place: Place) -> Self {
        let Ground { urls, databases, issuer, clock, folder, .. } = ground;
        Self { place, urls, databases, issuer, clock, folder }
    }

    /// Sets everybody's clock to nine in the morning of a day.
    ///
    /// # Panics
    /// When the clock file cannot be written.
    pub fn set_day(&self, day: &str) {
        write_clock(&clock_file(self.folder.path()), day);
    }

    /// The clock of all.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Makes tokens that all of them trust.
    #[must_use]
    pub fn issuer(&self) -> &LocalIssuer {
        &self.issuer
    }

    /// Where the issuer's key and the clock are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A service's database: for faults, never to look into.
    ///
    /// # Panics
    /// When it is somebody else's.
    #[must_use]
    pub fn database(&self, part: Part) -> &Database {
        self.databases.own(part).db()
    }

    /// A service's database by its URL.
    #[must_use]
    pub fn database_url(&self, part: Part) -> &str {
        &self.urls[part as usize]
    }

    /// Where a service is.
    #[must_use]
    pub fn endpoint(&self, part: Part) -> Endpoint {
        match &self.place {
            Place::Memory(place) => place.endpoint(part),
            Place::Processes(place) => place.endpoint(part),
        }
    }

    /// Where a service listens, as another program calls it: `127.0.0.1:7401`. `None` in one process.
    #[must_use]
    pub fn address(&self, part: Part) -> Option<String> {
        match &self.place {
            Place::Memory(_) => None,
            Place::Processes(place) => place.address(part).split("://").nth(1).map(str::to_owned),
        }
    }

    /// The most memory that a service's process has had resident so far, in bytes.
    ///
    /// # Panics
    /// In one process, where nobody can tell them apart; where the system does not tell.
    #[must_use]
    pub fn peak_memory(&self, part: Part) -> u64 {
        match &self.place {
            Place::Memory(_) => panic!("the three share one process"),
            Place::Processes(place) => place.peak_memory(part),
        }
    }

    /// A channel with credentials.
    #[must_use]
    pub fn channel(&self, part: Part, credentials: Credentials) -> Channel {
        self.endpoint(part).channel(credentials)
    }

    /// A channel as somebody with a role.
    #[must_use]
    pub fn channel_with(&self, part: Part, role: Role) -> Channel {
        self.channel_as(part, role.as_str(), &[role])
    }

    fn channel_as(&self, part: Part, subject: &str, roles: &[Role]) -> Channel {
        let caller = Caller::new(subject, roles.iter().copied());
        self.channel(part, Credentials::minted(&self.issuer, caller))
    }

    /// Assessment, as somebody with a role.
    #[must_use]
    pub fn assessment(&self, role: Role) -> assessment::Clients<Channel> {
        bounded_client!(assessment::Clients::new(self.channel_as(Part::Assessment, role.as_str(), &[role])))
    }

    /// Choice, as somebody with a role.
    #[must_use]
    pub fn choice(&self, role: Role) -> choice::Clients<Channel> {
        bounded_client!(choice::Clients::new(self.channel_as(Part::Choice, role.as_str(), &[role])))
    }

    /// Payment, as somebody with a role.
    #[must_use]
    pub fn payment(&self, role: Role) -> PaymentClients<Channel> {
        self.payment_as(role.as_str(), &[role])
    }

    /// Payment, as a certain person.
    #[must_use]
    pub fn payment_as(&self, subject: &str, roles: &[Role]) -> PaymentClients<Channel> {
        bounded_client!(PaymentClients::new(self.channel_as(Part::Payment, subject, roles)))
    }

    /// Kills a service as a power cut would (a process), or stops it (in this process), and starts it again.
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn restart(&mut self, part: Part) {
        self.halt(part).await;
        self.resume(part).await;
    }

    /// The first half of [`World::restart`].
    ///
    /// # Panics
    /// When it does not stop.
    pub async fn halt(&mut self, part: Part) {
        match &mut self.place {
            Place::Memory(place) => place.halt(part).await,
            Place::Processes(place) => place.halt(part).await,
        }
    }

    /// The second half of [`World::restart`].
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn resume(&mut self, part: Part) {
        match &mut self.place {
            Place::Memory(place) => place.resume(part).await,
            Place::Processes(place) => place.resume(part).await,
        }
    }

    /// Stops all of them, and starts them again with other models.
    ///
    /// # Panics
    /// When one does not stop or come back, and where the three are processes.
    pub async fn load_models(&mut self, catalogue: Catalogue) {
        match &mut self.place {
            Place::Memory(place) => place.load_models(catalogue).await,
            Place::Processes(_) => panic!("processes load models from their files"),
        }
    }

    /// Newest positions of assessment's and choice's feeds.
    ///
    /// # Panics
    /// When a feed cannot be read.
    pub async fn newest_positions(&self) -> (i64, i64) {
        let watch = WatchAssessmentRequest { after_position: 0 };
        let mut feed = self
            .assessment(Role::FeedReader)
            .feed
            .watch_assessment(watch)
            .await
            .expect("a feed")
            .into_inner();
        let assessment = feed.message().await.expect("a message").expect("a message").newest_position;
        let watch = WatchChoiceRequest { after_position: 0 };
        let mut feed =
            self.choice(Role::FeedReader).feed.watch_choice(watch).await.expect("a feed").into_inner();
        let choice = feed.message().await.expect("a message").expect("a message").newest_position;
        (assessment, choice)
    }

    /// How far choice has applied assessment.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn choice_feed(&self) -> FeedStatus {
        let answer = self.choice(Role::FeedReader).feed.get_feed_status(GetFeedStatusRequest {}).await;
        named(answer.expect("feed status").into_inner().feeds, "assessment")
    }

    /// How far payment has applied assessment and choice.
    ///
    /// # Panics
    /// When it does not answer.
    async fn payment_feeds(&self) -> (FeedStatus, FeedStatus) {
        let answer =
            self.payment(Role::Importer).feed.get_feed_status(payment::GetFeedStatusRequest {}).await;
        let feeds = answer.expect("feed status").into_inner().feeds;
        (named(feeds.clone(), "assessment"), named(feeds, "choice"))
    }

    /// Waits until everything that was told has been heard.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn feeds_caught_up(&self) {
        let (assessment, choice) = self.newest_positions().await;
        let caught_up = tokio::time::timeout(HANG, async {
            loop {
                let heard = self.choice_feed().await;
                let (levels, placements) = self.payment_feeds().await;
                let all = [(heard, assessment), (levels, assessment), (placements, choice)];
                // One that was just started may know all, and not yet know that this is all.
                if all.iter().all(|(feed, newest)| feed.connected && feed.applied_position >= *newest) {
                    return;
                }
                look_again().await;
            }
        });
        if caught_up.await.is_err() {
            let (choice, payment) = (self.choice_feed().await, self.payment_feeds().await);
            panic!("the feeds do not catch up: choice {choice:?}, payment {payment:?}");
        }
    }

    /// Ends it, and sees that nothing hangs.
    ///
    /// # Panics
    /// When something hangs.
    pub async fn close(self) {
        match self.place {
            Place::Memory(place) => place.close().await,
            Place::Processes(place) => place.close().await,
        }
    }
}

fn named(feeds: Vec<FeedStatus>, name: &str) -> FeedStatus {
    let names: Vec<String> = feeds.iter().map(|feed| feed.feed.clone()).collect();
    feeds
        .into_iter()
        .find(|feed| feed.feed == name)
        .unwrap_or_else(|| panic!("no feed {name} among {names:?}"))
}
