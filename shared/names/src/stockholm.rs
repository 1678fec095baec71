//! The keys of the shipped catalogue, for what makes and tests that city. No rule may name one of them: what belongs to a
//! service is said by the catalogue and by the models.

use crate::ServiceKey;

/// A key that stands in code; the compiler refuses a wrong one.
const fn key(text: &str) -> ServiceKey {
    match ServiceKey::new(text) {
        Some(key) => key,
        None => unreachable!(),
    }
}

/// Bostad med särskild service, socialpsykiatri.
pub const HOUSING_WITH_SPECIAL_SERVICE: ServiceKey = key("housing_with_special_service");
/// Stödboende.
pub const SUPPORTED_HOUSING: ServiceKey = key("supported_housing");
/// Boendestöd.
pub const HOUSING_SUPPORT: ServiceKey = key("housing_support");
/// Sysselsättning.
pub const OCCUPATION: ServiceKey = key("occupation");
/// Cirkelverksamhet.
pub const STUDY_CIRCLE: ServiceKey = key("study_circle");
/// Daglig verksamhet, LSS.
pub const DAILY_ACTIVITIES_LSS: ServiceKey = key("daily_activities_lss");
/// Servicebostad, LSS.
pub const SERVICE_HOUSING_LSS: ServiceKey = key("service_housing_lss");
/// Gruppbostad, LSS.
pub const GROUP_HOUSING_LSS: ServiceKey = key("group_housing_lss");

/// All of them, in the order of the file.
pub const SERVICES: [ServiceKey; 8] = [
    HOUSING_WITH_SPECIAL_SERVICE,
    SUPPORTED_HOUSING,
    HOUSING_SUPPORT,
    OCCUPATION,
    STUDY_CIRCLE,
    DAILY_ACTIVITIES_LSS,
    SERVICE_HOUSING_LSS,
    GROUP_HOUSING_LSS,
];
