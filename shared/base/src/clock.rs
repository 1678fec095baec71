//! Time is passed, never taken: one clock for everything that asks what time it is.
//!
//! Instants are rounded to microseconds here, because SQLite keeps nanoseconds and PostgreSQL cuts them: an instant
//! that was written and read back must equal the one that was written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Datelike, Duration, DurationRound, NaiveDate, NaiveTime, Utc};

/// What time it is. Cheap to clone; clones show the same time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
    File(Arc<FileClock>),
}

struct FileClock {
    path: PathBuf,
    last: Mutex<DateTime<Utc>>,
}

/// A clock file could not be used.
#[derive(Debug, thiserror::Error)]
#[error("clock file {path}: {problem}; write one instant into it, such as 2024-03-01T09:00:00Z", path = path.display())]
pub struct ClockError {
    path: PathBuf,
    problem: String,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until the [`ManualClock`] moves it.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let now = Arc::new(Mutex::new(to_micros(start)));
        (Self(Source::Manual(now.clone())), ManualClock(now))
    }

    /// A clock that shows the RFC 3339 instant in a file, so that several processes can share a made-up time. It is
    /// read at each look; while the file cannot be read (it is being replaced), the last instant stays.
    ///
    /// # Errors
    /// The file is missing or holds no instant.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self, ClockError> {
        let path = path.into();
        match read_instant(&path) {
            Ok(now) => Ok(Self(Source::File(Arc::new(FileClock { path, last: Mutex::new(now) })))),
            Err(problem) => Err(ClockError { path, problem }),
        }
    }

    /// The instant, whole microseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => to_micros(machine_time()),
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
            Source::File(file) => {
                let mut last = file.last.lock().unwrap_or_else(PoisonError::into_inner);
                match read_instant(&file.path) {
                    Ok(now) => *last = now,
                    Err(problem) => {
                        tracing::warn!(problem, "clock file not readable, keeping the last instant");
                    }
                }
                *last
            }
        }
    }

    /// The civil day in Sweden.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        civil_day(self.now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Clock::system"),
            Source::Manual(_) => write!(f, "Clock::manual({})", self.now()),
            Source::File(file) => write!(f, "Clock::file({})", file.path.display()),
        }
    }
}

/// Moves a clock made by [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// Sets the instant, back or forth.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to_micros(now);
    }

    /// Moves on by a while.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = to_micros(*now + by);
    }

    /// Sets nine in the morning, Swedish time, of a day.
    pub fn advance_to(&self, day: NaiveDate) {
        self.set(morning(day));
    }
}

/// Nine in the morning, Swedish time, of a day. Summer time changes at night, so the hour exists once.
#[must_use]
pub fn morning(day: NaiveDate) -> DateTime<Utc> {
    let utc_guess = day.and_time(NaiveTime::MIN).and_utc() + Duration::hours(8);
    day.and_time(NaiveTime::MIN).and_utc() + Duration::hours(9) - offset(utc_guess)
}

/// The civil day in Sweden at an instant.
#[must_use]
pub fn civil_day(at: DateTime<Utc>) -> NaiveDate {
    (at + offset(at)).date_naive()
}

/// Sweden's distance from UTC: two hours from the last Sunday of March to the last Sunday of October, 01:00 UTC each
/// (directive 2000/84/EC), else one.
fn offset(at: DateTime<Utc>) -> Duration {
    let change = |month: u32| {
        let last = NaiveDate::from_ymd_opt(at.year(), month, 31).unwrap_or_default();
        let sunday = last - Duration::days(i64::from(last.weekday().num_days_from_sunday()));
        sunday.and_time(NaiveTime::MIN).and_utc() + Duration::hours(1)
    };
    if at >= change(3) && at < change(10) { Duration::hours(2) } else { Duration::hours(1) }
}

#[expect(clippy::disallowed_methods, reason = "the one place that looks at the machine's clock")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

fn to_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::microseconds(1)).unwrap_or(at)
}

fn read_instant(path: &Path) -> Result<DateTime<Utc>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let at = DateTime::parse_from_rfc3339(text.trim()).map_err(|e| format!("no RFC 3339 instant: {e}"))?;
    Ok(to_micros(at.with_timezone(&Utc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_swedish_day_turns_at_midnight_in_winter_and_summer() {
        let day = |text| civil_day(at(text)).to_string();
        assert_eq!(day("2024-01-31T22:59:59Z"), "2024-01-31");
        assert_eq!(day("2024-01-31T23:00:00Z"), "2024-02-01");
        assert_eq!(day("2024-06-30T21:59:59Z"), "2024-06-30");
        assert_eq!(day("2024-06-30T22:00:00Z"), "2024-07-01");
        // Summer time in 2024 ran from 31 March to 27 October.
        assert_eq!(offset(at("2024-03-31T00:59:59Z")), Duration::hours(1));
        assert_eq!(offset(at("2024-03-31T01:00:00Z")), Duration::hours(2));
        assert_eq!(offset(at("2024-10-27T00:59:59Z")), Duration::hours(2));
        assert_eq!(offset(at("2024-10-27T01:00:00Z")), Duration::hours(1));
    }

    #[test]
    fn a_morning_is_nine_local() {
        let morning = |y, m, d| morning(NaiveDate::from_ymd_opt(y, m, d).unwrap()).to_rfc3339();
        assert_eq!(morning(2024, 1, 15), "2024-01-15T08:00:00+00:00");
        assert_eq!(morning(2024, 3, 31), "2024-03-31T07:00:00+00:00");
        assert_eq!(morning(2024, 10, 27), "2024-10-27T08:00:00+00:00");
    }

    #[test]
    fn a_manual_clock_moves_all_its_clones() {
        let (clock, hand) = Clock::manual(at("2024-03-01T08:00:00.123456789Z"));
        let other = clock.clone();
        assert_eq!(clock.now(), at("2024-03-01T08:00:00.123456Z"));
        hand.advance_to(NaiveDate::from_ymd_opt(2024, 4, 2).unwrap());
        assert_eq!(other.now(), at("2024-04-02T07:00:00Z"));
        assert_eq!(other.today().to_string(), "2024-04-02");
    }

    #[test]
    fn a_file_clock_follows_its_file_and_survives_a_torn_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clock");
        assert!(Clock::file(&path).unwrap_err().to_string().contains("2024-03-01T09:00:00Z"));
        std::fs::write(&path, "2024-03-01T09:00:00Z\n").unwrap();
        let clock = Clock::file(&path).unwrap();
        std::fs::write(&path, "2024-04-01T09:00:00Z").unwrap();
        assert_eq!(clock.now(), at("2024-04-01T09:00:00Z"));
        std::fs::write(&path, "2024-0").unwrap();
        assert_eq!(clock.now(), at("2024-04-01T09:00:00Z"));
    }

    #[test]
    fn the_system_clock_has_no_nanoseconds() {
        assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1000, 0);
    }
}
