//! Calls that are turned away: each has a record of its own, until one caller sends so many that they would fill the
//! database. Then they are counted, and a minute's make one record for each reason and method.
//!
//! Who is not known shares one measure, and what it is counted by are the contract's methods and the few reasons for which
//! a token is refused: so whoever sends calls without a token, however many, leaves a number of records a minute that does
//! not depend on it, and calls of others are not hidden among them. What is counted and not written yet is in memory: a
//! process that is killed loses the number of a flood's last minute, and nothing of its beginning.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use niva_access::Record;

/// Records that one caller leaves in a minute before others are counted.
const ALONE: u32 = 30;
/// Callers, and kinds of calls, that are told apart in a minute; others share one.
const APART: usize = 1_000;

/// What was turned away in this minute.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    began: DateTime<Utc>,
    alone: BTreeMap<String, u32>,
    counted: BTreeMap<[String; 3], Record>,
}

impl Flood {
    /// The record where it stands alone; one that is counted is answered later, by [`Flood::take`].
    pub(crate) fn meet(&mut self, record: Record) -> Option<Record> {
        if record.time - self.began >= Duration::minutes(1) || record.time < self.began {
            self.began = record.time;
            self.alone.clear();
        }
        let own = self.alone.contains_key(&record.subject) || self.alone.len() < APART;
        let subject = if own { record.subject.clone() } else { String::new() };
        let sent = self.alone.entry(subject.clone()).or_default();
        *sent = sent.saturating_add(1);
        if *sent <= ALONE {
            return Some(record);
        }
        let mut key = [subject, record.method.clone(), record.reason.clone()];
        if !self.counted.contains_key(&key) && self.counted.len() >= APART {
            key = [String::new(), "unknown".to_owned(), record.reason.clone()];
        }
        let [subject, method, reason] = key.clone();
        let first = || Record { subject, method, reason, calls: 0, ..record };
        self.counted.entry(key).or_insert_with(first).calls += 1;
        None
    }

    /// What was counted since it was asked last.
    pub(crate) fn take(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.counted).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(subject: &str, method: &str, second: i64) -> Record {
        let time = DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        let (subject, method, reason) = (subject.into(), method.into(), "TOKEN_MISSING".into());
        Record { time, subject, method, reason, calls: 1, ..Record::default() }
    }

    #[test]
    fn a_flood_leaves_a_bounded_number_of_records_and_each_call_is_counted() {
        let mut flood = Flood::default();
        let alone = (0..10_000).filter_map(|_| flood.meet(refused("", "/a", 0))).count();
        let counted = flood.take();
        assert_eq!((alone, counted.len()), (30, 1));
        assert_eq!(counted[0].calls, 10_000 - 30);
        assert_eq!(flood.take(), []);
        // Others are not hidden by it, and after a minute it begins anew.
        assert!(flood.meet(refused("anna", "/a", 1)).is_some());
        assert!(flood.meet(refused("", "/a", 59)).is_none());
        assert!(flood.meet(refused("", "/a", 60)).is_some());
    }

    #[test]
    fn callers_without_number_share_a_measure() {
        let mut flood = Flood::default();
        let alone = (0..5_000).filter_map(|n| flood.meet(refused(&format!("s{n}"), "/a", 0))).count();
        let counted = flood.take();
        assert!(alone <= APART + 30, "{alone}");
        assert_eq!(
            counted.iter().map(|record| record.calls).sum::<i64>(),
            5_000 - i64::try_from(alone).unwrap()
        );
        let mut flood = Flood::default();
        for n in 0..5_000 {
            flood.meet(refused("s", &format!("/{n}"), 0));
        }
        assert!(flood.take().len() <= APART + 1);
    }
}
