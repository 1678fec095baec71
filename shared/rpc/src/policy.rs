//! The policy that the contract's method options say.

use niva_access::{Bound, Opening, Policy, Role};
use niva_proto::METHODS;
use niva_proto::common::v1;

/// Who may call the methods of a package, `niva.assessment.v1`: as its method options say. A method without the option
/// is closed to everybody.
#[must_use]
pub fn policy(package: &str) -> Policy {
    let own = METHODS.iter().filter(|method| {
        method
            .path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(package))
            .is_some_and(|rest| rest.starts_with('.'))
    });
    own.fold(Policy::new(), |policy, method| {
        let openings = method.open.iter().flat_map(|opening| {
            let roles = opening.roles.iter().filter_map(|role| read(*role));
            bound(opening.scope)
                .into_iter()
                .flat_map(move |bound| roles.clone().map(move |role| Opening { role, bound }))
        });
        policy.open(method.path, openings)
    })
}

/// The role by its name: `ROLE_CASE_OFFICER` is `case_officer`.
fn read(role: v1::Role) -> Option<Role> {
    role.as_str_name().strip_prefix("ROLE_")?.to_lowercase().parse().ok()
}

/// What bounds the roles; a scope that nobody knows opens nothing.
const fn bound(scope: v1::Scope) -> Option<Bound> {
    match scope {
        v1::Scope::Unspecified => None,
        v1::Scope::None => Some(Bound::None),
        v1::Scope::Districts => Some(Bound::Districts),
        v1::Scope::Provider => Some(Bound::Provider),
        v1::Scope::Person => Some(Bound::Person),
        v1::Scope::Author => Some(Bound::Author),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_the_contract_is_one_of_a_caller() {
        let contract = (1..).map_while(|n| v1::Role::try_from(n).ok()).map(read);
        let contract: Vec<Role> = contract.map(|role| role.expect("a role of that name")).collect();
        assert_eq!(contract.len(), 14);
    }

    #[test]
    fn a_package_has_its_own_methods_only() {
        let policy = policy("niva.choice.v1");
        assert!(policy.paths().count() > 0);
        assert!(policy.paths().all(|path| path.starts_with("/niva.choice.v1.")), "{policy:?}");
    }
}
