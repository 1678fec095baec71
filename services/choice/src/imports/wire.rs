//! Records of an import.

use niva_base::Violations;
use niva_choice_domain::{Placement, Provider, Unit};
use niva_proto::choice::v1 as pb;
use pb::import_choice_request::Record;

use crate::providers;
use crate::wire::Reader;

/// A record of an import.
pub(crate) enum Imported {
    Provider(Provider),
    Unit(Unit),
    Placement(Placement),
}

impl Reader<'_> {
    /// A record of ImportChoice; `None` when it has violations.
    pub(crate) fn import_record(self, v: &mut Violations, record: Option<&Record>) -> Option<Imported> {
        match v.required("record", record)? {
            Record::Provider(given) => {
                v.nested("provider", |v| providers::wire::provider(v, given, None).map(Imported::Provider))
            }
            Record::Unit(given) => v.nested("unit", |v| self.unit(v, given, None).map(Imported::Unit)),
            Record::Placement(given) => {
                v.nested("placement", |v| self.placement(v, given, None).map(Imported::Placement))
            }
        }
    }
}

/// Kind and id of a record.
pub(crate) fn key(record: &Record) -> (&'static str, &str) {
    match record {
        Record::Provider(provider) => ("provider", provider.provider_id.trim()),
        Record::Unit(unit) => ("unit", unit.unit_id.trim()),
        Record::Placement(placement) => ("placement", placement.placement_id.trim()),
    }
}
