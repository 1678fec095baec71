//! The target that `NIVA_FUZZ` names. One binary for all: what it is linked with is the whole of the services.
#![no_main]

use std::sync::LazyLock;

use niva_fuzz::{TARGETS, Target};

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("NIVA_FUZZ").unwrap_or_default();
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let names = TARGETS.map(|(target, _)| target).join(", ");
    found.map(|(_, target)| *target).unwrap_or_else(|| panic!("NIVA_FUZZ is `{name}`: one of {names}"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| CHOSEN(data));
