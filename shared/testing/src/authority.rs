//! Certificates for tests.

use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// An authority with a folder of its own, gone when it is dropped, that certifies whoever a test wants to be.
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl TestAuthority {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        write(folder.path().join("ca.pem"), issuer.pem()).expect("the authority's file");
        Self { issuer, folder }
    }

    /// The file with its own certificate.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Files `NAME.pem` and `NAME.key` that say who has them is each of `names`: DNS names and addresses.
    pub fn certify(&self, name: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        self.sign(name, &params(names))
    }

    /// The same, of a certificate that has expired long ago.
    pub fn certify_expired(&self, name: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        let mut params = params(names);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
        self.sign(name, &params)
    }

    fn sign(&self, name: &str, params: &CertificateParams) -> (PathBuf, PathBuf) {
        let own = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&own, &self.issuer).expect("a certificate");
        let paths = ["pem", "key"].map(|kind| self.folder.path().join(format!("{name}.{kind}")));
        let [chain, key] = paths;
        for (path, text) in [(&chain, signed.pem()), (&key, own.serialize_pem())] {
            // Whole or not at all: it may be read meanwhile.
            let aside = path.with_extension("new");
            write(&aside, text).expect("a file");
            set_permissions(&aside, Permissions::from_mode(0o600)).expect("its mode");
            std::fs::rename(aside, path).expect("a file");
        }
        (chain, key)
    }
}

impl Default for TestAuthority {
    fn default() -> Self {
        Self::new()
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params
}
