"""A table of 2 GB in VLMEvalKit's form through `monocle eval run`: how much memory it takes. The images are noise, the answers
come from a server in this script, so that every image is read, decoded from base64 and sent.
Usage: large_table.py MONOCLE FOLDER [GIGABYTES]"""
import base64
import http.server
import json
import os
import random
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

SIDE = 1000


def png(dice):
    """Noise that is stored, not packed: about 3 MB."""
    rows = b"".join(b"\0" + dice.randbytes(3 * SIDE) for _ in range(SIDE))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


def write(path, size):
    dice = random.Random(0)
    rows = 0
    with open(path, "wb") as file:
        file.write(b"index\tquestion\tanswer\timage\n")
        while file.tell() < size:
            file.write(f"{rows}\tWhat is shown?\t['noise']\t".encode() + base64.b64encode(png(dice)) + b"\n")
            rows += 1
    return rows


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received = 0

    def do_POST(self):
        length = int(self.headers["content-length"])
        while length:
            length -= len(piece := self.rfile.read(min(length, 1 << 20)))
            Answers.received += len(piece)
        body = json.dumps({
            "id": "1", "object": "chat.completion", "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 1},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "noise"}}],
        }).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run(title, monocle, *options):
    start = time.time()
    process = subprocess.Popen([monocle, "eval", "run", "--benchmark", "docvqa", *map(str, options)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    print(
        f"{title}: status {os.waitstatus_to_exitcode(status)}, {time.time() - start:.1f} s, {usage.ru_utime:.1f} s of processor time, "
        f"{usage.ru_maxrss / 1024:.0f} MiB resident at most", flush=True)


def main(monocle, folder, gigabytes="2"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "large.tsv"
    rows = write(table, float(gigabytes) * 1e9)
    print(f"{rows} rows, {table.stat().st_size / 1e9:.2f} GB", flush=True)
    for name in ("server", "model"):
        (folder / f"{name}.jsonl").unlink(missing_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    endpoint = ["--endpoint", url, "--endpoint-model", "m", "--concurrency", "4"]
    run("every row to a server", monocle, "--data", table, *endpoint, "-o", folder / "server.jsonl")
    print(f"received {Answers.received / 1e9:.2f} GB")
    run("the same again, nothing left to ask", monocle, "--data", table, *endpoint, "-o", folder / "server.jsonl")
    run("40 rows to the model in the process", monocle, "--data", table, "--limit", 40, "--max-tokens", 4, "-o", folder / "model.jsonl")
    lines = [json.loads(line) for line in open(folder / "server.jsonl")][1:]
    assert len(lines) == rows and all(line["verdict"]["score"] == 1 for line in lines)
    table.unlink()


main(*sys.argv[1:])
