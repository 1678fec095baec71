//! What is told of a job.

use chrono::{DateTime, Utc};
use niva_facts::Author;
use niva_names::JobId;
use niva_proto::common::v1 as pb;
use niva_proto::facts::timestamp;

/// Somebody's wish that a job stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Whose.
    pub by: Author,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// A job as the contract tells of it.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// Id of the resource that it makes.
    pub id: JobId,
    /// What is made: "payment_run", "import".
    pub kind: &'static str,
    /// What has happened to it.
    pub state: pb::job::State,
    /// Parts done so far.
    pub done: i64,
    /// Parts in all; 0 where it is not known.
    pub total: i64,
    /// Who asked for it.
    pub author: &'a Author,
    /// When.
    pub created: DateTime<Utc>,
    /// When a process set to work on it.
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Why it failed; empty where it did not.
    pub error: &'a str,
    /// Whether somebody wants it to stop.
    pub cancel_asked: bool,
}

impl From<Job<'_>> for pb::Job {
    fn from(job: Job<'_>) -> Self {
        Self {
            job_id: job.id.into(),
            kind: job.kind.to_owned(),
            state: job.state.into(),
            done: job.done,
            total: job.total,
            create_time: Some(timestamp(job.created)),
            start_time: job.started.map(timestamp),
            end_time: job.ended.map(timestamp),
            author: Some(pb::Author { subject: job.author.subject.clone(), role: job.author.role.clone() }),
            error: job.error.to_owned(),
            cancel_asked: job.cancel_asked,
        }
    }
}
