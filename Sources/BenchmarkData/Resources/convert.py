# Parquet files of a Hugging Face data set as one JSONL file with its images beside it. Arguments: a folder or file, a new
# folder, a split ('' for all). Prints one JSON object. Ends with 3 without pyarrow, with 4 and a reason on other faults.
import hashlib
import json
import math
import os
import sys

try:
    import pyarrow.parquet as parquet
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)


def fail(reason):
    print(reason, file=sys.stderr)
    sys.exit(4)


def split_of(path):
    return os.path.basename(path).split("-")[0].removesuffix(".parquet")


def suffix(data):
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:3] == b"\xff\xd8\xff":
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "bin"


def is_image(value):
    return isinstance(value, dict) and isinstance(value.get("bytes"), bytes)


def main(source, target, split):
    found = [source] if os.path.isfile(source) else sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(source) for name in names
        if name.endswith(".parquet"))
    files = [path for path in found if not split or split_of(path) == split]
    splits = sorted({split_of(path) for path in found})
    if not files:
        fail(f"no parquet files of split {split!r}; there are {', '.join(splits)}" if found else "no parquet files")
    if not split and len(splits) > 1:
        fail(f"several splits: {', '.join(splits)}; name one with --split")
    os.makedirs(os.path.join(target, "images"), exist_ok=True)
    saved = {}

    def plain(value):
        if is_image(value):
            data = value["bytes"]
            digest = hashlib.sha256(data).hexdigest()[:24]
            if digest not in saved:
                saved[digest] = f"images/{digest}.{suffix(data)}"
                with open(os.path.join(target, saved[digest]), "wb") as file:
                    file.write(data)
            return saved[digest]
        if isinstance(value, dict):
            return {key: plain(member) for key, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(element) for element in value]
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    rows = 0
    partial = os.path.join(target, "items.jsonl.partial")
    with open(partial, "w", encoding="utf-8", newline="\n") as output:
        for path in files:
            for batch in parquet.ParquetFile(path).iter_batches(batch_size=16):
                for row in batch.to_pylist():
                    line = json.dumps(plain(row), ensure_ascii=False, allow_nan=False, default=str)
                    output.write(line + "\n")
                    rows += 1
    os.replace(partial, os.path.join(target, "items.jsonl"))
    print(json.dumps({"files": len(files), "rows": rows, "images": len(saved)}))


try:
    main(*sys.argv[1:4])
except Exception as error:
    fail(f"{type(error).__name__}: {error}")
