use std::fmt::Display;
use std::process::ExitCode;

use niva_rpc::words;
use tonic::Status;

/// Why a command stops, in words for a person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was asked for cannot be: nothing was begun. Exit code 64.
    #[error("{0}")]
    Configuration(String),
    /// Something went wrong on the way. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A wrong configuration.
    pub(crate) fn configuration(why: impl Display) -> Self {
        Self::Configuration(why.to_string())
    }

    /// A step that failed: what was done, and why it did not work.
    pub(crate) fn failed(why: impl Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// The exit code: 64 for a configuration (`EX_USAGE`), else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Configuration(_) => 64,
            Self::Failed(_) => 1,
        })
    }
}

/// Says what was being done when something failed.
pub(crate) trait Doing<T> {
    /// `what` reads on after "cannot": "import the city".
    fn doing(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::Failed(format!("cannot {what}: {error}")))
    }
}

/// Says what was being asked for when a call failed.
pub(crate) trait Asked<T> {
    /// `what` reads on after "cannot": "record a grant".
    fn to(self, what: impl Display) -> Result<T, Failure>;
}

impl<T> Asked<T> for Result<tonic::Response<T>, Status> {
    fn to(self, what: impl Display) -> Result<T, Failure> {
        self.map(tonic::Response::into_inner)
            .map_err(|status| Failure::failed(format_args!("cannot {what}: {}", words(&status))))
    }
}

impl<T> Asked<T> for Option<T> {
    fn to(self, what: impl Display) -> Result<T, Failure> {
        self.ok_or_else(|| Failure::failed(format_args!("cannot {what}: the answer lacks it")))
    }
}
