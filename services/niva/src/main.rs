//! The `niva` executable.
fn main() {}
