//! Compiles `proto/` into the crate's `OUT_DIR`: messages, client, server trait and the descriptor set.
//! Needs no protoc: protox parses the files in this process.

use std::{env, fs, path::Path};

use prost::Message;

const ROOT: &str = "proto";
const FILES: &[&str] = &[
    "channelsession/v1/attribute.proto",
    "channelsession/v1/channel.proto",
    "channelsession/v1/channel_session.proto",
    "channelsession/v1/channel_session_service.proto",
    "channelsession/v1/error.proto",
    "channelsession/v1/event.proto",
    "channelsession/v1/life.proto",
    "channelsession/v1/precondition.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The code generator does not say what it read; without this every build would run it again.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ROOT}/channelsession");

    // Comments are part of the set, so that `grpcurl describe` prints them.
    let descriptors = protox::Compiler::new([ROOT])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(FILES)?
        .file_descriptor_set();

    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("descriptors.binpb"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
