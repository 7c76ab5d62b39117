#!/usr/bin/env python3
"""Seconds PyTorch takes for the encoder of C-RADIOv2-H (ViT-H/16: 32 blocks of width 1280) with random bf16 weights. See README.md."""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        tiles, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(tiles, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(attended.transpose(1, 2).reshape(tiles, tokens, width))
        return x + self.fc2(functional.gelu(self.fc1(self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self, width=1280, heads=16, inner=5120, blocks=32, patch=16, prefix=10):
        super().__init__()
        self.patch = patch
        self.embed = nn.Linear(3 * patch * patch, width)
        self.prefix = nn.Parameter(torch.randn(prefix, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, inner) for _ in range(blocks))

    def forward(self, pixels):
        patches = functional.unfold(pixels, self.patch, stride=self.patch).transpose(1, 2)
        x = self.embed(patches)
        x = torch.cat([self.prefix.expand(x.shape[0], -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        return x


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tiles", default="1,5,13", help="of 512x512, embedded at once")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--types", default="bfloat16,float32")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(7)
    for name in options.types.split(","):
        kind = getattr(torch, name)
        with torch.inference_mode():
            model = Encoder().to(kind).eval()
            for tiles in map(int, options.tiles.split(",")):
                pixels = torch.randn(tiles, 3, 512, 512).to(kind)
                model(pixels[:1])
                times = []
                for _ in range(options.repeats):
                    start = time.perf_counter()
                    model(pixels)
                    times.append(time.perf_counter() - start)
                print(f"PyTorch {torch.__version__} {name}, {options.threads} threads, {tiles} tiles: "
                      f"{statistics.median(times):.3f} s [{min(times):.3f}-{max(times):.3f}]", flush=True)


main()
