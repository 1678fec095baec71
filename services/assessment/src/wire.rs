//! What messages of several resources have in common.

use std::collections::BTreeMap;
use std::fmt::Debug;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_names::{DistrictId, ServiceCatalogue, ServiceKey};
use niva_proto::common::v1 as common;
use niva_rpc::wire::read;
use niva_store::Secrets;
use niva_store::page::PageRequest;

use crate::{Listed, MAX_PAGE};

/// Id of a fact; `made` stands in where a fact is recorded without.
pub(crate) fn fact_id<I: From<String>>(
    v: &mut Violations,
    field: &str,
    value: &str,
    made: Option<I>,
) -> Option<I> {
    match made {
        Some(made) => read::optional_id(v, field, value).map(|id| id.unwrap_or(made)),
        None => read::id(v, field, value),
    }
}

/// A district board; of the city on a day, if a city is given.
pub(crate) fn district(
    v: &mut Violations,
    field: &str,
    value: &str,
    city: Option<&ServiceCatalogue>,
    on: Option<common::Date>,
) -> Option<DistrictId> {
    match city {
        Some(city) => read::district(v, field, value, city, on),
        None => v.text(field, value).map(Into::into),
    }
}

/// Periods by their first day, of which no two begin on one.
pub(crate) fn periods<P, K: Ord, T>(
    v: &mut Violations,
    field: &str,
    given: &[P],
    twice: &'static str,
    read: impl Fn(&mut Violations, &P) -> Option<(K, T)>,
) -> Option<BTreeMap<K, T>> {
    let mut periods = Some(BTreeMap::new());
    for (i, period) in given.iter().enumerate() {
        match (v.nested(&format!("{field}[{i}]"), |v| read(v, period)), &mut periods) {
            (Some((first, value)), Some(known)) => {
                let free = known.insert(first, value).is_none();
                v.require(free, field, twice, "two of them begin on one day: keep one of them");
            }
            _ => periods = None,
        }
    }
    periods
}

/// Which facts a list tells of.
pub(crate) fn listed(
    v: &mut Violations,
    since: Option<prost_types::Timestamp>,
    withdrawn: bool,
) -> Option<Listed> {
    read::timestamp(v, "recorded_since", since.as_ref()).map(|since| Listed { since, withdrawn })
}

/// The page that is asked for. `asked` is the request without its page, which a token is bound to.
pub(crate) fn page(
    secrets: &Secrets,
    scope: &Scope,
    list: &str,
    asked: &impl Debug,
    page: (i32, &str),
) -> Result<PageRequest, OpError> {
    secrets.page(scope.author(), page, &[list, &format!("{asked:?}")], MAX_PAGE)
}

/// A service; of the city, if one is given.
pub(crate) fn service(
    v: &mut Violations,
    field: &str,
    value: &str,
    city: Option<&ServiceCatalogue>,
) -> Option<ServiceKey> {
    match city {
        Some(city) => read::service(v, field, value, city),
        None => read::service_key(v, field, value),
    }
}
