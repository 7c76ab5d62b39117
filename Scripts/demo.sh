#!/usr/bin/env bash
# Installs what is missing, builds Monocle in release, makes a tiny random checkpoint and asks it about a page.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install.sh
swift build -c release --product monocle >&2
monocle=.build/release/monocle
model=.build/demo-model
[ -d "$model" ] || "$monocle" synth --shape tiny --format nvfp4 --seed 1 --out "$model"

echo "The words below are random, because the model's weights are. The pipeline is the real one: decoding, tiling,"
echo "vision encoder, projector, prefill, NVFP4 decoding. With a published folder: monocle ask \"…\" FILE --model DIR"
echo
echo "> What is the total?   (Examples/receipt.png)"
"$monocle" ask "What is the total?" Examples/receipt.png --model "$model" --max-tokens 24 --temperature 0.7 --seed 1
