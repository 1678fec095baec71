use std::fmt::Display;
use std::process::ExitCode;

/// Why a command stops, in words for a person.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for cannot be: nothing was begun. Exit code 64.
    #[error("{0}")]
    Configuration(String),
    /// Something went wrong on the way. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A wrong configuration.
    pub fn configuration(why: impl Display) -> Self {
        Self::Configuration(why.to_string())
    }

    /// A step that failed: what was done, and why it did not work.
    pub fn failed(why: impl Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// The exit code: 64 for a configuration (`EX_USAGE`), else 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
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
