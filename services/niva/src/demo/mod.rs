//! The demo: the main job on a whole city, in one process, by calls over RPC. Every changing call has a request id that
//! follows from the city alone, so that the demo can be cut short anywhere and run again.

mod corrections;
mod databases;
mod dates;
mod files;
mod late;
mod newcomers;
mod options;
mod plans;
mod progress;
mod report;
mod runs;
mod scores;
mod summary;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;

use niva_access::Role;
use niva_models::{Catalogue, Outcome};
use niva_proto::assessment::v1::ListPersonsRequest;

use options::Config;
pub(crate) use options::Options;
use progress::Progress;
use report::report;
use summary::{City, Feeds, Models, Summary};

use crate::failure::{Asked, Doing, Failure};
use crate::runtime;
use crate::screen::{count, kronor, show, tell};
use newcomers::Newcomers;
use niva_city::{CityData, Source, import};
use niva_money::Ore;
use runs::Paid;
use world::World;

/// `niva demo`.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let config = options.check().map_err(Failure::configuration)?;
    runtime::block_on(&config.telemetry, demonstrate(&config))
}

async fn demonstrate(config: &Config) -> Result<(), Failure> {
    let shutdown = niva_base::shutdown::on_signals().doing("listen to signals")?;
    let progress = Progress::told(!config.json);
    let demo = tokio::select! {
        demo = perform(config, &progress) => demo?,
        () = shutdown.cancelled() => return Err(Failure::failed("interrupted; run it again to go on")),
    };
    if config.json {
        show(serde_json::to_string_pretty(&demo.summary).doing("write the summary")?);
    } else {
        show(report(&demo.summary));
    }
    if !config.once {
        tell(demo.invitation());
        shutdown.cancelled().await;
    }
    demo.stop().await;
    Ok(())
}

/// A demo that is done and still serves.
struct Demo {
    /// What it did.
    summary: Summary,
    /// Addresses of assessment, choice and payment, where it serves over TCP.
    addresses: Vec<SocketAddr>,
    data: PathBuf,
    world: World,
}

impl Demo {
    /// What can be done with it now, in words.
    fn invitation(&self) -> String {
        let names = ["assessment", "choice", "payment"];
        let served: Vec<String> = names
            .iter()
            .zip(&self.addresses)
            .map(|(name, address)| format!("  {name:<10} {address}"))
            .collect();
        format!(
            "\nServing gRPC with health and reflection until Ctrl-C; the demo's clock stands still.\n{}\n  A token: niva token \
             --subject me --role auditor --issuer-dir {}",
            served.join("\n"),
            self.data.display(),
        )
    }

    /// Stops serving.
    async fn stop(self) {
        self.world.stop().await;
    }
}

/// Runs the demo, and leaves it serving.
async fn perform(config: &Config, progress: &Progress) -> Result<Demo, Failure> {
    progress.begin("Load and check the compensation models");
    let models = models(&config.catalogue);
    progress.done(format_args!(
        "{} compensation models; {} identities of the published figures checked, {} off",
        models.loaded, models.identities, models.identities_off
    ));
    let source = config.files.as_deref().map_or(Source::Shipped, Source::Folder);
    let data = niva_city::read(source, &config.catalogue.services).map_err(Failure::failed)?;
    world::prepare(&config.data)?;

    progress.begin("Start assessment, choice and payment");
    let mut world = World::start(config).await?;
    let addresses = if config.once { Vec::new() } else { world.bind(config.listen).await? };
    progress.done(format_args!(
        "assessment, choice and payment run in this process, data in {}",
        config.data.display()
    ));
    let summary =
        Steps { config, progress, world: &world, data: &data, prefix: prefix(&data) }.all(models).await?;
    Ok(Demo { summary, addresses, data: config.data.clone(), world })
}

/// Begins every request id of the demo.
fn prefix(data: &CityData) -> String {
    format!("demo-{}", data.fingerprint.get(..16).unwrap_or(&data.fingerprint))
}

fn models(catalogue: &Catalogue) -> Models {
    let report = catalogue.check();
    Models {
        loaded: catalogue.models.len(),
        identities: report.checks.len(),
        identities_off: report.checks.iter().filter(|c| c.outcome == Outcome::Off).count(),
        fingerprint: catalogue.fingerprint.clone(),
    }
}

struct Steps<'a> {
    config: &'a Config,
    progress: &'a Progress,
    world: &'a World,
    data: &'a CityData,
    prefix: String,
}

