//! The keys of identities: from a file that its owner alone can read, read again while it is used.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use niva_access::SecretKey;
use niva_base::{OpError, hex, read_private};

/// Bytes of a key.
pub(super) const LENGTH: usize = 32;
/// The longest name of a key.
const MAX_NAME: usize = 64;

/// Keys from a file: one a line, a name and 64 hexadecimal digits. The first encrypts; the others read what they encrypted
/// before. Cheap to clone.
#[derive(Clone)]
pub struct IdentityKeys(Arc<File>);

struct File {
    path: PathBuf,
    ring: RwLock<Arc<Ring>>,
    /// What was found last, also where it was of no use: a wrong file is told of once.
    seen: Mutex<Result<Vec<u8>, String>>,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum IdentityKeysError {
    /// The file cannot be read or made, or others can read it too.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else than keys.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong; no key is in it.
        problem: String,
    },
}

impl IdentityKeys {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// It cannot be read, others can read it too, or it has something else than keys.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, IdentityKeysError> {
        let path = path.into();
        let bytes =
            read_private(&path).map_err(|source| IdentityKeysError::File { path: path.clone(), source })?;
        let ring = Ring::parse(&bytes)
            .map_err(|problem| IdentityKeysError::Content { path: path.clone(), problem })?;
        let (ring, seen) = (RwLock::new(Arc::new(ring)), Mutex::new(Ok(bytes)));
        Ok(Self(Arc::new(File { path, ring, seen })))
    }

    /// [`IdentityKeys::open`], with one new key where there is no file: for the demo, whose people are invented.
    ///
    /// # Errors
    /// As for [`IdentityKeys::open`]; the file cannot be made.
    pub fn open_or_create(path: impl Into<PathBuf>) -> Result<Self, IdentityKeysError> {
        let path = path.into();
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = match made {
            Ok(mut file) => {
                let key = SecretKey::random().map_err(io::Error::other);
                key.and_then(|key| writeln!(file, "1 {}", hex(key.bytes())))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        };
        written.map_err(|source| IdentityKeysError::File { path: path.clone(), source })?;
        Self::open(path)
    }

    /// The keys that are there.
    pub(super) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again. Where what is there is of no use there is a warning, and the old keys stay.
    pub(super) fn look_again(&self) {
        let File { path, ring, seen } = &*self.0;
        let found = read_private(path).map_err(|error| error.to_string());
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if found == *seen {
            return;
        }
        let read = found.clone().and_then(|bytes| Ring::parse(&bytes));
        *seen = found;
        match read {
            Ok(read) => *ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read),
            Err(problem) => {
                tracing::warn!(path = %path.display(), problem, "new keys of identities are of no use, and the old ones stay");
            }
        }
    }
}

/// Keys are in no log.
impl fmt::Debug for IdentityKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKeys({})", self.0.path.display())
    }
}

/// The keys of a file, in its order. Never none.
pub(super) struct Ring {
    first: Key,
    others: Vec<Key>,
}

/// A key of the file, which is two: one encrypts, one hashes.
pub(super) struct Key {
    id: String,
    wraps: Sealer,
    hashes: SecretKey,
}

impl Ring {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is no text".to_owned())?;
        let (mut keys, mut names) = (Vec::new(), BTreeSet::new());
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let key = Key::parse(line).ok_or_else(|| {
                format!("line {number} is no key: write a name of letters, digits, - and _, and 64 hexadecimal digits")
            })?;
            if !names.insert(key.id.clone()) {
                return Err(format!(
                    "line {number} has the name of an earlier line: give each key one of its own"
                ));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or("has no key: write one a line")?;
        Ok(Self { first, others: keys.collect() })
    }

    /// The one that encrypts.
    pub(super) const fn first(&self) -> &Key {
        &self.first
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Names of all of them.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.all().map(Key::id).collect()
    }

    /// Names of all but the first.
    pub(super) fn others(&self) -> Vec<&str> {
        self.others.iter().map(Key::id).collect()
    }

    /// The key of a name.
    ///
    /// # Errors
    /// `IDENTITY_KEY_UNKNOWN`.
    pub(super) fn find(&self, id: &str) -> Result<&Key, OpError> {
        self.all().find(|key| key.id == id).ok_or_else(|| {
            let words = format!(
                "the identity is encrypted by the key {id}, which this service was not given: put it back into the file of keys"
            );
            OpError::precondition("IDENTITY_KEY_UNKNOWN", words).with("key_id", id)
        })
    }

