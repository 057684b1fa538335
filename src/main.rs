//! The `augment` program: the built-in operators on the command line.

use std::process::ExitCode;

use augment::operator::Registry;

fn main() -> ExitCode {
    augment::cli::main(Registry::builtin())
}