impl Steps<'_> {
    async fn all(&self, models: Models) -> Result<Summary, Failure> {
        let found_data = self.found_data().await?;
        if found_data {
            self.progress
                .done("there is data from an earlier demo: every step is asked for again, and done once");
        }
        let mut imported = self.import_city().await?;
        let mut newcomers = self.newcomers().await?;

        self.world.now_is(dates::pays_march());
        self.progress.begin("Attendance of March arrives");
        let importer = self.world.importer();
        import::payment_has_caught_up(&importer).await.map_err(Failure::failed)?;
        let attendance = import::into_payment(&importer, self.data).await.map_err(Failure::failed)?;
        newcomers.attend(self.world).await?;
        imported.attendance = attendance.records;
        self.progress.done(format_args!(
            "{}: attendance of March arrives, {} weekly schedules and occasions",
            dates::pays_march(),
            attendance.records
        ));
        let march = self.pay(dates::march()).await?;

        self.world.now_is(dates::late_facts());
        self.progress.begin("Facts arrive late");
        let late = late::arrive(self.world, self.data, &mut newcomers, &self.prefix).await?;
        import::payment_has_caught_up(&importer).await.map_err(Failure::failed)?;
        self.progress.done(format_args!(
            "{}: {} facts about March arrive late",
            dates::late_facts(),
            late.len()
        ));

        self.world.now_is(dates::pays_april());
        let april = self.pay(dates::april()).await?;
        self.progress.begin("Check that corrections net out");
        let corrections = corrections::corrections(self.world, self.data, &late, [&march, &april]).await?;
        self.progress.done(format_args!(
            "{} placements corrected; for each, paid = owed by CalculateCompensation",
            corrections.len()
        ));
        let providers = runs::provider_names(self.world).await?;
        let runs = [&march, &april].map(|paid| paid.summary(self.config, &providers));
        let [march_run, april_run] = runs;
        let paid = |placement: &str| -> i64 {
            let all = march.lines.iter().chain(&april.lines).filter(|l| l.placement_id == placement);
            all.map(|l| crate::wire::ore(l.amount).0).sum()
        };
        Ok(Summary {
            found_data,
            models,
            city: imported,
            newcomers: newcomers.summary(paid),
            runs: vec![march_run?, april_run?],
            corrections,
            explained: corrections::explained(self.world, &late, &april).await?,
            feeds: Feeds {
                assessment: import::assessment_position(&importer).await.map_err(Failure::failed)?,
                choice: import::choice_position(&importer).await.map_err(Failure::failed)?,
            },
        })
    }

    async fn found_data(&self) -> Result<bool, Failure> {
        let auditor = self.world.caller("auditor", Role::Auditor);
        let request = ListPersonsRequest { page_size: 1, ..ListPersonsRequest::default() };
        Ok(!auditor
            .assessment
            .persons
            .clone()
            .list_persons(request)
            .await
            .to("look for data")?
            .persons
            .is_empty())
    }

    async fn import_city(&self) -> Result<City, Failure> {
        let importer = self.world.importer();
        self.progress.begin("Import persons, grants and measurements");
        import::into_assessment(&importer, self.data).await.map_err(Failure::failed)?;
        let rows = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (persons, grants) = (rows(self.data.persons.len()), rows(self.data.grants.len()));
        let measurements = rows(self.data.measurements.len());
        self.progress.done(format_args!(
            "{} persons, {} grants and {} measurements (counts published or reconstructed, people invented)",
            count(persons),
            count(grants),
            count(measurements)
        ));
        self.progress.begin("Import providers, units and placements");
        import::choice_has_caught_up(&importer).await.map_err(Failure::failed)?;
        import::into_choice(&importer, self.data).await.map_err(Failure::failed)?;
        let (providers, units) = (rows(self.data.providers.len()), rows(self.data.units.len()));
        let placements = rows(self.data.placements.len());
        self.progress.done(format_args!(
            "{} providers, {} units and {} placements (invented)",
            count(providers),
            count(units),
            count(placements)
        ));
        Ok(City {
            name: self.world.city.city.clone(),
            fingerprint: self.data.fingerprint.clone(),
            persons,
            grants,
            measurements,
            providers,
            units,
            placements,
            attendance: 0,
        })
    }

    async fn newcomers(&self) -> Result<Newcomers, Failure> {
        self.progress.begin("New people are granted, measured and offered places");
        let mut newcomers = Newcomers::arrive(self.world, self.progress, &self.prefix).await?;
        self.progress.done(format_args!(
            "{}: {} new people granted, measured item by item and offered a place, to be answered by {}",
            dates::day0(),
            newcomers.len(),
            newcomers.answer_by(),
        ));
        self.world.now_is(dates::answers());
        newcomers.answer().await?;
        self.progress.done(format_args!("{}: {}", dates::answers(), newcomers.answers()));
        self.world.now_is(dates::lapses());
        newcomers.lapse().await?;
        self.progress.done(format_args!("{}: the offer that nobody answered has lapsed", dates::lapses()));
        self.world.now_is(dates::starts());
        newcomers.start().await?;
        self.progress.done(format_args!("{}: those who said yes have started", dates::starts()));
        Ok(newcomers)
    }

    async fn pay(&self, month: niva_calendar::Month) -> Result<Paid, Failure> {
        self.progress.begin(&format!("Payment run of {month}"));
        let paid = runs::pay(self.world, self.progress, month, &self.prefix).await?;
        let control = paid.run.control.clone().unwrap_or_default();
        self.progress.done(format_args!(
            "run {}: {} placements, {} lines, {}, holds: {}; made by {}, approved by {}",
            paid.run.payment_run_id,
            count(control.placements),
            count(control.lines),
            kronor(Ore(control.amount.unwrap_or_default().ore)),
            control.holds,
            paid.run.maker,
            paid.run.approver,
        ));
        Ok(paid)
    }
}
