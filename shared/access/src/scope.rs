//! What one call may see and change.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use niva_base::OpError;
use niva_facts::Author;
use niva_names::{DistrictId, PersonId, ProviderId};

use crate::call::Call;
use crate::record::Record;

/// What bounds a role in a method, as the contract's method option says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// The person of the token's subject.
    Person,
    /// What the token's subject has made.
    Author,
    /// The provider of the token's claim.
    Provider,
    /// The districts of the token's claim.
    Districts,
    /// Nothing: all that the method has.
    None,
}

/// Why an id for something new is refused.
pub const OUTSIDE_NAMESPACE: &str = "begins with none of your districts, or not with your provider: begin it so \
                                     (\"farsta-17\"), or leave it out";

/// What a call reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything that the method has: the whole city.
    City,
    /// What belongs to these districts; never none.
    Districts(BTreeSet<DistrictId>),
    /// What belongs to this provider.
    Provider(ProviderId),
    /// What is the person's own.
    Person(PersonId),
    /// What this caller has made.
    Author(String),
}

/// What one call may see and change, and in whose name it is made: all that an operation knows of its caller. Made by
/// the policy, from the role that opened the method and the token's claims; a second role never widens it.
#[derive(Clone, Debug)]
pub struct Scope {
    author: Author,
    reach: Reach,
    protected: bool,
    call: Arc<Call>,
}

/// The same author reaches the same, whatever the call is.
impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        (&self.author, &self.reach, self.protected) == (&other.author, &other.reach, other.protected)
    }
}

impl Eq for Scope {}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::City => f.write_str("city"),
            Self::Districts(districts) => {
                let names: Vec<&str> = districts.iter().map(AsRef::as_ref).collect();
                write!(f, "districts:{}", names.join(","))
            }
            Self::Provider(provider) => write!(f, "provider:{provider}"),
            Self::Person(person) => write!(f, "person:{person}"),
            Self::Author(author) => write!(f, "author:{author}"),
        }
    }
}

impl Scope {
    /// A call in somebody's name that reaches so far.
    #[must_use]
    pub fn new(author: Author, reach: Reach) -> Self {
        let (subject, role) = (author.subject.clone(), author.role.clone());
        let made = Record { subject, role, scope: reach.to_string(), ..Record::default() };
        Self { author, reach, protected: false, call: Arc::new(Call::new(made, None)) }
    }

    /// The same for a caller who may see protected identities, or may not.
    #[must_use]
    pub fn with_protected(self, protected: bool) -> Self {
        Self { protected, ..self }
    }

    /// Whether the call may see protected identities: its caller has the right, and it says what it is for.
    #[must_use]
    pub fn sees_protected(&self) -> bool {
        self.protected && self.call.has_purpose()
    }

    /// The same in a call that is recorded.
    #[must_use]
    pub fn in_call(self, call: &Arc<Call>) -> Self {
        Self { call: Arc::clone(call), ..self }
    }

    /// The call, for its record.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The author of what the call tells.
    #[must_use]
    pub const fn author(&self) -> &Author {
        &self.author
    }

    /// What it reaches: a store's query has an arm for each.
    #[must_use]
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The districts that it is bounded by; `None` for the whole city. What is bounded by a provider, a person or an
    /// author is in no district.
    #[must_use]
    pub fn districts(&self) -> Option<&BTreeSet<DistrictId>> {
        static NONE: BTreeSet<DistrictId> = BTreeSet::new();
        match &self.reach {
            Reach::City => None,
            Reach::Districts(districts) => Some(districts),
            Reach::Provider(_) | Reach::Person(_) | Reach::Author(_) => Some(&NONE),
        }
    }

    /// Whether it reaches what belongs to a district.
    #[must_use]
    pub fn holds_district(&self, district: &DistrictId) -> bool {
        self.districts().is_none_or(|districts| districts.contains(district))
    }

    /// Refuses to tell in the name of a district board that the call does not reach. What the caller says alone decides:
    /// nothing is looked up, and nothing told of what others know.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`: `DISTRICT_NOT_YOURS`.
    pub fn in_district(&self, district: &DistrictId) -> Result<(), OpError> {
        if self.holds_district(district) {
            return Ok(());
        }
        let words = format!("{district} is not one of your districts: ask an officer of that board");
        Err(OpError::denied("DISTRICT_NOT_YOURS", words))
    }

    /// Refuses an id for something new that is in somebody else's namespace: whoever is bounded begins it with the
    /// district, the provider or the subject, so that a taken id tells of nobody else's. What the service `made` itself
    /// is in nobody's.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`: `ID_OUTSIDE_NAMESPACE`.
    pub fn own_name(&self, field: &str, given: &str, made: &str) -> Result<(), OpError> {
        match self.may_name(given, made) {
            true => Ok(()),
            false => Err(OpError::invalid(field, "ID_OUTSIDE_NAMESPACE", OUTSIDE_NAMESPACE)),
        }
    }

    /// [`Self::own_name`], for who tells several violations at once, in the words of [`OUTSIDE_NAMESPACE`].
    #[must_use]
    pub fn may_name(&self, given: &str, made: &str) -> bool {
        given == made || self.names(given)
    }

    /// The provider that it is bounded by.
    #[must_use]
    pub fn provider(&self) -> Option<&ProviderId> {
        match &self.reach {
            Reach::Provider(provider) => Some(provider),
            Reach::City | Reach::Districts(_) | Reach::Person(_) | Reach::Author(_) => None,
        }
    }

    fn names(&self, given: &str) -> bool {
        let begins =
            |name: &str| given.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', ':', '/', '.']));
        match &self.reach {
            Reach::City => true,
            Reach::Districts(districts) => districts.iter().any(|district| begins(district.as_str())),
            Reach::Provider(provider) => begins(provider.as_str()),
            Reach::Person(person) => begins(person.as_str()),
            Reach::Author(author) => begins(author),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(reach: Reach) -> Scope {
        Scope::new(Author { subject: "anna".into(), role: "case_officer".into() }, reach)
    }

    #[test]
    fn a_bounded_call_is_in_its_districts_and_no_other() {
        let farsta = scope(Reach::Districts(["farsta".into()].into()));
        assert!(farsta.holds_district(&"farsta".into()) && !farsta.holds_district(&"jarva".into()));
        assert!(scope(Reach::City).holds_district(&"jarva".into()));
        for none in [Reach::Provider("p1".into()), Reach::Person("x".into())] {
            assert!(!scope(none).holds_district(&"farsta".into()));
        }
    }

    #[test]
    fn an_id_is_given_in_a_namespace_of_ones_own() {
        let farsta = scope(Reach::Districts(["farsta".into()].into()));
        assert!(farsta.names("farsta-17"));
        for other in ["17", "farsta", "farsta17", "jarva-17", ""] {
            assert!(!farsta.names(other), "{other}");
        }
        assert!(scope(Reach::City).names("17"));
        assert!(!scope(Reach::Provider("p1".into())).names("p2-17"));
    }
}
