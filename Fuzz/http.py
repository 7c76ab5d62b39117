"""Sends bodies that a mutator has broken to a running server, over kept-alive connections: half of them byte by byte, half value by
value, so that more of them get past the JSON.

    monocle serve --port 8000 & python3 Fuzz/http.py http://127.0.0.1:8000 --requests 200000

Every answer must be well-formed HTTP with a status below 500, or 503; a server that dies shows as connections that fail. Prints how many answers had which status. Only Python's own library is used.
"""
import argparse
import asyncio
import base64
import collections
import copy
import json
import random
import struct
import sys
import time
import urllib.parse
import zlib


def png(width=24, height=16):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes((x * 9 + y * 5) % 256 for x in range(3 * width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


IMAGE = "data:image/png;base64," + base64.b64encode(png()).decode()
USER = [{"role": "user", "content": "How much?"}]
SEEDS = [
    ("/v1/chat/completions", {"messages": USER, "max_tokens": 1}),
    ("/v1/chat/completions", {"messages": USER, "max_tokens": 2, "stream": True, "n": 2, "seed": 1, "temperature": 0.7,
                              "top_p": 0.9, "stream_options": {"include_usage": True}, "stop": ["a", "b"]}),
    ("/v1/chat/completions", {"messages": USER, "max_tokens": 1, "logprobs": True, "top_logprobs": 2,
                              "logit_bias": {"5": -1}, "presence_penalty": 0.5, "cache_salt": "x"}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}}, {"type": "text", "text": "?"}]}],
        "max_tokens": 1}),
    ("/v1/chat/completions", {"messages": USER, "max_tokens": 4, "response_format": {"type": "json_schema", "json_schema": {
        "name": "a", "schema": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}},
                                "required": ["a"], "additionalProperties": False}}}}),
    ("/v1/chat/completions", {"messages": USER, "max_tokens": 3, "structured_outputs": {"regex": "(a|b)+[0-9]{2,3}x?"}}),
    ("/v1/chat/completions", {"messages": USER, "max_tokens": 2, "tools": [{"type": "function", "function": {
        "name": "look", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}], "tool_choice": "auto"}),
    ("/v1/chat/completions/render", {"messages": [{"role": "system", "content": "s"}] + USER}),
    ("/v1/completions", {"prompt": "The total", "max_tokens": 1, "echo": True}),
    ("/v1/completions", {"prompt": [1, 2, 3], "max_tokens": 1, "logprobs": 1}),
    ("/v1/responses", {"input": "How much?", "max_output_tokens": 16}),
    ("/tokenize", {"prompt": "a b <image>", "return_token_strs": True}),
    ("/detokenize", {"tokens": [1, 2, 3]}),
]
WORDS = [b"null", b"true", b"-1", b"1e400", b"NaN", b"\\ud800", b"\\u0000", b"{}", b"[]", b'""', b"<|eot_id|>", b"<image>",
         b"18446744073709551616", b"0.1", b"\xff\xfe", b"\xef\xbb\xbf", b"[[[[[[[[", b'{"a":', b"image_url", b"data:,", b"$ref"]


def mutated(body, dice):
    """One to four edits, each of a byte, a piece or a word."""
    body = bytearray(body)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        at = dice.randrange(len(body) + 1)
        end = min(len(body), at + dice.choice((1, 1, 2, 4, 16, 64)))
        kind = dice.randrange(8)
        if kind == 0 and at < len(body):
            body[at] ^= 1 << dice.randrange(8)
        elif kind == 1 and at < len(body):
            body[at] = dice.randrange(256)
        elif kind == 2:
            del body[at:end]
        elif kind == 3:
            body[at:at] = body[at:end] * dice.choice((1, 2, 50))
        elif kind == 4:
            body[at:at] = dice.choice(WORDS)
        elif kind == 5:
            body[at:end] = dice.choice(WORDS)
        elif kind == 6:
            digits = [i for i, byte in enumerate(body) if 0x30 <= byte <= 0x39]
            if digits:
                place = dice.choice(digits)
                body[place:place + 1] = dice.choice((b"0", b"9", b"-1", b"99999999999", b"0.5", b"1e9", b"null", b'"1"'))
        elif len(body) > 2:
            other = dice.randrange(len(body))
            body[at:end] = body[other:other + 8]
    return bytes(body)


