//! Files that hold what nobody else may know.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a file may be to others: nothing. Its owner reads and writes it.
const OTHERS: u32 = 0o177;

/// Reads a file that its owner alone can read: a key, a secret, a token.
///
/// # Errors
/// It cannot be read, or others can read it too (its mode is beyond 0600).
pub fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    // Of the open file: what is read is what was looked at.
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        let why = format!("its mode is {mode:04o}, so that others may use it: chmod 600");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};

    use super::*;

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "secret").unwrap();
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o700, false)] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match read_private(&path) {
                Ok(bytes) => assert!(good && bytes == b"secret", "{mode:o}"),
                Err(error) => assert!(!good && error.to_string().contains("chmod 600"), "{mode:o}: {error}"),
            }
        }
        assert_eq!(read_private(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
