//! The three services as one caller sees them.

use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::payment::v1 as payment;
use niva_rpc::client::{Channel, Credentials, Endpoint};

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
            assessment: niva_rpc::bounded_client!(assessment::Clients::new(to(&self.assessment))),
            choice: niva_rpc::bounded_client!(choice::Clients::new(to(&self.choice))),
            payment: niva_rpc::bounded_client!(payment::Clients::new(to(&self.payment))),
        }
    }
}
