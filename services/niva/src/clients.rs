//! The three services as one caller sees them.

use niva_kit::client::{Channel, Credentials, Endpoint};
use niva_proto::assessment::v1::assessment_service_client::AssessmentServiceClient;
use niva_proto::choice::v1::choice_service_client::ChoiceServiceClient;
use niva_proto::payment::v1::Clients as PaymentClients;
use tonic::Status;

use crate::failure::Failure;

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
    pub assessment: AssessmentServiceClient<Channel>,
    /// Choice.
    pub choice: ChoiceServiceClient<Channel>,
    /// Payment.
    pub payment: PaymentClients<Channel>,
}

impl Endpoints {
    /// The three services for a caller.
    #[must_use]
    pub fn clients(&self, credentials: &Credentials) -> Clients {
        let to = |endpoint: &Endpoint| endpoint.channel(credentials.clone());
        Clients {
            assessment: niva_kit::bounded!(AssessmentServiceClient::new(to(&self.assessment))),
            choice: niva_kit::bounded!(ChoiceServiceClient::new(to(&self.choice))),
            payment: niva_kit::bounded!(PaymentClients::new(to(&self.payment))),
        }
    }
}

/// A status in words for a person: its message, and every violation on a line of its own.
pub(crate) fn words(status: &Status) -> String {
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

/// Says what was being asked for when a call failed.
pub(crate) trait Asked<T> {
    /// `what` reads on after "cannot": "record a grant".
    fn to(self, what: impl std::fmt::Display) -> Result<T, Failure>;
}

impl<T> Asked<T> for Result<tonic::Response<T>, Status> {
    fn to(self, what: impl std::fmt::Display) -> Result<T, Failure> {
        self.map(tonic::Response::into_inner)
            .map_err(|status| Failure::failed(format_args!("cannot {what}: {}", words(&status))))
    }
}

impl<T> Asked<T> for Option<T> {
    fn to(self, what: impl std::fmt::Display) -> Result<T, Failure> {
        self.ok_or_else(|| Failure::failed(format_args!("cannot {what}: the answer lacks it")))
    }
}