    /// What stands for a text where it must not be kept as it is.
    pub(super) fn hidden(&self, text: &str) -> String {
        // The oldest key: what was made with it is known until that key is taken out.
        let oldest = self.others.last().unwrap_or(&self.first);
        hex(&oldest.hashes.sign(&[b"hidden", text.as_bytes()]))
    }
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let (id, digits) = line.trim().split_once(char::is_whitespace)?;
        let digits = digits.trim();
        let named =
            id.len() <= MAX_NAME && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !named || digits.len() != 2 * LENGTH || !digits.is_ascii() {
            return None;
        }
        let mut bytes = [0; LENGTH];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        let key = SecretKey::of(bytes);
        let wraps = Sealer::of(&key.sign(&[b"niva identities", b"encrypt"])).ok()?;
        Some(Self {
            id: id.to_owned(),
            wraps,
            hashes: SecretKey::of(key.sign(&[b"niva identities", b"hash"])),
        })
    }

    /// Its name.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What a number is found by.
    pub(super) fn hash(&self, number: &str) -> Vec<u8> {
        self.hashes.sign(&[b"number", number.as_bytes()]).to_vec()
    }

    /// Encrypts a person's own key.
    pub(super) fn seal(&self, person: &str, key: &DataKey) -> Result<Vec<u8>, OpError> {
        self.wraps.seal(&[b"key", self.id.as_bytes(), person.as_bytes()], key.0.to_vec())
    }

    /// The person's own key.
    pub(super) fn open(&self, person: &str, wrapped: &[u8]) -> Result<DataKey, OpError> {
        let key = self.wraps.open(&[b"key", self.id.as_bytes(), person.as_bytes()], wrapped)?;
        key.try_into().map(DataKey).map_err(|_| unreadable())
    }
}

/// A key of a person's own. In no log.
pub(super) struct DataKey([u8; LENGTH]);

impl DataKey {
    pub(super) fn random() -> Result<Self, OpError> {
        Ok(Self(*SecretKey::random()?.bytes()))
    }

    /// What encrypts with it.
    pub(super) fn sealer(&self) -> Result<Sealer, OpError> {
        Sealer::of(&self.0)
    }
}

/// Encrypts so that a change is noticed (AES-256-GCM), each time with a random nonce, which is put before.
pub(super) struct Sealer(RandomizedNonceKey);

impl Sealer {
    fn of(key: &[u8; LENGTH]) -> Result<Self, OpError> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(OpError::internal)
    }

    /// `about`: what it belongs to, without which it cannot be read.
    pub(super) fn seal(&self, about: &[&[u8]], mut plain: Vec<u8>) -> Result<Vec<u8>, OpError> {
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(joined(about)), &mut plain)
            .map_err(OpError::internal)?;
        Ok([nonce.as_ref().as_slice(), &plain].concat())
    }

    pub(super) fn open(&self, about: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, OpError> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(OpError::internal)?;
        let mut rest = rest.to_vec();
        let plain =
            self.0.open_in_place(nonce, Aad::from(joined(about)), &mut rest).map_err(|_| unreadable())?;
        Ok(plain.to_vec())
    }
}

/// Parts that read alike when joined differ.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

fn unreadable() -> OpError {
    OpError::internal("what is kept of an identity is not what was encrypted, or not of this person")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, digit: char) -> String {
        format!("{name} {}\n", digit.to_string().repeat(2 * LENGTH))
    }

    #[test]
    fn a_file_has_keys_with_names_of_their_own() {
        let good = format!("\n{}{}", line("2026-1", 'a'), line("2025_2", 'B'));
        let ring = Ring::parse(good.as_bytes()).ok().unwrap();
        assert_eq!(ring.all().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["2026-1", "2025_2"]);
        for (bad, why) in [
            (String::new(), "has no key"),
            (line("a", 'g'), "line 1 is no key"),
            (line("a/b", '1'), "line 1 is no key"),
            (format!("{}a 12\n", line("b", '1')), "line 2 is no key"),
            (line("a", '1') + &line("a", '2'), "line 2 has the name"),
        ] {
            let problem = Ring::parse(bad.as_bytes()).err().unwrap();
            assert!(problem.starts_with(why) && !problem.contains("1111"), "{problem}");
        }
    }

    #[test]
    fn what_is_encrypted_opens_for_what_it_belongs_to_alone() {
        let ring = Ring::parse((line("a", '1') + &line("b", '2')).as_bytes()).ok().unwrap();
        let own = DataKey::random().unwrap();
        let wrapped = ring.first().seal("p1", &own).unwrap();
        assert_ne!(wrapped, ring.first().seal("p1", &own).unwrap(), "a nonce of its own");
        assert_eq!(ring.first().open("p1", &wrapped).unwrap().0, own.0);
        assert!(ring.first().open("p2", &wrapped).is_err());
        assert!(ring.find("b").unwrap().open("p1", &wrapped).is_err());
        let mut changed = wrapped.clone();
        changed[20] ^= 1;
        assert!(
            ring.first().open("p1", &changed).is_err() && ring.first().open("p1", &wrapped[..9]).is_err()
        );
        assert_eq!(ring.find("c").err().unwrap().reason(), "IDENTITY_KEY_UNKNOWN");
        assert_ne!(ring.first().hash("n"), ring.find("b").unwrap().hash("n"));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_a_new_one_is_its_owners() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identities.key");
        let made = IdentityKeys::open_or_create(&path).unwrap();
        let again = IdentityKeys::open_or_create(&path).unwrap();
        assert_eq!(made.ring().first().hash("n"), again.ring().first().hash("n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = IdentityKeys::open(&path).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
