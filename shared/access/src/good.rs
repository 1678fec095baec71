//! What a good token says.

use std::collections::BTreeSet;

use niva_base::OpError;
use serde::Deserialize;

use crate::caller::{Caller, PROTECTED_IDENTITIES, Role};
use crate::claims::MAX_LIFETIME;

/// How far two machines' clocks may be apart, in seconds.
const LEEWAY: i64 = 30;

/// What we read of a token once `jsonwebtoken` has checked `iss` and `aud` (which may be a list). Without `exp` and `iat`
/// it cannot be read.
#[derive(Deserialize)]
pub(crate) struct Checked {
    sub: String,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    niva_roles: Vec<String>,
    #[serde(default)]
    niva_districts: Vec<String>,
    #[serde(default)]
    niva_provider: Option<String>,
    #[serde(default)]
    niva_rights: Vec<String>,
}

/// What a token says that was verified: good while its times are.
#[derive(Clone)]
pub(crate) struct Good {
    pub(crate) caller: Caller,
    pub(crate) issued: i64,
    pub(crate) not_before: Option<i64>,
    pub(crate) expires: i64,
}

impl Good {
    /// The caller, when the token is good at `now`.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_EXPIRED`, `TOKEN_NOT_YET_VALID`.
    pub(crate) fn at(self, now: i64) -> Result<Caller, OpError> {
        if self.expires.saturating_add(LEEWAY) < now {
            return Err(unauthenticated("TOKEN_EXPIRED", "the token has expired; get a new one"));
        }
        if self.not_before.unwrap_or(self.issued).max(self.issued) > now.saturating_add(LEEWAY) {
            let words = "the token is not valid yet; check the clocks";
            return Err(unauthenticated("TOKEN_NOT_YET_VALID", words));
        }
        Ok(self.caller)
    }

    /// What the claims say, when they are such as a token of ours has.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_INVALID`.
    pub(crate) fn read(claims: Checked) -> Result<Good, OpError> {
        if claims.exp.saturating_sub(claims.iat) > MAX_LIFETIME.num_seconds() {
            let words = format!("is good for longer than {} hours", MAX_LIFETIME.num_hours());
            return Err(invalid(&words));
        }
        // Subjects are compared exactly: what reads like another's is nobody's.
        if claims.sub.is_empty()
            || claims.sub.trim() != claims.sub
            || claims.sub.chars().any(char::is_control)
        {
            return Err(invalid("has a sub that is blank, padded or unprintable"));
        }
        // Roles that are not ours open nothing here.
        let roles: BTreeSet<Role> = claims.niva_roles.iter().filter_map(|name| name.parse().ok()).collect();
        if roles.contains(&Role::FinanceMaker) && roles.contains(&Role::FinanceApprover) {
            return Err(invalid("has both finance_maker and finance_approver, which one person never has"));
        }
        let caller = Caller {
            subject: claims.sub,
            roles,
            districts: claims.niva_districts,
            provider: claims.niva_provider,
            sees_protected: claims.niva_rights.iter().any(|right| right == PROTECTED_IDENTITIES),
        };
        Ok(Good { caller, issued: claims.iat, not_before: claims.nbf, expires: claims.exp })
    }
}

/// A token that is none of ours, and why.
pub(crate) fn invalid(problem: &str) -> OpError {
    unauthenticated("TOKEN_INVALID", &format!("the token {problem}; get one from this service's issuer"))
}

fn unauthenticated(reason: &'static str, message: &str) -> OpError {
    OpError::Unauthenticated { reason, message: message.to_owned() }
}
