#!/bin/sh
# Damages Parquet files and pipeline files, and alters pipelines, for some minutes each, in a process that may not grow beyond
# 6 GB of addresses, and stops what hangs. Deterministic: case N is the same everywhere.
#
#   tools/fuzz.sh [SECONDS [FIRST-CASE]]
#
# A file that killed the process is left as a.parquet, and a pipeline as a.toml, in the folder that is named at the end.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-300}
export AUGMENT_FUZZ_FIRST="${2:-0}"

program=$(cargo test --no-default-features --test it --no-run 2>&1 | sed -n 's/.*Executable tests.*(\(.*\))/\1/p')
TMPDIR=$(mktemp -d)
export TMPDIR
ulimit -v 6291456
for target in damaged_files damaged_pipelines altered_pipelines; do
    echo "$target: $seconds seconds from case $AUGMENT_FUZZ_FIRST"
    if ! AUGMENT_FUZZ_SECONDS="$seconds" timeout $((seconds + 120)) \
        "$program" "$target" --nocapture --test-threads 1; then
        echo "failed; files are in $TMPDIR" >&2
        exit 1
    fi
done
rm -rf "$TMPDIR"
