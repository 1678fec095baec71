//! The architecture as a test: who may depend on whom, how long things may be, what must not be written.
//!
//! Each check is a function from files to complaints, and is itself shown to complain about a bad sample. A complaint
//! names the file, the line and what to do.

mod circles;
mod contract;
mod dependencies;
mod identity;
mod ids;
mod layers;
mod layout;
mod length;
mod lock;
mod modules;
mod security;
mod tokens;
mod unused;
mod words;

use std::{fs, path::Path};

/// A text file of the repository.
pub(crate) struct SourceFile {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    /// What stands in it.
    pub(crate) text: String,
}

impl SourceFile {
    /// A file that exists only in a test of a check.
    fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The lines with their numbers.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(i, line)| (i + 1, line))
    }

    /// A complaint about a line.
    fn complain(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// What version control ignores.
const IGNORED: [&str; 4] = ["target", ".git", "node_modules", ".niva"];

/// All text files of the repository, in order of path.
fn repository() -> Vec<SourceFile> {
    let root = niva_journeys::repository_root();
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "only {} files found under {}", files.len(), root.display());
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if IGNORED.contains(&entry.file_name().to_string_lossy().as_ref()) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push(SourceFile { path, text });
        }
    }
}

/// Fails with every complaint at once.
fn assert_tidy(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// That a check complains about a sample, with these words.
fn assert_complains(complaints: &[String], words: &str) {
    assert!(complaints.iter().any(|c| c.contains(words)), "no complaint says {words:?}: {complaints:?}");
}
