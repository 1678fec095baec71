//! Tokens for tests.

use niva_access::LocalIssuer;

/// A local issuer with a folder of its own; gone when it is dropped.
#[derive(Debug)]
pub struct TestIssuer {
    issuer: LocalIssuer,
    folder: tempfile::TempDir,
}

impl TestIssuer {
    /// A new key.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let issuer = LocalIssuer::open_or_create(folder.path()).expect("a new key");
        Self { issuer, folder }
    }

    /// Where the key is, and where else a test may put files.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::ops::Deref for TestIssuer {
    type Target = LocalIssuer;

    fn deref(&self) -> &LocalIssuer {
        &self.issuer
    }
}
