use niva_names::{ServiceCatalogue, ServiceKey};
use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Area, Grade, Instrument, Instruments, Item};

/// No instrument gives more points than this; keeps sums far from the ends of their type.
const MAX_TOTAL: u32 = 10_000;

const SHIPPED: [(&str, &str); 5] = [
    ("daily-activities-lss.toml", include_str!("../../data/instruments/daily-activities-lss.toml")),
    ("housing-support.toml", include_str!("../../data/instruments/housing-support.toml")),
    (
        "housing-with-special-service.toml",
        include_str!("../../data/instruments/housing-with-special-service.toml"),
    ),
    ("occupation.toml", include_str!("../../data/instruments/occupation.toml")),
    ("supported-housing.toml", include_str!("../../data/instruments/supported-housing.toml")),
];

/// Why instrument files are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstrumentError {
    /// It is no TOML, or has other keys than an instrument's.
    #[error("{file}: {message}")]
    Unreadable {
        /// The file.
        file: String,
        /// Where and what.
        message: String,
    },
    /// Its content is wrong.
    #[error("{file}: {}", .problems.join("; "))]
    Wrong {
        /// The file.
        file: String,
        /// All that is wrong, each with what to do.
        problems: Vec<String>,
    },
    /// The city's catalogue says that a service is measured by what nobody has.
    #[error(
        "service {service} is measured by `{key}` (`measured_by` in the catalogue), and there is no such instrument"
    )]
    Missing {
        /// The service.
        service: ServiceKey,
        /// Key of the instrument.
        key: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    version: u16,
    title: String,
    example: bool,
    gradings: Vec<GradingEntry>,
    areas: Vec<AreaEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradingEntry {
    key: String,
    grades: Vec<GradeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeEntry {
    score: u16,
    meaning: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AreaEntry {
    key: String,
    title: String,
    items: Vec<ItemEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemEntry {
    key: String,
    title: String,
    grading: String,
}

impl Instruments {
    /// The examples that are shipped, for a city.
    ///
    /// # Errors
    /// The city measures a service by another instrument.
    pub fn shipped(city: &ServiceCatalogue) -> Result<Self, InstrumentError> {
        Self::parse(&SHIPPED, city)
    }

    /// Reads instrument files, given as names and texts; the city's catalogue says which service each measures for.
    ///
    /// # Errors
    /// The first file that is refused, with all that is wrong in it; a service whose instrument is not there.
    pub fn parse(files: &[(&str, &str)], city: &ServiceCatalogue) -> Result<Self, InstrumentError> {
        let mut instruments: Vec<Instrument> = Vec::new();
        for (name, text) in files {
            let instrument = parse(name, text, city)?;
            if instruments.iter().any(|i| i.id == instrument.id) {
                let problem =
                    format!("instrument {} stands in another file too: raise `version`", instrument.id);
                return Err(InstrumentError::Wrong { file: (*name).to_owned(), problems: vec![problem] });
            }
            instruments.push(instrument);
        }
        for service in city.services() {
            let Some(key) = &service.measured_by else { continue };
            if !instruments.iter().any(|instrument| instrument.services.contains(&service.key)) {
                return Err(InstrumentError::Missing { service: service.key, key: key.clone() });
            }
        }
        Ok(Self::new(instruments))
    }
}

fn parse(name: &str, text: &str, city: &ServiceCatalogue) -> Result<Instrument, InstrumentError> {
    let file: File = toml::from_str(text)
        .map_err(|e| InstrumentError::Unreadable { file: name.to_owned(), message: e.to_string() })?;
    let problems = problems(&file);
    if !problems.is_empty() {
        return Err(InstrumentError::Wrong { file: name.to_owned(), problems });
    }
    let grades = |key: &str| {
        let grading = file.gradings.iter().find(|g| g.key == key);
        grading.map_or_else(Vec::new, |g| {
            g.grades.iter().map(|g| Grade { score: g.score, meaning: g.meaning.clone() }).collect()
        })
    };
    let item =
        |i: &ItemEntry| Item { key: i.key.clone(), title: i.title.clone(), grades: grades(&i.grading) };
    let area = |a: &AreaEntry| Area {
        key: a.key.clone(),
        title: a.title.clone(),
        items: a.items.iter().map(item).collect(),
    };
    let measured = city.services().iter().filter(|service| service.measured_by.as_ref() == Some(&file.key));
    Ok(Instrument {
        services: measured.map(|service| service.key).collect(),
        id: format!("{}/{}", file.key, file.version).into(),
        version: file.version,
        example: file.example,
        areas: file.areas.iter().map(area).collect(),
        title: file.title,
    })
}

fn problems(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut require = |holds: bool, problem: String| {
        if !holds {
            found.push(problem);
        }
    };
    require(!file.key.trim().is_empty(), "`key` is empty: name the instrument".to_owned());
    require(file.version >= 1, "`version` is 0: begin with 1".to_owned());
    require(!file.areas.is_empty(), "`areas` is empty: an instrument has at least one".to_owned());
    for key in repeated(file.gradings.iter().map(|g| g.key.as_str())) {
        require(false, format!("grading `{key}` stands twice: rename one"));
    }
    for key in repeated(file.areas.iter().map(|a| a.key.as_str())) {
        require(false, format!("area `{key}` stands twice: rename one"));
    }
    for key in repeated(items(file).map(|i| i.key.as_str())) {
        require(false, format!("item `{key}` stands twice: rename one"));
    }
    for area in &file.areas {
        require(!area.items.is_empty(), format!("area `{}` has no items: give it at least one", area.key));
    }
    for item in items(file) {
        let known = file.gradings.iter().any(|g| g.key == item.grading);
        require(
            known,
            format!("item `{}` has grading `{}`, which is not in `gradings`", item.key, item.grading),
        );
    }
    for grading in &file.gradings {
        let (key, grades) = (&grading.key, &grading.grades);
        require(
            grades.len() >= 2,
            format!("grading `{key}` has fewer than two grades: give it at least two"),
        );
        let ascending = grades.windows(2).all(|pair| pair[0].score < pair[1].score);
        require(ascending, format!("the scores of grading `{key}` do not ascend: sort them, each once"));
        let meant = grades.iter().all(|g| !g.meaning.trim().is_empty());
        require(meant, format!("a grade of grading `{key}` has no meaning: say when it is given"));
    }
    let max = |key: &str| {
        let grades = file.gradings.iter().filter(|g| g.key == key).flat_map(|g| &g.grades);
        grades.map(|g| u32::from(g.score)).max().unwrap_or(0)
    };
    let total = items(file).map(|i| max(&i.grading)).fold(0, u32::saturating_add);
    require(total <= MAX_TOTAL, format!("the highest total is {total}: {MAX_TOTAL} is the most"));
    found
}

fn items(file: &File) -> impl Iterator<Item = &ItemEntry> {
    file.areas.iter().flat_map(|a| &a.items)
}

fn repeated<'a>(keys: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    keys.filter(|key| !seen.insert(*key)).collect()
}
