//! `niva serve`: one part a process.

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

use crate::failure::Failure;
use crate::parts::{PARTS, Registered};

/// The part that was asked for, and its options.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) part: &'static Registered,
    pub(crate) options: ArgMatches,
}

/// `niva serve`.
pub(crate) fn run(chosen: &Chosen) -> Result<(), Failure> {
    (chosen.part.serve)(&chosen.options)
}

impl Subcommand for Chosen {
    fn augment_subcommands(command: Command) -> Command {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        command.subcommand_value_name(names.join("|")).subcommands(PARTS.iter().map(Registered::command))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        PARTS.iter().any(|part| part.name == name)
    }
}

impl FromArgMatches for Chosen {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let chosen = matches.subcommand().and_then(|(name, options)| {
            let part = PARTS.iter().find(|part| part.name == name)?;
            Some(Self { part, options: options.clone() })
        });
        chosen.ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
