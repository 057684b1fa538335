#!/usr/bin/env bash
# Trains, evaluates and optimises a tiny model from scratch, to see that the scripts work:
#
#     tools/train/smoke.sh PYTHON TRAIN DEV      # pairs to train on, and held out; two minutes
#
# The model learns next to nothing. What it writes is removed.
set -euo pipefail
cd "$(dirname "$0")/../.."

python="$1" train="$2" dev="$3"
runs="$(mktemp -d)"
trap 'rm -rf "$runs"' EXIT
# Every two hundredth pair; what is not compressed goes through as it is.
xz -dcf "$train" | awk 'NR % 200 == 1' > "$runs/pairs.tsv"
common=(--pairs "$runs/pairs.tsv" --dev "$dev" --direction en-de --out "$runs/en-de" --device cpu
    --vocabulary 1000 --encoder-layers 2 --decoder-layers 1 --width 64 --feed-forward 128 --heads 4
    --batch 2000 --minutes 1 --warm-up 50)
"$python" tools/train/train.py "${common[@]}" --part 0.5
"$python" tools/train/train.py "${common[@]}" --resume
"$python" tools/train/evaluate.py --model "$runs/en-de/model" --direction en-de --beams 1 --most 5 "$dev"
cargo run --quiet --release -- models optimize --int8 "$runs/en-de/model" "$runs/fast"
ls -l "$runs/fast"
