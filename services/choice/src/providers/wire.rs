//! Providers on the wire.

use niva_base::{OpError, Violations};
use niva_choice_domain::Provider;
use niva_facts::{Fact, Info};
use niva_names::ProviderId;
use niva_proto::choice::v1 as pb;

use crate::wire::{Reader, id_or};

/// A provider that must be given; `made` is its id where none is.
pub(crate) fn read(given: Option<&pb::Provider>, made: Option<&ProviderId>) -> Result<Provider, OpError> {
    let mut v = Violations::new();
    let given = v.required("provider", given);
    let provider = given.and_then(|given| v.nested("provider", |v| provider(v, given, made)));
    v.finish_with(provider)
}

/// A provider in a message.
pub(crate) fn provider(
    v: &mut Violations,
    given: &pb::Provider,
    made: Option<&ProviderId>,
) -> Option<Provider> {
    let provider_id = id_or(v, "provider_id", &given.provider_id, made);
    let name = Reader::name(v, "name", &given.name);
    Some(Provider { provider_id: provider_id?, name: name? })
}

/// A provider as it is told.
pub(crate) fn write(provider: &Provider, info: &Info) -> pb::Provider {
    let mut told = message(provider);
    told.set_info(Some(info));
    told
}

/// What it says.
pub(crate) fn message(provider: &Provider) -> pb::Provider {
    pb::Provider { provider_id: provider.provider_id.to_string(), name: provider.name.clone(), info: None }
}
