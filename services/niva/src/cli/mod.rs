//! The command line.

mod args;
mod check_models;
mod cities;
mod show_model;
mod tokens;
mod waiting;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use args::{
    CityCommand, Cli, Command, DemoArgs, ImportArgs, MigrateArgs, ModelsCommand, Role, ServeArgs, TokenArgs,
};

use crate::failure::Failure;
use crate::screen::tell;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
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
            tell(format_args!("niva: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Models(ModelsCommand::Check { files, models }) => {
            check_models::run(&files, models.as_deref())
        }
        Command::Models(ModelsCommand::Show { model, models }) => show_model::run(&model, models.as_deref()),
        Command::City(CityCommand::Generate { folder, seed }) => cities::generate(&folder, seed),
        Command::City(CityCommand::Check { folder }) => cities::check(&folder),
        Command::Quote { file, models } => crate::quote::run(&file, models.as_deref()),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "niva", &mut std::io::stdout());
            Ok(())
        }
        Command::Token(args) => tokens::token(&args),
        waits => waiting::block_on(waits),
    }
}
