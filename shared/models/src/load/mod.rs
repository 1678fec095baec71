//! From files to a checked [`Catalogue`]. A file is walked by hand and not by serde, for two reasons: amounts stay
//! exact decimals, and every problem of a file is found at once, each at its line.

mod amounts;
mod common;
mod identities;
mod model;
mod read;
mod scale;
mod service;
mod terms;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
    sync::Arc,
};

use niva_calendar::Interval;
use niva_names::{ModelId, ScaleId};
use niva_names::{
    ServiceCatalogue, ServiceKey,
    file::{LoadError, Problem, Problems},
};

use crate::{Catalogue, Model, ServiceTerms, Status};

const SHIPPED: [(&str, &str); 9] = [
    ("daily-activities-2024.toml", include_str!("../../data/daily-activities-2024.toml")),
    ("daily-activities-2025.toml", include_str!("../../data/daily-activities-2025.toml")),
    ("lss-housing-2021.toml", include_str!("../../data/lss-housing-2021.toml")),
    ("lss-housing-2022.toml", include_str!("../../data/lss-housing-2022.toml")),
    ("lss-housing-2023.toml", include_str!("../../data/lss-housing-2023.toml")),
    ("occupation-2019-07.toml", include_str!("../../data/occupation-2019-07.toml")),
    ("occupation-intervals.toml", include_str!("../../data/occupation-intervals.toml")),
    ("socialpsychiatry-2010.toml", include_str!("../../data/socialpsychiatry-2010.toml")),
    ("socialpsychiatry-2013.toml", include_str!("../../data/socialpsychiatry-2013.toml")),
];

impl Catalogue {
    /// The models that come with Niva, for the services that do.
    ///
    /// # Errors
    /// Every problem of every file; none, unless a shipped file was changed badly before the build.
    pub fn shipped() -> Result<Self, LoadError> {
        Self::from_files(&Arc::new(ServiceCatalogue::shipped()?), shipped_files())
    }

    /// The shipped models and a city's own: every `*.toml` of a folder, if one is given. A file with the id of a shipped
    /// model replaces it. A shipped model may be of services that the city does not have; a city's own may not.
    ///
    /// # Errors
    /// Every problem of every file, or that the folder cannot be read.
    pub fn of_city(services: &Arc<ServiceCatalogue>, dir: Option<&Path>) -> Result<Self, LoadError> {
        let own = dir.map_or_else(|| Ok(Vec::new()), read_directory)?;
        load(services, shipped_files(), own)
    }

    /// Models from [`Catalogue::files`] that were kept. They were checked when they came into force; a service that the city
    /// no longer has is no fault of theirs.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn kept(services: &Arc<ServiceCatalogue>, files: Vec<(String, String)>) -> Result<Self, LoadError> {
        load(services, files, Vec::new())
    }

    /// Models from names and texts of files. Names only serve to say where a problem is.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn from_files(
        services: &Arc<ServiceCatalogue>,
        files: Vec<(String, String)>,
    ) -> Result<Self, LoadError> {
        load(services, Vec::new(), files)
    }
}

/// A model that was read, and where the parts stand that other files can be at odds with.
struct Loaded {
    model: Model,
    file: usize,
    id_at: Range<usize>,
    valid_at: Range<usize>,
}

fn shipped_files() -> Vec<(String, String)> {
    SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn read_directory(dir: &Path) -> Result<Vec<(String, String)>, LoadError> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        Problem::unplaced(&path.display().to_string(), format!("cannot be read: {error}"))
    };
    let entries = std::fs::read_dir(dir).map_err(|e| LoadError::one(unreadable(dir, &e)))?;
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => {
                problems.push(unreadable(dir, &error));
                continue;
            }
        };
        if path.extension().is_some_and(|e| e == "toml") {
            match std::fs::read_to_string(&path) {
                Ok(text) => files.push((path.display().to_string(), text)),
                Err(error) => problems.push(unreadable(&path, &error)),
            }
        }
    }
    files.sort();
    if problems.is_empty() { Ok(files) } else { Err(LoadError { problems }) }
}

