use niva_calendar::NaiveDate;

use crate::{DistrictId, ServiceKey, file::Source, named};

named! {
    /// The law that a service is granted under.
    pub enum Law: "law" {
        /// Socialtjänstlagen.
        Sol = "SoL",
        /// Lagen om stöd och service till vissa funktionshindrade.
        Lss = "LSS",
    }
}

named! {
    /// Where a person may choose a unit.
    pub enum AreaOfChoice: "area of choice" {
        /// In the whole city.
        City = "city",
        /// Among the units that work in the district of the grant.
        OwnDistrict = "own_district",
    }
}

named! {
    /// What is given on an occasion, which is reported and paid by itself.
    pub enum OccasionKind: "kind of occasion" {
        /// Temporary support, an evening or a night.
        EveningNight = "evening_night",
    }
}

/// What the catalogue says of a service (insats).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceInfo {
    /// Its key.
    pub key: ServiceKey,
    /// Its name in Swedish.
    pub name_sv: String,
    /// Its name in English.
    pub name_en: String,
    /// The law that it is granted under.
    pub law: Law,
    /// A person has one placement of it at a time (two while switching).
    pub exclusive: bool,
    /// Where a person may choose.
    pub area_of_choice: AreaOfChoice,
    /// The family of instruments that its levels are measured by; `None` where nobody measures.
    pub measured_by: Option<String>,
    /// It is, or was, paid by decided sessions: schedules may be told.
    pub paid_by_sessions: bool,
    /// Occasions that may be reported for it.
    pub occasions: Vec<OccasionKind>,
    /// The actual premises cost of a place that is sold to another district is paid.
    pub premises_costs: bool,
    /// Whole kronor a month; an actual premises cost above it needs a second person. `None`: none does.
    pub premises_limit_sek: Option<u32>,
    /// Where that stands.
    pub source: Source,
}

/// A district board (stadsdelsnämnd), which grants and pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct District {
    /// Its id.
    pub id: DistrictId,
    /// Its name, for people.
    pub name: String,
    /// Its first day; `None` where the sources name none.
    pub valid_from: Option<NaiveDate>,
    /// Its last day; `None` while it lasts.
    pub valid_to: Option<NaiveDate>,
    /// The board that took over its people.
    pub successor: Option<DistrictId>,
    /// What needs saying about it.
    pub note: Option<String>,
    /// Where it stands.
    pub source: Source,
}

impl District {
    /// Whether the board was there on a day.
    #[must_use]
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// A key that the city's catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is no {kind} of {city}: one of {known}")]
pub struct UnknownKey {
    /// What was looked for, in words.
    pub kind: &'static str,
    /// What was given.
    pub key: String,
    /// The city.
    pub city: String,
    /// What could have been given.
    pub known: String,
}

/// Why a district is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DistrictRefused {
    /// `DISTRICT_UNKNOWN`
    #[error(transparent)]
    Unknown(UnknownKey),
    /// `DISTRICT_NOT_VALID`
    #[error("{}", not_valid(.district, *.day))]
    NotValid {
        /// The board.
        district: Box<District>,
        /// The day on which it was not there.
        day: NaiveDate,
    },
}

fn not_valid(district: &District, day: NaiveDate) -> String {
    let id = &district.id;
    match (district.valid_to.filter(|last| *last < day), district.valid_from) {
        (Some(last), _) => {
            let instead = match &district.successor {
                Some(successor) => format!("name {successor}, which succeeded it"),
                None => "name a board of that day".to_owned(),
            };
            format!("the board {id} was there through {last}, not on {day}: {instead}")
        }
        (None, Some(first)) => {
            format!("the board {id} is there from {first}, not on {day}: name a board of that day")
        }
        (None, None) => format!("the board {id} was not there on {day}: name a board of that day"),
    }
}

impl DistrictRefused {
    /// The stable name of the error.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "DISTRICT_UNKNOWN",
            Self::NotValid { .. } => "DISTRICT_NOT_VALID",
        }
    }
}

/// A city's services and district boards: data, read from a file and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCatalogue {
    /// The city's name.
    pub city: String,
    /// The text of its file.
    pub(crate) text: String,
    /// In the order of the file; keys are unique.
    pub(crate) services: Vec<ServiceInfo>,
    /// In the order of the file; ids are unique.
    pub(crate) districts: Vec<District>,
}

impl ServiceCatalogue {
    /// The text of the file that it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All services, in the order of the file.
    #[must_use]
    pub fn services(&self) -> &[ServiceInfo] {
        &self.services
    }

    /// All district boards of all days, in the order of the file.
    #[must_use]
    pub fn districts(&self) -> &[District] {
        &self.districts
    }

    /// The boards of a day, in the order of the file.
    pub fn districts_on(&self, day: NaiveDate) -> impl Iterator<Item = &District> {
        self.districts.iter().filter(move |d| d.is_valid_on(day))
    }

    /// The service with a key.
    ///
    /// # Errors
    /// `SERVICE_UNKNOWN`: there is none.
    pub fn service(&self, key: &str) -> Result<&ServiceInfo, UnknownKey> {
        let found = self.services.iter().find(|s| s.key.as_str() == key);
        found.ok_or_else(|| self.unknown("service", key, self.services.iter().map(|s| s.key.as_str())))
    }

    /// The board with an id, whenever it was there.
    ///
    /// # Errors
    /// `DISTRICT_UNKNOWN`: there is none.
    pub fn district(&self, id: &DistrictId) -> Result<&District, UnknownKey> {
        let found = self.districts.iter().find(|d| d.id == *id);
        found.ok_or_else(|| {
            self.unknown("district board", id.as_str(), self.districts.iter().map(|d| d.id.as_str()))
        })
    }

    /// The board with an id, which must have been there on a day.
    ///
    /// # Errors
    /// `DISTRICT_UNKNOWN`, `DISTRICT_NOT_VALID`.
    pub fn district_on(&self, id: &DistrictId, day: NaiveDate) -> Result<&District, DistrictRefused> {
        let district = self.district(id).map_err(DistrictRefused::Unknown)?;
        if district.is_valid_on(day) {
            return Ok(district);
        }
        Err(DistrictRefused::NotValid { district: Box::new(district.clone()), day })
    }

    fn unknown<'a>(&self, kind: &'static str, key: &str, known: impl Iterator<Item = &'a str>) -> UnknownKey {
        UnknownKey {
            kind,
            key: key.chars().take(100).collect(),
            city: self.city.clone(),
            known: known.collect::<Vec<_>>().join(", "),
        }
    }
}
