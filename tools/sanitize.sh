#!/bin/sh
# Runs the tests of the one module with `unsafe` code, the bridge between Arrow and polars, under the
# address sanitizer, which finds use after free, double free, reads out of bounds, and what is never
# freed. Builds polars anew for it: a quarter of an hour, and 4 GB in a target folder of its own.
#
#   tools/sanitize.sh [TARGET-FOLDER]
#
# The sanitizer is not stable yet, but its runtime comes with the stable toolchain.
set -eu
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR="${1:-target/sanitized}"
export CARGO_INCREMENTAL=0
export CARGO_PROFILE_DEV_DEBUG=line-tables-only
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address"
export ASAN_OPTIONS="detect_leaks=1"
# With the target named, build scripts and macros stay as they are. Frames are larger under the
# sanitizer, so the test that measures the stack cannot hold.
exec cargo test --no-default-features --features polars --lib --target "$host" \
    sql:: -- --skip never_overflow_the_stack
