use std::fmt;
use std::str::FromStr;

use niva_names::{CaseId, PersonId, ServiceKey};

/// Names a case: `person|service`. Its order is that of its bytes; runs go through cases in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CaseKey {
    pub(crate) person_id: PersonId,
    pub(crate) service: ServiceKey,
}

/// A text that names no case.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no case: person|service")]
pub(crate) struct NoCase(String);

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.person_id, self.service)
    }
}

impl From<&CaseKey> for CaseId {
    fn from(key: &CaseKey) -> Self {
        key.to_string().into()
    }
}

impl TryFrom<&CaseId> for CaseKey {
    type Error = NoCase;

    fn try_from(case: &CaseId) -> Result<Self, NoCase> {
        case.as_str().parse()
    }
}

impl FromStr for CaseKey {
    type Err = NoCase;

    fn from_str(text: &str) -> Result<Self, NoCase> {
        let parts = text.rsplit_once('|').and_then(|(person, service)| Some((person, service.parse().ok()?)));
        let (person, service) = parts.ok_or_else(|| NoCase(text.to_owned()))?;
        Ok(Self { person_id: person.into(), service })
    }
}
