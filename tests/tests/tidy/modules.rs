//! The files of a crate as modules, and what each of them names of the others.

use std::collections::BTreeMap;

use super::SourceFile;
use super::tokens::{is_word, tokens};

/// `["store", "grants"]` for `crate::store::grants`; empty for the root.
type Path = Vec<String>;

/// A name that a module brings in, and the path that it stands for.
struct Import {
    name: String,
    path: Path,
    /// Whether what stands for is told on: `pub use`.
    reexport: bool,
}

/// A file as a module.
#[derive(Default)]
struct Module {
    file: String,
    imports: Vec<Import>,
    /// Paths that are written out where they are used, from the root.
    paths: Vec<Path>,
}

/// The modules of one crate by path.
pub(crate) struct Modules(BTreeMap<Path, Module>);

/// The crates among files: those under a folder with a root, `lib.rs` or `main.rs`.
pub(crate) fn crates(files: &[SourceFile]) -> Vec<Modules> {
    let roots = files.iter().filter_map(|file| {
        let (folder, name) = file.path.rsplit_once('/')?;
        let is_root = matches!(name, "lib.rs" | "main.rs")
            && (folder.ends_with("/src") || folder.ends_with("/tests") || folder == "src");
        is_root.then_some((folder, name))
    });
    roots.map(|(folder, root)| Modules::read(files, folder, root)).collect()
}

impl Modules {
    fn read(files: &[SourceFile], folder: &str, root: &str) -> Self {
        let mut modules = BTreeMap::new();
        for file in files.iter().filter(|f| f.is_rust()) {
            let Some(inner) = file.path.strip_prefix(&format!("{folder}/")) else { continue };
            let path: Path = match inner.strip_suffix(".rs") {
                _ if inner == root => Vec::new(),
                Some(stem) => {
                    stem.strip_suffix("/mod").unwrap_or(stem).split('/').map(str::to_owned).collect()
                }
                None => continue,
            };
            modules.insert(path, (file.path.clone(), tokens(&file.text)));
        }
        let known: Vec<Path> = modules.keys().cloned().collect();
        let read = |(path, (file, tokens)): (Path, (String, Vec<String>))| {
            let mut reader =
                Reader { known: &known, here: path.clone(), inline: Vec::new(), module: Module::default() };
            reader.read(&tokens);
            (path, Module { file, ..reader.module })
        };
        Self(modules.into_iter().map(read).collect())
    }

    /// Each file and the files of the same crate that it uses, but for the module that it is a part of: a module and its
    /// own parts are one thing.
    pub(crate) fn uses(&self) -> BTreeMap<String, Vec<String>> {
        let used = |(here, module): (&Path, &Module)| {
            let imports = module.imports.iter().filter(|import| !import.reexport).map(|import| &import.path);
            let mut used: Vec<String> = imports
                .chain(&module.paths)
                .filter_map(|path| self.home(path, 0))
                .filter(|home| !here.starts_with(home))
                .map(|home| self.0[&home].file.clone())
                .collect();
            used.sort();
            used.dedup();
            (module.file.clone(), used)
        };
        self.0.iter().map(used).collect()
    }

    /// The module in whose file the item of a path stands; re-exports are followed.
    fn home(&self, path: &[String], depth: usize) -> Option<Path> {
        let length = (0..=path.len()).rev().find(|n| self.0.contains_key(&path[..*n]))?;
        let (module, rest) = path.split_at(length);
        if let (Some(name), true) = (rest.first(), depth < 8)
            && let Some(import) = self.0[module].imports.iter().find(|import| import.name == *name)
        {
            let told_on: Path = import.path.iter().chain(&rest[1..]).cloned().collect();
            return self.home(&told_on, depth + 1);
        }
        Some(module.to_vec())
    }
}

/// Reads one file.
struct Reader<'a> {
    known: &'a [Path],
    here: Path,
    /// Inline modules that are open, each with the depth of braces at which it closes.
    inline: Vec<usize>,
    module: Module,
}

