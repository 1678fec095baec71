//! Files in the city's folder: whole, or not there.

use std::io;
use std::path::{Path, PathBuf};

use niva_base::OpError;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::row::Kept;
use super::store;
use crate::OpResult;
use crate::store::Connection;

/// Writes a file that is not in the folder yet: under another name first, and to the disk, so that whoever finds it finds all of it.
pub(super) async fn keep(folder: &Path, kept: &Kept, db: &impl Connection) -> OpResult<()> {
    let path = folder.join(&kept.file_name);
    let size = fs::metadata(&path).await.map(|found| i64::try_from(found.len()).ok());
    if size.is_ok_and(|size| size == Some(kept.size)) {
        return Ok(());
    }
    let aside = folder.join(format!(".{}.part", kept.file_name));
    let written = write(&aside, kept, db).await;
    let done = match written {
        Ok(()) => fs::rename(&aside, &path).await.map_err(|error| unwritten(kept, error)),
        Err(error) => Err(error),
    };
    if done.is_err() {
        // What is left of it is in nobody's way: the next one writes it anew.
        let _ = fs::remove_file(&aside).await;
    }
    done
}

async fn write(path: &PathBuf, kept: &Kept, db: &impl Connection) -> OpResult<()> {
    let failed = |error: io::Error| unwritten(kept, error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await.map_err(failed)?;
    let mut part_no = 0;
    while let Some(bytes) = store::part(db, kept.no, part_no).await? {
        file.write_all(&bytes).await.map_err(failed)?;
        part_no += 1;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)
}

/// The file is made and kept, and can be downloaded; the same request tries again to write it.
fn unwritten(kept: &Kept, error: io::Error) -> OpError {
    let message = format!(
        "{} is made, but cannot be written to the folder ({}): repeat the request",
        kept.file_name,
        error.kind()
    );
    OpError::Unavailable { reason: "FILE_NOT_WRITTEN", message, cause: error.into() }
}
