"""The `mini` shape in PyTorch: times training steps of given sizes. Random weights and inputs: speed, not learning.

Reads {"dtype": "bfloat16" | "float32", "threads": n, "steps": [{"examples": n, "tiles": n, "tokens": n}, ...]} from
standard input; writes one line {"seconds", "cpu", "loss", "tokens"} for each step.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

TILE, PATCH, PREFIX, VISION, VISION_DEPTH, VISION_HEADS, VISION_MLP = 128, 8, 8, 192, 6, 3, 768
PROJECTOR, HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, FEED_FORWARD, VOCABULARY = 384, 256, 4, 4, 2, 64, 704, 512
GRID = TILE // PATCH
IMAGE_TOKENS = (GRID // 2) ** 2
ANSWER_ROWS = 8  # of an example; a row costs the head 0.8 MFLOP of a step's tens of GFLOP


class VisionBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(VISION, eps=1e-6)
        self.qkv = nn.Linear(VISION, 3 * VISION)
        self.out = nn.Linear(VISION, VISION)
        self.norm2 = nn.LayerNorm(VISION, eps=1e-6)
        self.up = nn.Linear(VISION, VISION_MLP)
        self.down = nn.Linear(VISION_MLP, VISION)

    def forward(self, x):
        split = self.qkv(self.norm1(x)).unflatten(-1, (3, VISION_HEADS, -1))
        q, k, v = (part.transpose(1, 2) for part in split.unbind(2))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class DecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.RMSNorm(HIDDEN, eps=1e-5)
        self.q = nn.Linear(HIDDEN, HEADS * HEAD, bias=False)
        self.k = nn.Linear(HIDDEN, KV_HEADS * HEAD, bias=False)
        self.v = nn.Linear(HIDDEN, KV_HEADS * HEAD, bias=False)
        self.out = nn.Linear(HEADS * HEAD, HIDDEN, bias=False)
        self.norm2 = nn.RMSNorm(HIDDEN, eps=1e-5)
        self.gate = nn.Linear(HIDDEN, FEED_FORWARD, bias=False)
        self.up = nn.Linear(HIDDEN, FEED_FORWARD, bias=False)
        self.down = nn.Linear(FEED_FORWARD, HIDDEN, bias=False)

    def forward(self, x, cos, sin):
        def rotated(y):
            low, high = y.chunk(2, -1)
            return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)

        y = self.norm1(x)
        q, k, v = (part(y).unflatten(-1, (-1, HEAD)).transpose(1, 2) for part in (self.q, self.k, self.v))
        q, k = rotated(q), rotated(k)
        k, v = (part.repeat_interleave(HEADS // KV_HEADS, 1) for part in (k, v))
        mixed = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Mini(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Linear(3 * PATCH * PATCH, VISION, bias=False)
        self.positions = nn.Parameter(0.02 * torch.randn(GRID * GRID, VISION))
        self.prefix = nn.Parameter(0.02 * torch.randn(PREFIX, VISION))
        self.blocks = nn.ModuleList(VisionBlock() for _ in range(VISION_DEPTH))
        self.projector = nn.Sequential(
            nn.LayerNorm(4 * VISION), nn.Linear(4 * VISION, PROJECTOR), nn.GELU(), nn.Linear(PROJECTOR, HIDDEN))
        self.table = nn.Embedding(VOCABULARY, HIDDEN)
        self.layers = nn.ModuleList(DecoderLayer() for _ in range(LAYERS))
        self.norm = nn.RMSNorm(HIDDEN, eps=1e-5)
        self.head = nn.Linear(HIDDEN, VOCABULARY, bias=False)
        # The frequencies' long-context scaling does not change the work.
        angles = torch.outer(torch.arange(4096.0), 500_000.0 ** (-torch.arange(0, HEAD, 2) / HEAD))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def images(self, pixels):
        tiles = pixels.shape[0]
        x = pixels.unflatten(2, (GRID, PATCH)).unflatten(4, (GRID, PATCH)).permute(0, 2, 4, 1, 3, 5)
        x = self.patches(x.reshape(tiles, GRID * GRID, -1)) + self.positions
        x = torch.cat([self.prefix.to(x.dtype).expand(tiles, -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        x = x[:, PREFIX:].unflatten(1, (GRID // 2, 2, GRID // 2, 2)).permute(0, 1, 3, 2, 4, 5)
        return self.projector(x.reshape(tiles * IMAGE_TOKENS, -1))

    def forward(self, pixels, ids, image_rows, answer_rows):
        examples, length = ids.shape
        x = self.table(ids).flatten(0, 1)
        x = x.index_copy(0, image_rows, self.images(pixels).to(x.dtype)).unflatten(0, (examples, length))
        for layer in self.layers:
            x = layer(x, self.cos[:length], self.sin[:length])
        return self.head(self.norm(x).flatten(0, 1)[answer_rows])


def batch(step):
    """Sequences of one length, so that nothing is padded; the images' rows are spread over them."""
    examples, tiles = step["examples"], step["tiles"]
    length = max(round(step["tokens"] / examples), -(-tiles * IMAGE_TOKENS // examples) + ANSWER_ROWS + 1)
    image_rows, left = [], tiles * IMAGE_TOKENS
    for example in range(examples):
        share = -(-left // (examples - example))
        image_rows += range(example * length, example * length + share)
        left -= share
    answer_rows = [(example + 1) * length - 1 - row for example in range(examples) for row in range(ANSWER_ROWS)]
    return (
        torch.randn(tiles, 3, TILE, TILE), torch.randint(VOCABULARY, (examples, length)), torch.tensor(image_rows),
        torch.tensor(answer_rows), torch.randint(VOCABULARY, (len(answer_rows),)))


def main():
    work = json.load(sys.stdin)
    torch.manual_seed(0)
    torch.set_num_threads(work["threads"])
    model = Mini()
    count = sum(parameter.numel() for parameter in model.parameters())
    print(json.dumps({"torch": torch.__version__, "parameters": count}), flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    for step in work["steps"]:
        *inputs, targets = batch(step)
        start, cpu = time.perf_counter(), time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=work["dtype"] == "bfloat16"):
            logits = model(*inputs)
        loss = F.cross_entropy(logits.float(), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        value = loss.item()
        print(json.dumps({
            "seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "loss": value,
            "tokens": inputs[1].numel()}), flush=True)


main()
