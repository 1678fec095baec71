//! How far the feeds between the services are.

use std::time::Duration;

use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::common::v1::FeedStatus;
use niva_proto::payment::v1 as payment;
use tonic::Status;

use super::ImportError;
use crate::clients::Clients;

/// How often a feed's progress is asked for.
const POLL: Duration = Duration::from_millis(25);
/// How long a feed may stand still before the import gives up.
const STANDSTILL: Duration = Duration::from_secs(60);

/// Waits until choice has applied all that assessment has written.
///
/// # Errors
/// The feed stands still, with the reason that choice gives.
pub async fn choice_has_caught_up(clients: &Clients) -> Result<(), ImportError> {
    let newest = assessment_position(clients).await?;
    wait("choice", &[("assessment", newest)], || async {
        let answer = clients.choice.clone().feed.get_feed_status(choice::GetFeedStatusRequest {}).await;
        answer.map(|a| a.into_inner().feeds)
    })
    .await
}

/// Waits until payment has applied all that assessment and choice have written.
///
/// # Errors
/// A feed stands still, with the reason that payment gives.
pub async fn payment_has_caught_up(clients: &Clients) -> Result<(), ImportError> {
    let newest =
        [("assessment", assessment_position(clients).await?), ("choice", choice_position(clients).await?)];
    wait("payment", &newest, || async {
        let answer = clients.payment.clone().feed.get_feed_status(payment::GetFeedStatusRequest {}).await;
        answer.map(|a| a.into_inner().feeds)
    })
    .await
}

/// Newest position of assessment's feed: every answer of the feed tells it, and the first comes at once.
///
/// # Errors
/// It cannot be read.
pub async fn assessment_position(clients: &Clients) -> Result<i64, ImportError> {
    let request = assessment::WatchAssessmentRequest { after_position: 0 };
    let what = "read the feed of assessment";
    let answer = clients.assessment.feed.clone().watch_assessment(request).await;
    let mut feed = answer.map_err(|status| ImportError::call(what, &status))?.into_inner();
    let first = feed.message().await.map_err(|status| ImportError::call(what, &status))?;
    Ok(first.unwrap_or_default().newest_position)
}

/// Newest position of choice's feed.
///
/// # Errors
/// It cannot be read.
pub async fn choice_position(clients: &Clients) -> Result<i64, ImportError> {
    let request = choice::WatchChoiceRequest { after_position: 0 };
    let what = "read the feed of choice";
    let answer = clients.choice.clone().feed.watch_choice(request).await;
    let mut feed = answer.map_err(|status| ImportError::call(what, &status))?.into_inner();
    let first = feed.message().await.map_err(|status| ImportError::call(what, &status))?;
    Ok(first.unwrap_or_default().newest_position)
}

/// Asks for the status of `reader`'s feeds until each has been applied through its position.
async fn wait<F, A>(reader: &str, newest: &[(&str, i64)], status: F) -> Result<(), ImportError>
where
    F: Fn() -> A,
    A: Future<Output = Result<Vec<FeedStatus>, Status>>,
{
    let applied = |feeds: &[FeedStatus], name: &str| {
        feeds.iter().find(|f| f.feed == name).map_or(0, |f| f.applied_position)
    };
    let mut seen = -1;
    let mut stood_still = Duration::ZERO;
    loop {
        let feeds = status().await.map_err(|status| {
            ImportError::call(format_args!("ask {reader} how far its feeds are"), &status)
        })?;
        if newest.iter().all(|(name, position)| applied(&feeds, name) >= *position) {
            return Ok(());
        }
        let sum: i64 = newest.iter().map(|(name, _)| applied(&feeds, name)).sum();
        stood_still = if sum > seen { Duration::ZERO } else { stood_still + POLL };
        seen = sum;
        if stood_still >= STANDSTILL {
            let why = feeds.into_iter().map(|f| f.last_error).find(|error| !error.is_empty());
            return Err(ImportError::Standstill {
                reader: reader.to_owned(),
                seconds: STANDSTILL.as_secs(),
                why: why.unwrap_or_else(|| "it gives no reason".to_owned()),
            });
        }
        tokio::time::sleep(POLL).await;
    }
}
