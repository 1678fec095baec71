use std::time::Duration;

/// How often files with keys and tokens are looked at.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(5);
