//! What may be wrong with a file of keys.

/// Keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file with keys cannot be read or written.
    #[error("key file {path}: {source}; check that it exists and who may read it", path = path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold keys.
    #[error("key file {path} holds no usable keys: {problem}", path = path.display())]
    Content {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        problem: String,
    },
}
