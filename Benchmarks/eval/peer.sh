#!/usr/bin/env bash
# A whole run against another engine: llama.cpp's server, with a tiny model of random weights that sees images, answers invented
# questions about images and videos. A run is killed on the way and goes on; then it is scored again and reported.
# usage: Benchmarks/eval/peer.sh MONOCLE FOLDER [QUESTIONS]
set -euo pipefail
[ $# -ge 2 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
monocle=$(realpath "$1") out=$(cd "$2" && pwd) count=${3:-200} port=18980

[ -x "$out/python/bin/python" ] || python3 -m venv "$out/python"
"$out/python/bin/pip" install -q --disable-pip-version-check xllamacpp gguf numpy
[ -d "$out/data" ] || python3 "$here/invented.py" "$monocle" "$out/data" "$count"
"$out/python/bin/python" "$here/llama_cpp_peer.py" "$port" >"$out/server.log" 2>&1 &
server=$!
trap 'kill "$server"' EXIT
for ((second = 0; second < 120; second++)); do
    grep -q "listening at" "$out/server.log" && break
    kill -0 "$server" || { tail -20 "$out/server.log" >&2; exit 1; }
    sleep 1
done

run() {  # benchmark, file, options
    exec "$monocle" eval run --benchmark "$1" --data "$out/data/$1" -o "$out/$2.jsonl" --max-tokens 16 \
        --endpoint "http://127.0.0.1:$port/v1" --endpoint-model tiny-random-llava "${@:3}"
}
lines() { [ -e "$out/killed.jsonl" ] && wc -l <"$out/killed.jsonl" || echo 0; }

rm -f "$out"/*.jsonl
time (run ai2d whole)
run ai2d killed >"$out/killed.log" 2>&1 &
process=$!
while [ "$(lines)" -le $((count / 3)) ] && kill -0 "$process" 2>/dev/null; do sleep 0.02; done
kill -9 "$process" 2>/dev/null || echo "the run had ended by itself"
wait "$process" 2>/dev/null || true
echo "killed after $(($(lines) - 1)) of $count"
(run ai2d killed)
(run videomme videos --frames 8)
"$monocle" eval score "$out/whole.jsonl" --profile lmms-eval
"$monocle" eval compare "$out/whole.jsonl" "$out/killed.jsonl"
"$monocle" eval report "$out"/{whole,killed,videos}.jsonl -o "$out/report"