fn load(
    services: &Arc<ServiceCatalogue>,
    replaceable: Vec<(String, String)>,
    own: Vec<(String, String)>,
) -> Result<Catalogue, LoadError> {
    let first_own = replaceable.len();
    let files: Vec<(String, String)> = replaceable.into_iter().chain(own).collect();
    let mut problems: Vec<Problems<'_>> = files.iter().map(|(n, text)| Problems::new(n, text)).collect();
    let mut loaded: Vec<Loaded> = Vec::new();
    for (file, (found, (_, text))) in problems.iter_mut().zip(&files).enumerate() {
        let known = (file >= first_own).then_some(&**services);
        if let Some((model, id_at, valid_at)) = model::read(text, known, found) {
            loaded.push(Loaded { model, file, id_at, valid_at });
        }
    }
    let own_ids: Vec<ModelId> =
        loaded.iter().filter(|l| l.file >= first_own).map(|l| l.model.id.clone()).collect();
    loaded.retain(|l| l.file >= first_own || !own_ids.contains(&l.model.id));
    same_id(&loaded, &files, &mut problems);
    same_days(&loaded, &files, &mut problems);
    same_scales(&loaded, &files, &mut problems);

    let problems: Vec<Problem> = problems.into_iter().flat_map(Problems::into_list).collect();
    if !problems.is_empty() {
        return Err(LoadError { problems });
    }
    let texts = loaded.iter().map(|l| (l.model.id.clone(), l.file)).collect::<Vec<_>>();
    let texts = texts.iter().filter_map(|(id, f)| Some((id.as_str(), files.get(*f)?.1.as_str()))).collect();
    Ok(Catalogue::new(Arc::clone(services), loaded.into_iter().map(|l| l.model).collect(), texts))
}

fn report(problems: &mut [Problems<'_>], at: &Loaded, span: &Range<usize>, what: String, to_do: &str) {
    if let Some(found) = problems.get_mut(at.file) {
        found.add(span, what, to_do);
    }
}

fn name(files: &[(String, String)], loaded: &Loaded) -> String {
    files.get(loaded.file).map_or_else(String::new, |(name, _)| name.clone())
}

fn same_id(loaded: &[Loaded], files: &[(String, String)], problems: &mut [Problems<'_>]) {
    let mut seen: BTreeMap<&ModelId, &Loaded> = BTreeMap::new();
    for one in loaded {
        if let Some(first) = seen.insert(&one.model.id, one) {
            let what = format!("model `{}` is also in {}", one.model.id, name(files, first));
            report(problems, one, &one.id_at, what, "give one of them another id, or remove it");
        }
    }
}

/// A scale's name means one scale: of one service, with the same levels for the same points.
fn same_scales(loaded: &[Loaded], files: &[(String, String)], problems: &mut [Problems<'_>]) {
    let mut seen: BTreeMap<&ScaleId, (&Loaded, &ServiceTerms)> = BTreeMap::new();
    for one in loaded {
        for terms in &one.model.services {
            let Some(id) = &terms.scale_id else { continue };
            let (first, known) = *seen.entry(id).or_insert((one, terms));
            let same = known.service == terms.service
                && known.levels == terms.levels
                && match (&known.scale, &terms.scale) {
                    (Some(a), Some(b)) => a.is_same(b),
                    (a, b) => a.is_none() && b.is_none(),
                };
            if !same {
                let (service, name) = (terms.service, name(files, first));
                let what = format!("the scale `{id}` of {service} is another one in {name}");
                report(problems, one, &one.id_at, what, "give one of them another scale_id");
            }
        }
    }
}

/// Two models in force must not claim the same day for a service. One without a last day gives way to its successor.
fn same_days(loaded: &[Loaded], files: &[(String, String)], problems: &mut [Problems<'_>]) {
    let mut order: Vec<&Loaded> = loaded.iter().filter(|l| l.model.status == Status::InForce).collect();
    order.sort_by_key(|l| (l.model.valid.first, l.file));
    let services: BTreeSet<ServiceKey> =
        order.iter().flat_map(|l| l.model.services.iter().map(|terms| terms.service)).collect();
    for service in services {
        let of_service: Vec<&&Loaded> = order.iter().filter(|l| l.model.terms(service).is_some()).collect();
        for pair in of_service.windows(2) {
            let [before, after] = pair else { continue };
            let (old, new): (Interval, Interval) = (before.model.valid, after.model.valid);
            let overlaps = old.first == new.first || (!old.is_open() && old.last >= new.first);
            if overlaps && before.model.id != after.model.id {
                let what = format!(
                    "{service} is under model `{}` ({}) from {} as well",
                    before.model.id,
                    name(files, before),
                    new.first
                );
                let to_do = "let the days of the two models not overlap (a model without valid_to gives way to one \
                             that begins later), or give a replacing file the id of the model that it replaces";
                report(problems, after, &after.valid_at, what, to_do);
            }
        }
    }
}
