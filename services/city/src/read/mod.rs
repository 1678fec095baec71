//! Reads a city's files and checks them: every problem of every file at once, each with file, line and column and
//! what to do. Pure but for reading the files.

mod cross;
mod rows;
mod table;
mod text;

use std::collections::BTreeSet;
use std::path::Path;

use niva_names::ServiceCatalogue;
use sha2::{Digest, Sha256};

use crate::problem::{CityErrors, Problem};
use crate::records::{CityData, FILES, FileSpec, PARTS};
use crate::shipped;

/// Files and ids of the lines that could not be read. What refers to them is not reported as unknown: the one cause
/// has been.
type Lost = BTreeSet<(&'static str, String)>;

/// Where a city's files are.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// In the executable: the shipped city.
    Shipped,
    /// In a folder.
    Folder(&'a Path),
}

/// Reads and checks a city. `city` says which services and districts there are.
///
/// # Errors
/// Every problem that was found.
pub fn read(source: Source<'_>, city: &ServiceCatalogue) -> Result<CityData, CityErrors> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for spec in FILES {
        match bytes_of(source, spec) {
            Ok(bytes) => files.push((spec.name, bytes)),
            Err(message) => problems.push(Problem::new(spec.name, 1, 1, message)),
        }
    }
    finish(&files, city, problems)
}

/// Reads and checks a city whose files are given by name. A file that is not among them is a problem.
///
/// # Errors
/// Every problem that was found.
pub fn read_bytes(
    files: &[(&'static str, Vec<u8>)],
    city: &ServiceCatalogue,
) -> Result<CityData, CityErrors> {
    let missing = FILES.iter().filter(|spec| files.iter().all(|(name, _)| *name != spec.name));
    finish(files, city, missing.map(|spec| Problem::new(spec.name, 1, 1, absent(spec))).collect())
}

fn finish(
    files: &[(&'static str, Vec<u8>)],
    city: &ServiceCatalogue,
    mut problems: Vec<Problem>,
) -> Result<CityData, CityErrors> {
    let mut lost = Lost::new();
    let mut data = rows::read(files, city, &mut problems, &mut lost);
    let whole = problems.iter().all(|p| p.line > 1);
    data.fingerprint = fingerprint(files, &FILES);
    data.parts = PARTS.map(|part| fingerprint(files, FILES.get(part).unwrap_or_default()));
    problems.extend(cross::check(&data, city, whole, &lost));
    if problems.is_empty() {
        return Ok(data);
    }
    let order = |file: &str| FILES.iter().position(|spec| spec.name == file);
    problems.sort_by(|a, b| (order(&a.file), a).cmp(&(order(&b.file), b)));
    problems.dedup();
    Err(CityErrors { problems })
}

fn bytes_of(source: Source<'_>, spec: &FileSpec) -> Result<Vec<u8>, String> {
    match source {
        Source::Shipped => {
            shipped::file(spec.name).map(|text| text.as_bytes().to_vec()).ok_or_else(|| absent(spec))
        }
        Source::Folder(folder) => std::fs::read(folder.join(spec.name)).map_err(|e| {
            if e.kind() == std::io::ErrorKind::NotFound {
                absent(spec)
            } else {
                format!("the file cannot be read ({e}): check its name and rights in {}", folder.display())
            }
        }),
    }
}

fn absent(spec: &FileSpec) -> String {
    format!("the file is missing: add it, with at least the line `{}`", spec.columns.join(","))
}

/// Names and lengths are hashed too, so that no two cities look the same.
fn fingerprint(files: &[(&'static str, Vec<u8>)], of: &[&FileSpec]) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files.iter().filter(|(name, _)| of.iter().any(|spec| spec.name == *name)) {
        hash.update(name.as_bytes());
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(bytes);
    }
    format!("{:x}", hash.finalize())
}
