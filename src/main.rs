//! The `augment` program: the built-in operators on the command line.

use std::process::ExitCode;

use augment::operator::Registry;

/// That of the system keeps what large batches leave behind, up to as much again as a run needs.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    augment::cli::main(Registry::builtin())
}
