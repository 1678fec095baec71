//! Compiles the contract without protoc: protox reads the files, tonic-prost-build writes the types.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const FILES: [&str; 4] = [
    "niva/common/v1/common.proto",
    "niva/assessment/v1/assessment.proto",
    "niva/choice/v1/choice.proto",
    "niva/payment/v1/payment.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    // `compile_fds` ignores `file_descriptor_set_path`, so reflection's copy is written here.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("niva_descriptor.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
