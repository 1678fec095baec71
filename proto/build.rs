//! Compiles the contract without protoc: protox reads the files, tonic-prost-build writes the types; what the messages
//! have in common, and what the method options say, is written beside them.

use std::{env, error::Error, fs, path::Path, path::PathBuf};

#[path = "build/access.rs"]
mod access;
#[path = "build/clients.rs"]
mod clients;
#[path = "build/persons.rs"]
mod persons;
#[path = "build/secrets.rs"]
mod secrets;
#[path = "build/texts.rs"]
mod texts;
#[path = "build/traits.rs"]
mod traits;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=niva");
    println!("cargo:rerun-if-changed=build");
    let mut files = Vec::new();
    gather(Path::new("niva"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // `compile_fds` ignores `file_descriptor_set_path`, so reflection's copy is written here, with the options.
    fs::write(out.join("niva_descriptor.bin"), compiler.encode_file_descriptor_set())?;
    let mut types = tonic_prost_build::Config::new();
    // The codec looks a message up by its name.
    types.enable_type_names();
    let pool = compiler.descriptor_pool();
    types.skip_debug(secrets::messages(&pool).iter().map(|message| format!(".{}", message.full_name())));
    tonic_prost_build::configure()
        .include_file("niva.rs")
        .codec_path("crate::codec::TextCodec")
        .compile_fds_with_config(compiler.file_descriptor_set(), types)?;

    fs::write(out.join("niva_secrets.rs"), secrets::write(&pool))?;
    fs::write(out.join("niva_traits.rs"), traits::write(&pool))?;
    fs::write(out.join("niva_texts.rs"), texts::write(&pool))?;
    fs::write(out.join("niva_persons.rs"), persons::write(&pool))?;
    fs::write(out.join("niva_methods.rs"), access::write(&pool)?)?;
    for (package, text) in clients::write(&pool) {
        let file = out.join(format!("{package}.rs"));
        fs::write(&file, fs::read_to_string(&file)? + &text)?;
    }
    Ok(())
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
