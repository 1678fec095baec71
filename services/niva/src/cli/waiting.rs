//! Commands that talk: a runtime, telemetry, signals.

use niva_kit::telemetry::{DEFAULT_FILTER, LogFormat, TelemetryConfig, init};

use super::{Command, DemoArgs};
use crate::demo::{self, DemoConfig, Progress};
use crate::failure::{Doing, Failure};
use crate::screen::{show, tell};

/// The demo's own log says little: its steps are told by itself.
const DEMO_FILTER: &str = "warn";

/// Runs a command on a runtime of its own.
pub(super) fn block_on(command: Command) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().doing("start the runtime")?;
    runtime.block_on(run(command))
}

async fn run(command: Command) -> Result<(), Failure> {
    let (service, endpoint, filter) = match &command {
        Command::Demo(args) => ("niva-demo".to_owned(), args.otlp_endpoint.clone(), DEMO_FILTER),
        Command::Serve(args) => {
            (format!("niva-{}", args.role.name()), args.otlp_endpoint.clone(), DEFAULT_FILTER)
        }
        _ => ("niva".to_owned(), None, DEMO_FILTER),
    };
    let log_filter = std::env::var("NIVA_LOG").unwrap_or_else(|_| filter.to_owned());
    let log_format = match std::env::var("NIVA_LOG_FORMAT").as_deref() {
        Err(_) | Ok("text") => LogFormat::Text,
        Ok("json") => LogFormat::Json,
        Ok(other) => {
            return Err(Failure::configuration(format_args!(
                "NIVA_LOG_FORMAT is `{other}`: one of text, json"
            )));
        }
    };
    let config = TelemetryConfig { service, otlp_endpoint: endpoint, log_format, log_filter };
    let telemetry = init(&config).map_err(Failure::configuration)?;
    let done = match command {
        Command::Demo(args) => run_demo(args).await,
        Command::Serve(args) => {
            let shutdown = niva_kit::shutdown::on_signals().doing("listen to signals")?;
            crate::serve::run_serve(args, shutdown).await
        }
        Command::Migrate(args) => crate::serve::run_migrate(args).await,
        Command::Import(args) => super::tokens::import(args).await,
        // The rest waits for nobody and was run before.
        _ => Ok(()),
    };
    telemetry.shutdown().await;
    done
}

async fn run_demo(args: DemoArgs) -> Result<(), Failure> {
    let shutdown = niva_kit::shutdown::on_signals().doing("listen to signals")?;
    let config = DemoConfig {
        data: args.data,
        database_url: args.database_url,
        city: args.city,
        models: args.models,
        listen: (!args.once).then_some(args.listen),
    };
    let progress = Progress::told(!args.json);
    let demo = tokio::select! {
        demo = demo::perform(&config, &progress) => demo?,
        () = shutdown.cancelled() => return Err(Failure::failed("interrupted; run it again to go on")),
    };
    if args.json {
        show(serde_json::to_string_pretty(&demo.summary).doing("write the summary")?);
    } else {
        show(demo::report(&demo.summary));
    }
    if !args.once {
        tell(demo.invitation());
        shutdown.cancelled().await;
    }
    demo.stop().await;
    Ok(())
}
