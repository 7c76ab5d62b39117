#!/usr/bin/env bash
# Evaluates the model that ships: its BF16 original, that original quantised (max), and the distilled folder, on the same synthetic
# documents; compares them and writes a report. A run that was stopped goes on.
# usage: Scripts/evaluate.sh FOLDER [DOCUMENTS] [PRECISION]
set -euo pipefail
[ $# -ge 1 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 64; }
mkdir -p "$1"
out=$(cd "$1" && pwd) count=${2:-400} precision=${3:-w4a4}
cd "$(dirname "$0")/.."

Scripts/install.sh
swift build -c release --product monocle >&2
monocle=.build/release/monocle
bf16=Models/monocle-mini-bf16 qad=Sources/Monocle/Resources/monocle-mini ptq=$out/ptq

[ -d "$ptq" ] || "$monocle" quantize "$bf16" "$ptq" --recipe max --calibration synthetic --samples 256
for name in bf16 ptq qad; do
    "$monocle" eval run --benchmark synthetic --model "${!name}" --precision "$precision" --count "$count" --split test \
        --looks train -o "$out/$name.jsonl"
done
"$monocle" eval compare "$out/bf16.jsonl" "$out/ptq.jsonl" --margin 2
"$monocle" eval compare "$out/bf16.jsonl" "$out/qad.jsonl" --margin 2
"$monocle" eval report "$out"/{bf16,ptq,qad}.jsonl --margin 2 -o "$out/report"
