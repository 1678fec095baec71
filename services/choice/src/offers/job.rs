//! Lets offers lapse when their day has passed, without being asked.

use std::time::Duration;

use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_facts::{Author, Telling};
use niva_proto::choice::v1 as pb;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Offers;
use super::store::Overdue;

/// How often the clock is looked at. Only a new day can make an offer lapse, so most looks cost nothing.
const LOOK: Duration = Duration::from_millis(250);

impl Offers {
    /// Lets offers lapse, as what the service itself tells.
    pub(super) async fn lapse(&self, which: Overdue<'_>) -> Result<Vec<pb::Offer>, OpError> {
        let today = self.0.clock.today();
        let author = Author { subject: "niva-choice".to_owned(), role: String::new() };
        let told = Telling { author, recorded_at: self.0.clock.now(), reason: String::new() };
        let told = &told;
        self.0.db.write(|tx| Box::pin(async move { super::lapse(tx, today, which, told).await })).await
    }
}

/// Runs until the shutdown. `done` learns the last day on which everything overdue has lapsed. Several may run on one
/// database: whoever comes second finds nothing left to do. After a failure the next look tries again.
pub(crate) async fn run(offers: Offers, done: watch::Sender<Option<NaiveDate>>, shutdown: CancellationToken) {
    loop {
        let today = offers.0.clock.today();
        if *done.borrow() != Some(today) {
            match offers.lapse(Overdue::All).await {
                Ok(lapsed) => {
                    if !lapsed.is_empty() {
                        tracing::info!(offers = lapsed.len(), %today, "offers lapsed unanswered");
                    }
                    done.send_replace(Some(today));
                }
                Err(error) => tracing::warn!(%error, "offers could not lapse, trying again"),
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
