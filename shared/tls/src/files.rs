//! What lies in the files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use niva_base::read_private;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where certificates and keys are (PEM). What is not named is not had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// The own certificate with the chain after it, and its key, which others must not be able to read.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Certificates of the authorities that are believed.
    pub ca: Option<PathBuf>,
}

/// Certificates or keys could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is a key that others can read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{path} {problem}", path = path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// The bytes of all files, to see whether they have changed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    chain: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    ca: Option<Vec<u8>>,
}

impl Files {
    pub(crate) fn read(&self) -> Result<Bytes, TlsError> {
        let (chain, key) = self.certificate.as_ref().map(|(chain, key)| (chain, key)).unzip();
        Ok(Bytes {
            chain: read(chain, |path| fs::read(path))?,
            key: read(key, read_private)?,
            ca: read(self.ca.as_ref(), |path| fs::read(path))?,
        })
    }

    /// The own chain and key.
    pub(crate) fn own(&self, bytes: &Bytes) -> Result<Option<Own>, TlsError> {
        let (Some((chain_path, key_path)), Some(chain), Some(key)) =
            (&self.certificate, &bytes.chain, &bytes.key)
        else {
            return Ok(None);
        };
        let chain = certificates(chain_path, chain)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| content(key_path, format!("holds no private key in PEM: {error}")))?;
        Ok(Some(Own { chain, key }))
    }

    /// Who is believed.
    pub(crate) fn roots(&self, bytes: &Bytes) -> Result<Option<RootCertStore>, TlsError> {
        let (Some(path), Some(ca)) = (&self.ca, &bytes.ca) else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        // A machine's list of authorities may have one that nobody can read: the others count.
        let (good, bad) = roots.add_parsable_certificates(certificates(path, ca)?);
        if good == 0 {
            return Err(content(path, format!("holds {bad} certificates, and no authority's")));
        }
        Ok(Some(roots))
    }

    /// What is wrong with the own certificate and key.
    pub(crate) fn unusable(&self, why: &rustls::Error) -> TlsError {
        let path = self.certificate.as_ref().map(|(chain, _)| chain).or(self.ca.as_ref());
        content(path.map_or(Path::new(""), PathBuf::as_path), format!("cannot be used: {why}"))
    }
}

/// An own certificate and its key.
pub(crate) struct Own {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

fn read(
    path: Option<&PathBuf>,
    read: impl Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Option<Vec<u8>>, TlsError> {
    path.map(|path| read(path).map_err(|source| TlsError::File { path: path.clone(), source })).transpose()
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|error| content(path, format!("cannot be read as PEM: {error}")))?;
    if all.is_empty() {
        return Err(content(path, "holds no certificate in PEM".to_owned()));
    }
    Ok(all)
}

fn content(path: &Path, problem: String) -> TlsError {
    TlsError::Content { path: path.to_owned(), problem }
}
