//! The `niva` executable.

fn main() -> std::process::ExitCode {
    niva::cli::main()
}
