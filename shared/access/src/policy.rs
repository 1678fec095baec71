//! Which roles a method is open to.

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_facts::Author;

use crate::caller::{ALL_DISTRICTS, Caller, Role};
use crate::scope::{Bound, Reach, Scope};

/// Services that anybody may call: they tell of the server, not of people.
const OPEN: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Roles that open a method, and what bounds them there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The role.
    pub role: Role,
    /// What bounds it.
    pub bound: Bound,
}

/// What opens each method, by its full path. A method without a rule is closed to everybody.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: BTreeMap<String, Vec<Opening>>,
}

impl Policy {
    /// Everything closed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a method, `/niva.payment.v1.RunService/CreatePaymentRun`.
    #[must_use]
    pub fn open(mut self, path: impl Into<String>, openings: impl IntoIterator<Item = Opening>) -> Self {
        let mut openings: Vec<_> = openings.into_iter().collect();
        // The narrowest first: who has two roles that open the method is bounded by the narrower.
        openings.sort_by_key(|opening| (opening.bound, opening.role));
        self.rules.insert(path.into(), openings);
        self
    }

    /// Opens a method to roles that nothing bounds there.
    #[must_use]
    pub fn allow(self, path: impl Into<String>, roles: &[Role]) -> Self {
        self.open(path, roles.iter().map(|role| Opening { role: *role, bound: Bound::None }))
    }

    /// The rules of both: a process that serves several services.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }

    /// Paths that have a rule, in order: a test compares them with the contract.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// Whether a method needs no caller.
    #[must_use]
    pub fn is_open(path: &str) -> bool {
        OPEN.iter().any(|open| path.starts_with(open))
    }

    /// Whether a method is a feed: open to machines that follow it, and to nobody else.
    #[must_use]
    pub fn is_feed(&self, path: &str) -> bool {
        let of = |openings: &Vec<Opening>| openings.iter().all(|opening| opening.role == Role::FeedReader);
        self.rules.get(path).is_some_and(of)
    }

    /// Lets the caller pass, by the role with the narrowest bound that they have, or says why not.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`: `METHOD_CLOSED`, `ROLE_MISSING`, `SCOPE_MISSING`.
    pub fn check(&self, path: &str, caller: &Caller) -> Result<Scope, OpError> {
        let Some(openings) = self.rules.get(path) else {
            return Err(OpError::denied("METHOD_CLOSED", format!("{path} is open to nobody here")));
        };
        let Some(opening) = openings.iter().find(|opening| caller.has(opening.role)) else {
            let names: Vec<_> = openings.iter().map(|opening| opening.role.as_str()).collect();
            let words =
                format!("{path} needs one of the roles {}; call as somebody who has it", names.join(", "));
            return Err(OpError::denied("ROLE_MISSING", words));
        };
        let author = Author { subject: caller.subject.clone(), role: opening.role.as_str().to_owned() };
        Ok(Scope::new(author, reach(opening, caller)?).with_protected(caller.sees_protected))
    }
}

/// What the role reaches, by the token's claims. A claim that is missing means nothing, never all.
fn reach(opening: &Opening, caller: &Caller) -> Result<Reach, OpError> {
    let missing = |claim: &str| {
        let words = format!("the token's {claim} is missing, so that {} sees nothing here", opening.role);
        OpError::denied("SCOPE_MISSING", words)
    };
    match opening.bound {
        Bound::None => Ok(Reach::City),
        Bound::Person => Ok(Reach::Person(caller.subject.as_str().into())),
        Bound::Author => Ok(Reach::Author(caller.subject.clone())),
        Bound::Districts if caller.districts.iter().any(|d| d == ALL_DISTRICTS) => Ok(Reach::City),
        Bound::Districts if caller.districts.is_empty() => Err(missing("niva_districts")),
        Bound::Districts => {
            Ok(Reach::Districts(caller.districts.iter().map(|id| id.as_str().into()).collect()))
        }
        Bound::Provider => caller
            .provider
            .clone()
            .map(|id| Reach::Provider(id.into()))
            .ok_or_else(|| missing("niva_provider")),
    }
}
