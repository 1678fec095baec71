//! The steps of all orders as a log that can be followed.

use std::sync::Arc;

use niva_feed::{FeedError, FeedItem, Log, Logged};
use niva_proto::payment::v1 as pb;
use niva_store::{Database, DbError};
use pb::payment_order_event::Fact;
use prost::Message;
use tokio::sync::watch;

use super::store;
use super::wire::order_out;

/// Reads the steps of a database. Cheap to clone; clones wake each other.
#[derive(Debug, Clone)]
pub(crate) struct OrderLog {
    db: Database,
    appended: Arc<watch::Sender<()>>,
}

impl OrderLog {
    pub(crate) fn new(db: &Database) -> Self {
        let (appended, _) = watch::channel(());
        Self { db: db.clone(), appended: Arc::new(appended) }
    }

    /// Wakes whoever follows, after a commit that added steps.
    pub(crate) fn notify(&self) {
        self.appended.send_replace(());
    }
}

impl Log for OrderLog {
    fn appended(&self) -> watch::Receiver<()> {
        self.appended.subscribe()
    }

    /// Whoever adds steps waits for whoever did before, so that they are seen in order and none is passed over.
    async fn item(&self, after: i64, limit: u32) -> Result<FeedItem, FeedError> {
        if after < 0 {
            return Err(FeedError::CursorNegative(after));
        }
        let conn = self.db.conn();
        let newest = store::head(conn).await?.step_no;
        if after > newest {
            return Err(FeedError::CursorAhead { after, newest });
        }
        let steps = store::steps_after(conn, after, limit.into()).await?;
        let Some(last) = steps.last().map(|step| step.position) else {
            return Ok(FeedItem { events: Vec::new(), newest });
        };
        let mut numbers: Vec<_> = steps.iter().map(|step| step.order_no).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let (mut orders, steps) = store::told(conn, &numbers, last).await?;
        let mut events = Vec::new();
        for taken in steps {
            let Some(kept) = orders.get_mut(&taken.order_no) else { continue };
            kept.then(&taken).map_err(|wrong| {
                DbError::row("payment_order_step", "kind", taken.position.to_string(), wrong.to_string())
            })?;
            if taken.position <= after {
                continue;
            }
            let event = pb::PaymentOrderEvent { info: None, fact: Some(Fact::PaymentOrder(order_out(kept))) };
            events.push(Logged {
                position: taken.position,
                previous: taken.position - 1,
                payload: event.encode_to_vec(),
                ignorable: false,
                recorded_at: taken.recorded_at,
                author: taken.author,
                trace_id: String::new(),
            });
        }
        Ok(FeedItem { events, newest })
    }
}
