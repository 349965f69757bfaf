//! Parse, run, turn the result into an exit code; everything else is in the library.

fn main() -> std::process::ExitCode {
    socialsched::cli::main().into()
}
