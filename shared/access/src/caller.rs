//! The caller of a request.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What somebody is there to do: the roles of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Measures how much support a person needs, at the central unit.
    Assessor,
    /// Leads the central unit.
    AssessmentLead,
    /// Grants support and places people, for a district board.
    CaseOfficer,
    /// Keeps queues, rounds and vacancies, for the city.
    PlacementOfficer,
    /// Runs units.
    Provider,
    /// Makes payment runs.
    FinanceMaker,
    /// Approves payment runs.
    FinanceApprover,
    /// The city's ERP.
    Erp,
    /// Reads figures.
    Analyst,
    /// Reads everything, changes nothing.
    Auditor,
    /// Keeps registers and configuration.
    Administrator,
    /// A machine that follows a feed.
    FeedReader,
    /// A machine that imports.
    Importer,
    /// The person.
    Person,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Assessor,
        Self::AssessmentLead,
        Self::CaseOfficer,
        Self::PlacementOfficer,
        Self::Provider,
        Self::FinanceMaker,
        Self::FinanceApprover,
        Self::Erp,
        Self::Analyst,
        Self::Auditor,
        Self::Administrator,
        Self::FeedReader,
        Self::Importer,
        Self::Person,
    ];

    /// The name in a token's `niva_roles`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assessor => "assessor",
            Self::AssessmentLead => "assessment_lead",
            Self::CaseOfficer => "case_officer",
            Self::PlacementOfficer => "placement_officer",
            Self::Provider => "provider",
            Self::FinanceMaker => "finance_maker",
            Self::FinanceApprover => "finance_approver",
            Self::Erp => "erp",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::FeedReader => "feed_reader",
            Self::Importer => "importer",
            Self::Person => "person",
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
#[error("there is no role {0}; the roles are {known}", known = Role::ALL.map(Role::as_str).join(", "))]
pub struct UnknownRole(String);

/// What `niva_districts` says for all of them.
pub const ALL_DISTRICTS: &str = "*";

/// What `niva_rights` says of who may see protected identities.
pub(crate) const PROTECTED_IDENTITIES: &str = "protected_identities";

/// Who calls, as the token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Opaque id of the person or system at the issuer.
    pub subject: String,
    /// What they are there to do.
    pub roles: BTreeSet<Role>,
    /// Districts whose data they may see; `"*"` is all of them, and none is none.
    pub districts: Vec<String>,
    /// The provider they act for, if any.
    pub provider: Option<String>,
    /// Whether they may see identities that are protected.
    pub sees_protected: bool,
}

impl Caller {
    /// A caller with these roles, all districts, no provider, no right beside.
    pub fn new(subject: impl Into<String>, roles: impl IntoIterator<Item = Role>) -> Self {
        Self {
            subject: subject.into(),
            roles: roles.into_iter().collect(),
            districts: vec![ALL_DISTRICTS.to_owned()],
            provider: None,
            sees_protected: false,
        }
    }

    /// Whether they have the role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
