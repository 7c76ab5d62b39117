#!/bin/sh
# Builds the harness Fuzz/NAME with libFuzzer and AddressSanitizer and runs it RUNS times from its seed corpus.
#   Fuzz/run.sh NAME RUNS [libFuzzer options]
# Inputs that end a run badly are left in .build-fuzz/NAME; what is learnt on the way goes into .build-fuzz/NAME/corpus.
set -eu
[ $# -ge 2 ] || { echo "usage: Fuzz/run.sh NAME RUNS [libFuzzer options]" >&2; exit 2; }
name=$1
runs=$2
shift 2
cd "$(dirname "$0")/.."
scratch=.build-fuzz
MONOCLE_FUZZ=1 swift build --scratch-path "$scratch" -c release --product "Fuzz$name" \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -parse-as-library
work=$scratch/$name
mkdir -p "$work/corpus"
# Link flags of the C libraries a harness may reach; none when they are not installed.
libraries=$(pkg-config --libs libturbojpeg spng libwebp libxml-2.0 2>/dev/null || true)
# shellcheck disable=SC2086
swiftc -sanitize=fuzzer,address -o "$work/fuzz" "$scratch/release/libFuzz$name.a" $libraries \
    -Xlinker --gc-sections -lFoundation
exec "$work/fuzz" -runs="$runs" -artifact_prefix="$work/" "$@" "$work/corpus" "Fuzz/$name/corpus"
