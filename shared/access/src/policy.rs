//! Which roles a method is open to.

use std::collections::BTreeMap;

use niva_base::OpError;

use crate::caller::{Caller, Role};

/// Services that anybody may call: they tell of the server, not of people.
const OPEN: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Roles by full method path. A method without a rule is closed to everybody.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: BTreeMap<String, Vec<Role>>,
}

impl Policy {
    /// Everything closed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a method, `/niva.payment.v1.PaymentService/CreatePaymentRun`, to callers with any of `roles`.
    #[must_use]
    pub fn allow(mut self, path: impl Into<String>, roles: &[Role]) -> Self {
        self.rules.insert(path.into(), roles.to_vec());
        self
    }

    /// Opens methods of one service, `niva.payment.v1.PaymentService`.
    #[must_use]
    pub fn service(self, service: &str, rules: &[(&str, &[Role])]) -> Self {
        rules.iter().fold(self, |policy, (method, roles)| policy.allow(format!("/{service}/{method}"), roles))
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

    /// Lets the caller pass, by the first of the method's roles that they have, or says why not.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`: `METHOD_CLOSED`, `ROLE_MISSING`.
    pub fn check(&self, path: &str, caller: &Caller) -> Result<Role, OpError> {
        let Some(roles) = self.rules.get(path) else {
            return Err(OpError::denied("METHOD_CLOSED", format!("{path} is open to nobody here")));
        };
        if let Some(role) = roles.iter().find(|role| caller.has(**role)) {
            return Ok(*role);
        }
        let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        Err(OpError::denied(
            "ROLE_MISSING",
            format!("{path} needs one of the roles {}; call as somebody who has it", names.join(", ")),
        ))
    }
}
