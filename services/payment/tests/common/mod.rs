//! A payment service on a database of its own, and callers of every kind.

pub(crate) mod city;
pub(crate) mod history;
pub(crate) mod orders;
pub(crate) mod producers;
pub(crate) mod records;
pub(crate) mod steps;
pub(crate) mod teller;
pub(crate) mod told;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use niva_access::{Caller, Role};
use niva_base::{Clock, OpError};
use niva_calendar::{Month, NaiveDate};
use niva_models::Catalogue;
use niva_payment::{ClaimRules, Deps, Mapping, Migrator, Payers, Started, Tuning};
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1::ChoiceFeedEvent;
use niva_proto::common::v1 as wire;
use niva_proto::payment::v1 as pb;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::Running;
use niva_store::Database;
use niva_testing::requests::payment as requests;
use niva_testing::values::{new_request, staff_of};
use niva_testing::{TestDb, TestPart, city as stockholm, models};

use tokio_util::sync::CancellationToken;
use tonic::Status;

pub(crate) use niva_testing::values::{day, reason};

pub(crate) type Client = pb::Clients<Channel>;

/// A running service. Stops serving when dropped.
pub(crate) struct World {
    pub(crate) db: Database,
    pub(crate) service: Option<Started>,
    running: Option<Running>,
    part: TestPart,
}

impl std::ops::Deref for World {
    type Target = TestPart;

    fn deref(&self) -> &TestPart {
        &self.part
    }
}

/// How a service is started.
pub(crate) struct Start {
    pub(crate) today: NaiveDate,
    pub(crate) opening: Option<Month>,
    pub(crate) cases_per_part: u32,
    pub(crate) catalogue: Catalogue,
    /// What assessment and choice tell; nothing, in most tests, which apply events themselves.
    pub(crate) producers: Option<producers::Feeds>,
    /// Where lines are booked; nowhere, in most tests.
    pub(crate) postings: Option<Mapping>,
    /// Who pays.
    pub(crate) payers: Payers,
    /// Where files are put; nowhere, in most tests.
    pub(crate) exports: Option<PathBuf>,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            today: day(2024, 4, 2),
            opening: None,
            cases_per_part: 5_000,
            catalogue: Catalogue::shipped().unwrap(),
            producers: None,
            postings: None,
            payers: Payers::shipped().unwrap(),
            exports: None,
        }
    }
}

