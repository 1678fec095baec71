//! Providers on the wire.

use niva_choice_domain::Provider;
use niva_proto::choice::v1 as pb;

pub(crate) fn provider(provider: &Provider) -> pb::Provider {
    pb::Provider { provider_id: provider.provider_id.clone(), name: provider.name.clone() }
}
