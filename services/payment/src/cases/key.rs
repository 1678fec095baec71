use std::fmt;
use std::str::FromStr;

use niva_names::ServiceKey;

/// Names a case: `person|service`. Its order is that of its bytes; runs go through cases in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CaseKey {
    pub(crate) person_id: String,
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

impl FromStr for CaseKey {
    type Err = NoCase;

    fn from_str(text: &str) -> Result<Self, NoCase> {
        let parts = text.rsplit_once('|').and_then(|(person, service)| Some((person, service.parse().ok()?)));
        let (person, service) = parts.ok_or_else(|| NoCase(text.to_owned()))?;
        Ok(Self { person_id: person.to_owned(), service })
    }
}