impl World {
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::start(db, Start::default()).await
    }

    pub(crate) async fn start(db: &TestDb, start: Start) -> Self {
        db.migrate::<Migrator>().await.unwrap();
        // A pool of its own, as a process has: what it leaves behind when it is stopped goes with it.
        let own = Database::connect(db.url()).await.unwrap();
        let epoch: DateTime<Utc> = "2024-01-01T08:00:00Z".parse().unwrap();
        let part = TestPart::at(epoch);
        part.clock.advance_to(start.today);
        let producers = start.producers.unwrap_or_default().serve(&part).await;
        let reader = Caller::new("payment", [Role::FeedReader]);
        let producer = || producers.channel(part.credentials(reader.clone()));
        let deps = Deps {
            db: own.clone(),
            clock: part.now.clone(),
            city: stockholm(),
            catalogue: start.catalogue.into(),
            assessment: producer(),
            choice: producer(),
            opening_month: start.opening,
            claims: ClaimRules::shipped().unwrap(),
            postings: start.postings.map(Into::into),
            payers: start.payers.into(),
            exports: start.exports,
            retention: niva_retention::Retention::shipped().unwrap().into(),
        };
        let tuning = Tuning { cases_per_part: start.cases_per_part };
        let service = niva_payment::start_with(deps, tuning, part.shutdown.clone()).await.unwrap();
        for feed in [niva_payment::feed::ASSESSMENT, niva_payment::feed::CHOICE] {
            let mut status = service.consumer(feed).unwrap().watch();
            status.wait_for(|status| status.connected || status.last_error.is_some()).await.unwrap();
        }
        let running = part
            .serve("payment", service.routes.clone(), niva_payment::policy(), service.audit.clone())
            .await;
        Self { db: own, service: Some(service), running: Some(running), part }
    }

    /// Ends the service where it is: whatever it was doing is dropped in the middle.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        if let Some(running) = self.running.take() {
            running.finished().await;
        }
        if let Some(service) = self.service.take() {
            service.finished().await;
        }
        self.db.close().await;
    }

    pub(crate) fn by(&self, caller: Caller) -> Client {
        Client::new(self.channel(caller))
    }

    pub(crate) fn maker(&self) -> Client {
        self.by(Caller::new("maker", [Role::FinanceMaker]))
    }

    pub(crate) fn approver(&self) -> Client {
        self.by(Caller::new("run-approver", [Role::FinanceApprover]))
    }

    pub(crate) fn provider(&self, provider: &str) -> Client {
        self.by(staff_of(&format!("staff of {provider}"), provider))
    }

    /// A new request id.
    pub(crate) fn request(&self) -> String {
        new_request()
    }

    pub(crate) async fn assessed(&self, events: &[AssessmentFeedEvent]) {
        let now = self.now.now();
        let done: Result<(), OpError> = self
            .db
            .write(|tx| Box::pin(async move { niva_payment::feed::apply_assessment(tx, events, now).await }))
            .await;
        done.unwrap();
    }

    pub(crate) async fn chosen(&self, events: &[ChoiceFeedEvent]) {
        let now = self.now.now();
        let done: Result<(), OpError> = self
            .db
            .write(|tx| Box::pin(async move { niva_payment::feed::apply_choice(tx, events, now).await }))
            .await;
        done.unwrap();
    }

    pub(crate) async fn create(&self, year: i32, month: i32) -> Result<pb::PaymentRun, Status> {
        let request = requests::create_run(wire::Month { year, month });
        Ok(self.maker().runs.create_payment_run(request).await?.into_inner().payment_run.unwrap())
    }

    pub(crate) async fn preview(&self, year: i32, month: i32) -> Result<pb::PaymentRun, Status> {
        let request = requests::create_run(wire::Month { year, month });
        let request = pb::CreatePaymentRunRequest { validate_only: true, ..request };
        Ok(self.maker().runs.create_payment_run(request).await?.into_inner().payment_run.unwrap())
    }

    /// The run when it is no longer being calculated.
    pub(crate) async fn settled(&self, id: &str) -> pb::PaymentRun {
        requests::settled(&self.maker(), id).await
    }

    /// Makes a run and waits until it is calculated.
    pub(crate) async fn calculated(&self, year: i32, month: i32) -> pb::PaymentRun {
        let run = self.create(year, month).await.unwrap();
        let run = self.settled(&run.payment_run_id).await;
        assert_eq!(run.state(), pb::payment_run::State::Calculated, "{:?}", run.job);
        run
    }

    pub(crate) async fn approve(&self, run: &pb::PaymentRun) -> Result<pb::PaymentRun, Status> {
        let request = requests::approve_run(run);
        Ok(self.approver().runs.approve_payment_run(request).await?.into_inner().payment_run.unwrap())
    }

    pub(crate) async fn discard(&self, run: &pb::PaymentRun) -> Result<pb::PaymentRun, Status> {
        let request = requests::discard_run(&run.payment_run_id);
        Ok(self.maker().runs.discard_payment_run(request).await?.into_inner().payment_run.unwrap())
    }

    /// Calculates a run again.
    pub(crate) async fn repeat(&self, run: &pb::PaymentRun) -> Result<pb::RepeatPaymentRunResponse, Status> {
        let request = pb::RepeatPaymentRunRequest { payment_run_id: run.payment_run_id.clone() };
        Ok(self.maker().runs.repeat_payment_run(request).await?.into_inner())
    }

    /// Calculates and approves a run.
    pub(crate) async fn paid(&self, year: i32, month: i32) -> pb::PaymentRun {
        let run = self.calculated(year, month).await;
        self.approve(&run).await.unwrap()
    }

    pub(crate) async fn lines(&self, run: &pb::PaymentRun) -> Vec<pb::PaymentLine> {
        self.lines_in_pages(run, 7).await
    }

    pub(crate) async fn lines_in_pages(&self, run: &pb::PaymentRun, page_size: i32) -> Vec<pb::PaymentLine> {
        requests::lines(&self.maker(), &run.payment_run_id, page_size).await
    }

    pub(crate) async fn holds(&self, run: &pb::PaymentRun) -> Vec<pb::PaymentHold> {
        requests::holds(&self.maker(), &run.payment_run_id, 3).await
    }

    pub(crate) async fn explain(&self, line: &pb::PaymentLine) -> pb::ExplainPaymentLineResponse {
        let request = requests::explain(&line.payment_line_id);
        self.maker().lines.explain_payment_line(request).await.unwrap().into_inner()
    }
}

/// Starts the service on a database as it is.
pub(crate) async fn unmigrated(db: &TestDb) -> Result<Started, niva_payment::StartError> {
    let nobody = || Endpoint::Memory(MemoryConnector::new()).channel(Credentials::none());
    let deps = Deps {
        db: db.db().clone(),
        clock: Clock::system(),
        city: stockholm(),
        catalogue: models(),
        assessment: nobody(),
        choice: nobody(),
        opening_month: None,
        claims: ClaimRules::shipped().unwrap(),
        postings: None,
        payers: Payers::default().into(),
        exports: None,
        retention: niva_retention::Retention::shipped().unwrap().into(),
    };
    niva_payment::start(deps, CancellationToken::new()).await
}

/// Another database of the same kind.
pub(crate) async fn another(db: &TestDb) -> TestDb {
    if db.is_postgres() { TestDb::postgres().await } else { TestDb::sqlite().await }
}

pub(crate) fn ore(money: Option<wire::Money>) -> i64 {
    money.unwrap().ore
}

pub(crate) fn amount(run: &pb::PaymentRun) -> i64 {
    ore(run.control.as_ref().unwrap().amount)
}

/// A line in few words: what, first and last day, quantity, öre.
pub(crate) fn brief(line: &pb::PaymentLine) -> (pb::Component, String, String, i64, i64) {
    let days = line.days.unwrap();
    (line.component(), text(days.first), text(days.last), line.quantity, ore(line.amount))
}

pub(crate) fn text(date: Option<wire::Date>) -> String {
    date.map_or_else(String::new, |d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day))
}
