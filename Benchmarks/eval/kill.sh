#!/usr/bin/env bash
# Kills `monocle eval run` with SIGKILL at random moments and lets it go on, then compares what is left with a run that nobody
# disturbed: each sample once, every reply and verdict the same.
# usage: Benchmarks/eval/kill.sh MONOCLE FOLDER [ITEMS] [KILLS]
set -euo pipefail
[ $# -ge 2 ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 64; }
monocle=$1 out=$2 items=${3:-200} kills=${4:-10}
mkdir -p "$out"
rm -f "$out"/killed.jsonl "$out"/whole.jsonl
run() { exec "$monocle" eval run --benchmark synthetic --count "$items" --concurrency 3 --json -o "$1" 2>/dev/null; }

start=$(date +%s.%N)
(run "$out/whole.jsonl") >"$out/whole.json"
length=$(awk "BEGIN { print $(date +%s.%N) - $start }")
echo "undisturbed: $length s"
for ((kill = 1; kill <= kills; kill++)); do
    # Several kills fall into the first run's length, each after a random part of it.
    wait=$(awk -v l="$length" -v k="$kills" -v r="$RANDOM" 'BEGIN { print 0.3 + l / k * 1.6 * r / 32768 }')
    run "$out/killed.jsonl" >/dev/null &
    process=$!
    sleep "$wait"
    kill -9 "$process" 2>/dev/null || echo "the run had ended by itself"
    wait "$process" 2>/dev/null || true
    echo "kill $kill after $wait s: $(wc -l <"$out/killed.jsonl") lines, last one $(tail -c 1 "$out/killed.jsonl" | od -An -c | tr -d ' ')"
done
(run "$out/killed.jsonl") >"$out/killed.json"
python3 - "$out" <<'PYTHON'
import json, sys
out = sys.argv[1]

def lines(name):
    items = [json.loads(line) for line in open(f"{out}/{name}.jsonl")][1:]
    indices = [item["index"] for item in items]
    assert len(indices) == len(set(indices)), f"{name}: an item twice"
    return {item["index"]: {key: value for key, value in item.items() if key != "seconds"} for item in items}

whole, killed = lines("whole"), lines("killed")
assert whole == killed, [index for index in whole if whole[index] != killed.get(index)]
scores = [json.load(open(f"{out}/{name}.json"))["summary"]["score"] for name in ("whole", "killed")]
assert scores[0] == scores[1], scores
print(f"{len(killed)} items, each once and the same; score {scores[0]['mean']:.4f} in both")
PYTHON
