#!/usr/bin/env bash
# Puts trained models into the program:
#
#     tools/train/publish.sh RUNS        # RUNS/en-de/model and RUNS/de-en/model
#
# Writes the fast layout with 8-bit weights to resources/models/, which is compiled into the program
# the next time it is built. Needs ORT_DYLIB_PATH or ONNX Runtime where `augment` finds it.
set -euo pipefail
cd "$(dirname "$0")/../.."

runs="$1"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
for direction in en-de de-en; do
    cargo run --quiet --release -- models optimize --int8 "$runs/$direction/model" "$made/$direction"
    # Both languages have the same pieces: one file of them is enough.
    cmp "$made/$direction/source.spm" "$made/$direction/target.spm"
    rm "$made/$direction/target.spm"
done
# Not before both are made: the program is built anew once its models have changed.
for direction in en-de de-en; do
    rm -rf "resources/models/$direction"
    mv "$made/$direction" "resources/models/$direction"
done
