//! The caller of a request.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What somebody is there to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Measures how much support a person needs.
    Assessor,
    /// Grants support and places people.
    CaseOfficer,
    /// Runs units.
    Provider,
    /// Makes payment runs.
    FinanceMaker,
    /// Approves payment runs.
    FinanceApprover,
    /// Reads figures.
    Analyst,
    /// Reads everything, changes nothing.
    Auditor,
    /// Keeps registers and prices.
    Administrator,
    /// Another service of the system.
    Service,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Assessor,
        Self::CaseOfficer,
        Self::Provider,
        Self::FinanceMaker,
        Self::FinanceApprover,
        Self::Analyst,
        Self::Auditor,
        Self::Administrator,
        Self::Service,
    ];

    /// The name in a token's `niva_roles`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assessor => "assessor",
            Self::CaseOfficer => "case_officer",
            Self::Provider => "provider",
            Self::FinanceMaker => "finance_maker",
            Self::FinanceApprover => "finance_approver",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// No role has this name.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no role {0}; the roles are assessor, case_officer, provider, finance_maker, finance_approver, analyst, auditor, administrator, service"
)]
pub struct UnknownRole(String);

/// Who calls, as the token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Opaque id of the person or system at the issuer.
    pub subject: String,
    /// What they are there to do.
    pub roles: BTreeSet<Role>,
    /// Districts whose data they may see; empty: all.
    pub districts: Vec<String>,
    /// The provider they act for, if any.
    pub provider: Option<String>,
}

impl Caller {
    /// A caller with these roles, all districts, no provider.
    pub fn new(subject: impl Into<String>, roles: impl IntoIterator<Item = Role>) -> Self {
        Self {
            subject: subject.into(),
            roles: roles.into_iter().collect(),
            districts: Vec::new(),
            provider: None,
        }
    }

    /// Whether they have the role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether they may see a district's data.
    #[must_use]
    pub fn sees(&self, district: &str) -> bool {
        self.districts.is_empty() || self.districts.iter().any(|d| d == district)
    }
}
