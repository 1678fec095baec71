//! Compiles the contract without protoc: protox reads the files, tonic-prost-build writes the types.

#[path = "build/clients.rs"]
mod clients;

use std::path::{Path, PathBuf};
use std::{env, error::Error, fs, io};

use prost::Message;

/// Where the contract lies.
const CONTRACT: &str = "niva";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={CONTRACT}");
    let mut files = Vec::new();
    find(Path::new(CONTRACT), &mut files)?;
    files.sort();
    let descriptors = protox::compile(files, ["."])?;
    // `compile_fds` ignores `file_descriptor_set_path`, so reflection's copy is written here.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("niva_descriptor.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors.clone())?;
    clients::write(&descriptors, &out)?;
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
