//! The feeds that a service follows: how far it has come with each, and waiting until it has come far enough.

use std::collections::BTreeMap;
use std::time::Duration;

use niva_base::OpError;
use niva_proto::common::v1::FeedStatus;
use niva_store::DbError;
use sea_orm::ConnectionTrait;

use crate::consumer::ConsumerHandle;
use crate::cursor::moved;

/// How long a request waits for a feed that is behind: longer than an event takes, shorter than a person's patience.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The consumers of a service, by the feed's name.
#[derive(Debug, Default)]
pub struct Consumers(BTreeMap<&'static str, ConsumerHandle>);

impl FromIterator<ConsumerHandle> for Consumers {
    fn from_iter<I: IntoIterator<Item = ConsumerHandle>>(handles: I) -> Self {
        Self(handles.into_iter().map(|handle| (handle.name(), handle)).collect())
    }
}

impl Consumers {
    /// The consumer of a feed.
    #[must_use]
    pub fn get(&self, feed: &str) -> Option<&ConsumerHandle> {
        self.0.get(feed)
    }

    /// How far each feed has been applied.
    ///
    /// # Errors
    /// The database's.
    pub async fn status(&self, db: &impl ConnectionTrait) -> Result<Vec<FeedStatus>, DbError> {
        let moved = moved(db).await?;
        let told = self.0.iter().map(|(feed, consumer)| {
            let status = consumer.status();
            FeedStatus {
                feed: (*feed).to_owned(),
                applied_position: status.cursor,
                newest_position: status.newest,
                connected: status.connected,
                last_error: status.last_error.unwrap_or_default(),
                update_time: moved.get(*feed).map(|at| prost_types::Timestamp {
                    seconds: at.timestamp(),
                    nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
                }),
            }
        });
        Ok(told.collect())
    }

    /// Waits until these positions have been applied, for [`PATIENCE`] at most.
    ///
    /// # Errors
    /// `FEED_BEHIND` when one has not; `FIELD_INVALID` for a feed that this service does not follow.
    pub async fn reach(&self, wanted: &[(&str, i64)]) -> Result<(), OpError> {
        self.reach_within(wanted, PATIENCE).await
    }

    /// [`Consumers::reach`] within another time.
    ///
    /// # Errors
    /// As there.
    pub async fn reach_within(&self, wanted: &[(&str, i64)], patience: Duration) -> Result<(), OpError> {
        let until = tokio::time::Instant::now() + patience;
        for (feed, position) in wanted {
            let consumer = self.get(feed).ok_or_else(|| {
                let known = self.0.keys().copied().collect::<Vec<_>>().join(", ");
                let words = format!("names a feed that is not followed here: give one of {known}");
                OpError::invalid("min_positions", "FIELD_INVALID", words)
            })?;
            let reached = tokio::time::timeout_at(until, consumer.wait_until(*position)).await;
            if !matches!(reached, Ok(Ok(()))) {
                return Err(behind(feed, consumer.status().cursor, *position));
            }
        }
        Ok(())
    }

    /// Makes sure that all that the producers have told so far has been applied.
    ///
    /// # Errors
    /// `FEED_BEHIND` when something has not, or a feed cannot be read: then nobody knows.
    pub async fn reach_newest(&self) -> Result<(), OpError> {
        let until = tokio::time::Instant::now() + PATIENCE;
        for (feed, consumer) in &self.0 {
            // A feed that broke off is opened again in a moment.
            let mut status = consumer.watch();
            let connected = status.wait_for(|status| status.connected);
            if !matches!(tokio::time::timeout_at(until, connected).await, Ok(Ok(_))) {
                let status = consumer.status();
                return Err(behind(feed, status.cursor, status.newest));
            }
        }
        let newest: Vec<(&str, i64)> =
            self.0.iter().map(|(feed, consumer)| (*feed, consumer.status().newest)).collect();
        self.reach(&newest).await
    }
}

fn behind(feed: &str, applied: i64, wanted: i64) -> OpError {
    let words = format!(
        "what {feed} has told has not all arrived here yet ({applied} of {wanted}), or it cannot be asked: try again in a moment"
    );
    OpError::precondition("FEED_BEHIND", words)
        .with("feed", feed)
        .with("applied_position", applied)
        .with("wanted_position", wanted)
}