VALUES = [None, True, False, 0, -1, 1, 2, 0.5, 1e9, 2**63, -2**63, "", "a", "auto", "<|eot_id|>", "data:,", "\ud800", "x" * 5000, [],
          [[]], {}, [1], ["a"], {"type": "text", "text": "b"}, {"role": "tool", "content": "c"}, {"$ref": "#"}]


def places(value, found):
    """Every container with a key or index into it."""
    for key in value if isinstance(value, dict) else range(len(value)):
        found.append((value, key))
        if isinstance(value[key], (dict, list)) and value[key]:
            places(value[key], found)
    return found


def exchanged(body, dice):
    """One to three values exchanged, removed, repeated or moved."""
    body = json.loads(body)
    for _ in range(dice.choice((1, 1, 2, 3))):
        found = places(body, [])
        if not found:
            break
        container, key = dice.choice(found)
        kind = dice.randrange(6)
        if kind == 0:
            del container[key]
        elif kind == 1:
            other, place = dice.choice(found)
            if isinstance(other, dict) and place in other or isinstance(other, list) and place < len(other):
                container[key] = copy.deepcopy(other[place])
        elif kind == 2 and isinstance(container, list):
            container.extend(copy.deepcopy(container) * dice.choice((1, 3, 40)))
        elif kind == 3 and isinstance(container[key], (int, float)):
            container[key] = container[key] * dice.choice((-1, 0, 2, 10, 1000)) + dice.choice((0, 1, 0.5))
        elif kind == 4 and isinstance(container[key], str):
            text = container[key]
            at = dice.randrange(len(text) + 1)
            container[key] = text[:at] + dice.choice(("\0", "\u202e", "<image>", "é", "'", "*", "(", "[", "|", "{9,99}", " ")) + text[at:]
        else:
            container[key] = copy.deepcopy(dice.choice(VALUES))
    return json.dumps(body).encode()


class Client:
    def __init__(self, arguments, number):
        self.host, self.port = arguments.host, arguments.port
        self.dice = random.Random(f"{arguments.seed} {number}")
        self.reader = self.writer = None

    async def ask(self, path, body):
        """The status of the answer; raises what is no answer."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 22)
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(answer.split(" ", 2)[1])
        if "transfer-encoding: chunked" in answer:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                await self.reader.readexactly(size + 2)
            await self.reader.readexactly(2)
        else:
            length = answer.partition("content-length:")[2].partition("\r\n")[0]
            text = await self.reader.readexactly(int(length))
            if status != 200:
                json.loads(text)["error"]["code"]
        if "connection: close" in answer:
            self.close()
        return status

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


async def run(arguments):
    statuses = collections.Counter()
    faults = []
    bodies = [(path, json.dumps(body).encode()) for path, body in SEEDS]
    left = iter(range(arguments.requests))
    start = time.time()

    async def work(number):
        client = Client(arguments, number)
        for _ in left:
            path, body = client.dice.choice(bodies)
            body = (mutated if client.dice.random() < 0.5 else exchanged)(body, client.dice)
            try:
                status = await asyncio.wait_for(client.ask(path, body), 120)
            except Exception as error:  # closed, garbled or silent
                faults.append((repr(error), path, body))
                client.close()
                continue
            statuses[status] += 1
            if status >= 500 and status != 503:
                faults.append((status, path, body))
            done = sum(statuses.values())
            if done % 10000 == 0:
                print(f"{done} in {time.time() - start:.0f} s: {dict(statuses)}", file=sys.stderr, flush=True)
        client.close()

    await asyncio.gather(*(work(number) for number in range(arguments.connections)))
    print(f"{sum(statuses.values())} answers in {time.time() - start:.0f} s: {dict(sorted(statuses.items()))}")
    for fault in faults[:20]:
        print("FAULT", *fault)
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", default="0")
    arguments = parser.parse_args()
    url = urllib.parse.urlsplit(arguments.url)
    arguments.host, arguments.port = url.hostname, url.port or 80
    sys.exit(asyncio.run(run(arguments)))


main()
