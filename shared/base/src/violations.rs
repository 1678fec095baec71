//! Gathers all violations of a request, so that its sender learns them in one round.

use std::fmt::Display;

use crate::error::OpError;
use crate::violation::Violation;

/// Gathers violations.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
    prefix: String,
}

impl Violations {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a violation.
    pub fn add(&mut self, field: &str, reason: &'static str, description: impl Into<String>) {
        let field = match (self.prefix.as_str(), field) {
            ("", field) => field.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, field) => format!("{prefix}.{field}"),
        };
        self.found.push(Violation { field, description: description.into(), reason });
    }

    /// Notes a violation unless `holds`; answers `holds`.
    pub fn require(
        &mut self,
        holds: bool,
        field: &str,
        reason: &'static str,
        description: impl Into<String>,
    ) -> bool {
        if !holds {
            self.add(field, reason, description);
        }
        holds
    }

    /// The value, or its error noted in the error's own words.
    pub fn check<T, E: Display>(
        &mut self,
        field: &str,
        reason: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|e| self.add(field, reason, e.to_string())).ok()
    }

    /// The value, or `FIELD_REQUIRED` noted.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, "FIELD_REQUIRED", "is required; give a value");
        }
        value
    }

    /// The text without surrounding space, or `FIELD_REQUIRED` noted when nothing is left.
    pub fn text(&mut self, field: &str, value: &str) -> Option<String> {
        let value = value.trim();
        self.required(field, (!value.is_empty()).then(|| value.to_owned()))
    }

    /// Runs `part` with `field` before every field name: `nested("lines[2]", …)`.
    pub fn nested<T>(&mut self, field: &str, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        if outer > 0 {
            self.prefix.push('.');
        }
        self.prefix.push_str(field);
        let result = part(self);
        self.prefix.truncate(outer);
        result
    }

    /// Runs `part` about a record of an import: its number stands before every field name, its origin before every
    /// description.
    pub fn record<T>(&mut self, number: usize, origin: &str, part: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.found.len();
        let result = self.nested(&format!("records[{number}]"), part);
        if !origin.is_empty() {
            for violation in self.found.iter_mut().skip(before) {
                violation.description = format!("{origin}: {}", violation.description);
            }
        }
        result
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many are found so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Nothing wrong, or everything that is.
    ///
    /// # Errors
    /// [`OpError::Invalid`] with all violations.
    pub fn finish(self) -> Result<(), OpError> {
        if self.found.is_empty() { Ok(()) } else { Err(OpError::Invalid(self.found)) }
    }

    /// The value when nothing is wrong: the end of a conversion that gathered its parts as options.
    ///
    /// # Errors
    /// [`OpError::Invalid`] with all violations. A value missing without a violation is a defect and says so.
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T, OpError> {
        self.finish()?;
        value.ok_or_else(|| {
            OpError::internal("a request's value is missing although nothing is wrong with it")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_wrong_is_no_error() {
        assert!(Violations::new().finish().is_ok());
        assert_eq!(Violations::new().finish_with(Some(1)).unwrap(), 1);
        assert!(matches!(Violations::new().finish_with::<u8>(None), Err(OpError::Internal(_))));
    }
}
