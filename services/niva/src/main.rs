//! One executable: everything in one process by default, or a role by name; and the command line.

mod city;
mod demo;
mod explain;
mod failure;
mod import;
mod migrate;
mod models;
mod parts;
mod quote;
mod ready;
mod runtime;
mod screen;
mod serve;
#[cfg(test)]
mod tests;
mod token;
mod verify;
mod watch;
mod wire;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use failure::Failure;

/// Niva measures how much support people need, places them, and pays providers what the level is worth.
///
/// Without a command it runs the demo: everything in one process on files in `.niva`.
#[derive(Debug, Parser)]
#[command(name = "niva", version)]
struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Option<Command>,
    /// Options of the demo, which is what runs without a command.
    #[command(flatten)]
    demo: demo::Options,
}

impl Cli {
    /// The command: the demo when none is given.
    fn chosen(self) -> Command {
        self.command.unwrap_or(Command::Demo(self.demo))
    }
}

/// A command.
#[derive(Debug, Subcommand)]
enum Command {
    /// Do the main job on a whole city: import, measure, place, pay, correct; then serve until Ctrl-C.
    Demo(demo::Options),
    /// Serve one part.
    #[command(subcommand)]
    Serve(serve::Chosen),
    /// Bring a part's database up to date.
    Migrate(migrate::Options),
    /// Find what of a part's ledger is not as it was written.
    Verify(verify::Options),
    /// Explain a payment line by the facts and models that its run knew, to the document and place of its amount
    Explain(explain::Options),
    /// Look at compensation models.
    #[command(subcommand)]
    Models(models::Command),
    /// Calculate the compensation of one case from a file.
    Quote(quote::Options),
    /// Import a city's files into running services: all of them, or nothing and every error at once.
    Import(import::Options),
    /// Make or check a city's files.
    #[command(subcommand)]
    City(city::Command),
    /// Make a token of the local issuer, and print it.
    Token(token::Options),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors.
            let code = if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
            let _ = error.print();
            return code;
        }
    };
    match run(cli.chosen()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen::tell(format_args!("niva: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(options) => demo::run(options),
        Command::Serve(chosen) => serve::run(&chosen),
        Command::Migrate(options) => migrate::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Models(command) => models::run(command),
        Command::Quote(options) => quote::run(&options),
        Command::Import(options) => import::run(&options),
        Command::City(command) => city::run(command),
        Command::Token(options) => token::run(&options),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "niva", &mut std::io::stdout());
            Ok(())
        }
    }
}