impl Reader<'_> {
    fn read(&mut self, tokens: &[String]) {
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(token) = tokens.get(at) {
            match token.as_str() {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    self.inline.retain(|closes| *closes <= depth);
                }
                "mod" if tokens.get(at + 2).is_some_and(|t| t == "{") => {
                    depth += 1;
                    self.inline.push(depth);
                    at += 2;
                }
                "use" => {
                    let end = at + tokens[at..].iter().position(|t| t == ";").unwrap_or(tokens.len() - at);
                    let reexport = at > 0 && matches!(tokens[at - 1].as_str(), "pub" | ")");
                    self.tree(&tokens[at + 1..end], Vec::new(), reexport);
                    at = end;
                }
                word if is_path(word, tokens, at) => {
                    let end = path_end(tokens, at);
                    let words: Path = tokens[at..end].iter().filter(|t| *t != "::").cloned().collect();
                    if let Some(path) = self.rooted(&words) {
                        self.module.paths.push(path);
                    }
                    at = end - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads a use tree after the path `before`.
    fn tree(&mut self, tree: &[String], before: Path, reexport: bool) {
        if let Some(open) = tree.iter().position(|t| t == "{") {
            let mut before = before;
            before.extend(tree[..open].iter().filter(|t| *t != "::").cloned());
            let (mut depth, mut start) = (0, open + 1);
            for (at, token) in tree.iter().enumerate().skip(open) {
                match token.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                if (token == "," && depth == 1) || depth == 0 {
                    self.tree(&tree[start..at], before.clone(), reexport);
                    start = at + 1;
                }
            }
            return;
        }
        let words: Vec<&String> = tree.iter().filter(|t| *t != "::").collect();
        let renamed = words.iter().position(|t| *t == "as");
        let mut path = before;
        path.extend(words[..renamed.unwrap_or(words.len())].iter().map(|t| (*t).clone()));
        if path.len() > 1 && path.last().is_some_and(|t| t == "self" || t == "*") {
            path.pop();
        }
        let name = renamed.and_then(|at| words.get(at + 1)).map(|t| (*t).clone());
        let (Some(last), Some(path)) = (path.last().cloned(), self.rooted(&path)) else { return };
        self.module.imports.push(Import { name: name.unwrap_or(last), path, reexport });
    }

    /// A path as it stands here, from the root; `None` when it leads out of the crate.
    fn rooted(&self, words: &[String]) -> Option<Path> {
        let first = words.first()?;
        let child: Path = self.here.iter().chain([first]).cloned().collect();
        if first == "crate" {
            return Some(words[1..].to_vec());
        }
        if first == "self" || first == "super" {
            let ups = words.iter().take_while(|w| *w == "super").count();
            // Out of the inline modules first.
            let ups_of_files = ups.saturating_sub(self.inline.len());
            let base = self.here.len().checked_sub(ups_of_files)?;
            let rest = &words[ups + usize::from(first == "self")..];
            return Some(self.here[..base].iter().chain(rest).cloned().collect());
        }
        if let Some(import) = self.module.imports.iter().find(|import| import.name == *first) {
            return Some(import.path.iter().chain(&words[1..]).cloned().collect());
        }
        self.known.contains(&child).then(|| self.here.iter().chain(words).cloned().collect())
    }
}

/// Whether a path of several words begins here.
fn is_path(word: &str, tokens: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| tokens[before].as_str());
    word.chars().next().is_some_and(is_word)
        && tokens.get(at + 1).is_some_and(|t| t == "::")
        && !matches!(before, Some("::" | "$" | "."))
}

/// Where it ends.
fn path_end(tokens: &[String], at: usize) -> usize {
    let mut end = at + 1;
    while tokens.get(end).is_some_and(|t| t == "::")
        && tokens.get(end + 1).is_some_and(|t| t.chars().next().is_some_and(is_word))
    {
        end += 2;
    }
    end
}
