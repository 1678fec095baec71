//! The three services as one caller sees them.

use niva_kit::client::{Channel, Credentials, Endpoint};
use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::payment::v1 as payment;
use tonic::Status;

/// Where the three services are.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Assessment.
    pub assessment: Endpoint,
    /// Choice.
    pub choice: Endpoint,
    /// Payment.
    pub payment: Endpoint,
}

/// Clients of the three services, as one caller.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Assessment.
    pub assessment: assessment::Clients<Channel>,
    /// Choice.
    pub choice: choice::Clients<Channel>,
    /// Payment.
    pub payment: payment::Clients<Channel>,
}

impl Endpoints {
    /// The three services for a caller.
    #[must_use]
    pub fn clients(&self, credentials: &Credentials) -> Clients {
        let to = |endpoint: &Endpoint| endpoint.channel(credentials.clone());
        Clients {
            assessment: niva_kit::bounded!(assessment::Clients::new(to(&self.assessment))),
            choice: niva_kit::bounded!(choice::Clients::new(to(&self.choice))),
            payment: niva_kit::bounded!(payment::Clients::new(to(&self.payment))),
        }
    }
}

/// A status in words for a person: its message, and every violation on a line of its own.
#[must_use]
pub fn words(status: &Status) -> String {
    let mut words = status.message().to_owned();
    if words.is_empty() {
        words = format!("{:?}", status.code());
    }
    for (field, description) in niva_kit::error::violations(status) {
        words.push_str(&format!("\n  {field}: {description}"));
    }
    if let Some(reason) = niva_kit::error::reason(status) {
        words.push_str(&format!(" ({reason})"));
    }
    words
}
