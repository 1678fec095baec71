//! What can happen to an import.

use niva_proto::common::v1::job;

/// What has happened to an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its stream has not ended.
    Receiving,
    /// Everything is here and is to take effect.
    Running,
    /// It has taken effect, or was checked and is sound.
    Done,
    /// Something is wrong with it: nothing has taken effect.
    Failed,
    /// Stopped by somebody: nothing has taken effect.
    Cancelled,
}

/// What somebody's wish to stop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It ends here and now: its stream goes nowhere.
    Now,
    /// Whoever lets it take effect is told.
    Asked,
    /// It was stopped before.
    Already,
}

impl State {
    pub(crate) const ALL: [Self; 5] =
        [Self::Receiving, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The name in the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// In the contract's word.
    pub(crate) const fn of_job(self) -> job::State {
        match self {
            Self::Receiving | Self::Running => job::State::Running,
            Self::Done => job::State::Done,
            Self::Failed => job::State::Failed,
            Self::Cancelled => job::State::Cancelled,
        }
    }

    /// Those that the contract calls so.
    pub(crate) fn called(state: job::State) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |own| own.of_job() == state)
    }

    /// Whether nothing more happens to it.
    pub(crate) const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// What the wish to stop it does; `None`: it has ended otherwise, and there is nothing to stop.
    pub(crate) const fn stop(self) -> Option<Stop> {
        match self {
            Self::Receiving => Some(Stop::Now),
            Self::Running => Some(Stop::Asked),
            Self::Cancelled => Some(Stop::Already),
            Self::Done | Self::Failed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_ended_can_be_stopped_and_what_was_stopped_stays_so() {
        let stops: Vec<_> = State::ALL.into_iter().map(State::stop).collect();
        assert_eq!(stops, [Some(Stop::Now), Some(Stop::Asked), None, None, Some(Stop::Already)]);
        for state in State::ALL {
            assert_eq!(State::read(state.as_str()), Some(state));
            assert!(state.has_ended() || state.of_job() == job::State::Running, "{state:?}");
        }
    }

    #[test]
    fn the_contracts_word_holds_every_state_of_ours_once() {
        let words = [job::State::Running, job::State::Done, job::State::Failed, job::State::Cancelled];
        let all: Vec<State> = words.into_iter().flat_map(State::called).collect();
        assert_eq!(all, State::ALL);
    }
}
