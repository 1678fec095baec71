//! How many people of which kind there are. Published and reconstructed counts are as their sources have them; what
//! is invented is marked.

use niva_models::Extent;
use niva_names::{ServiceKey, stockholm};

/// People who have the same service, level and scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The service.
    pub service: ServiceKey,
    /// Their level in March 2024; `None` where the service has none.
    pub level: Option<u8>,
    /// Full or part time.
    pub extent: Option<Extent>,
    /// Fewest and most hours a week.
    pub hours: Option<(u8, u8)>,
    /// Time interval of occupation.
    pub time_interval: Option<u8>,
    /// Personal assistance during the service.
    pub personal_assistance: bool,
    /// How many.
    pub people: u16,
}

/// Published for 2025-01-01 … 03-31 by the social services administration (budget report on resource measuring):
/// 137 and 184 people, levels 1 to 3.
const HOUSING: [(ServiceKey, [u16; 3]); 2] =
    [(stockholm::HOUSING_WITH_SPECIAL_SERVICE, [21, 59, 57]), (stockholm::SUPPORTED_HOUSING, [76, 82, 26])];

/// Published: 86 people in Norrmalm in May 2009. Invented: their levels.
const HOUSING_SUPPORT: [u16; 3] = [34, 35, 17];

/// Published: 108 people with occupation in Norrmalm in May 2009, study circles included. Invented: how many of them
/// are in a circle (18), and the three time intervals, which came in 2019.
const OCCUPATION: [u16; 3] = [41, 32, 17];
const STUDY_CIRCLE: u16 = 18;

/// Reconstructed for 2023-08-26: the published table has people and cost by group, 3 204 people in all, and no
/// levels. This is the smoothest distribution in whole people over levels 1 to 7 that gives every printed figure back.
const DAILY_ACTIVITIES: [Variant; 6] = [
    (Extent::FullTime, (25, 40), false, [55, 425, 304, 245, 195, 70, 246]),
    (Extent::PartTime, (11, 24), false, [72, 414, 189, 90, 42, 9, 26]),
    (Extent::PartTime, (1, 10), false, [59, 339, 155, 73, 34, 8, 21]),
    (Extent::FullTime, (25, 40), true, [1, 1, 3, 5, 11, 30, 27]),
    (Extent::PartTime, (11, 24), true, [0, 1, 3, 3, 4, 7, 12]),
    (Extent::PartTime, (1, 10), true, [0, 1, 2, 4, 4, 5, 9]),
];

/// Full or part time, hours a week, personal assistance, people by level.
type Variant = (Extent, (u8, u8), bool, [u16; 7]);

/// Everyone in the shipped city.
#[must_use]
pub fn groups() -> Vec<Group> {
    let plain = |service, level, people| Group {
        service,
        level,
        extent: None,
        hours: None,
        time_interval: None,
        personal_assistance: false,
        people,
    };
    let mut groups = Vec::new();
    for (service, levels) in HOUSING.into_iter().chain([(stockholm::HOUSING_SUPPORT, HOUSING_SUPPORT)]) {
        groups.extend((1..).zip(levels).map(|(level, people)| plain(service, Some(level), people)));
    }
    groups.extend((1..).zip(OCCUPATION).map(|(interval, people)| Group {
        time_interval: Some(interval),
        ..plain(stockholm::OCCUPATION, None, people)
    }));
    groups.push(plain(stockholm::STUDY_CIRCLE, None, STUDY_CIRCLE));
    for (extent, hours, personal_assistance, levels) in DAILY_ACTIVITIES {
        groups.extend((1..).zip(levels).map(|(level, people)| Group {
            extent: Some(extent),
            hours: Some(hours),
            personal_assistance,
            ..plain(stockholm::DAILY_ACTIVITIES_LSS, Some(level), people)
        }));
    }
    groups
}

/// Totals that give a level, and the step between attainable ones, as the published scales in force in 2024 have them.
/// The open last band of housing support ends at the instrument's 72.
#[must_use]
pub fn band(service: ServiceKey, level: u8) -> Option<(u16, u16, u16)> {
    let bands: &[(u16, u16)] = match service {
        stockholm::HOUSING_WITH_SPECIAL_SERVICE => &[(0, 14), (16, 38), (40, 72)],
        stockholm::SUPPORTED_HOUSING => &[(0, 12), (14, 36), (38, 72)],
        stockholm::HOUSING_SUPPORT => &[(0, 10), (12, 34), (36, 72)],
        stockholm::OCCUPATION => &[(0, 8), (10, 16), (18, 24)],
        stockholm::DAILY_ACTIVITIES_LSS => {
            &[(0, 15), (16, 25), (26, 40), (41, 55), (56, 70), (71, 85), (86, 110)]
        }
        _ => &[],
    };
    let step = if service == stockholm::DAILY_ACTIVITIES_LSS { 1 } else { 2 };
    let (from, to) = *bands.get(usize::from(level).checked_sub(1)?)?;
    Some((from, to, step))
}
