# llama.cpp's own server with a tiny model of random weights, eyes included, as a peer for `monocle eval run --endpoint`.
# Usage: python llama_cpp_peer.py PORT   (needs: pip install xllamacpp gguf numpy)
import sys
import tempfile
import time
from pathlib import Path

import gguf
import numpy
import xllamacpp

WIDTH = 64
WORDS = "A B C D yes no up down left right red green blue one two three four five six seven eight nine ten".split()


class File:
    def __init__(self, path, architecture, seed):
        self.writer = gguf.GGUFWriter(path, architecture)
        self.random = numpy.random.default_rng(seed)

    def matrix(self, name, *shape, scale=0.3):
        self.tensor(name, self.random.normal(0, scale, shape))

    def tensor(self, name, values):
        self.writer.add_tensor(name, numpy.asarray(values, numpy.float32))

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def write_text(path, layers=2, heads=4, inner=128, context=16384):
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + ["\u2581"]
    tokens += ["\u2581" + word for word in WORDS] + list("ABCD")
    types = [2, 3, 3] + [6] * 256 + [1] * (len(tokens) - 259)  # unknown, control, byte, normal
    file = File(path, "llama", 0)
    writer = file.writer
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(-index) for index in range(len(tokens))])
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: ")
    file.matrix("token_embd.weight", len(tokens), WIDTH)
    # Only words, letters and the end are ever likely: replies are texts.
    output = file.random.normal(0, 0.3, (len(tokens), WIDTH))
    output[:2] = output[3:260] = 0
    file.tensor("output.weight", output)
    file.tensor("output_norm.weight", numpy.ones(WIDTH))
    for layer in range(layers):
        for name in ["attn_norm", "ffn_norm"]:
            file.tensor(f"blk.{layer}.{name}.weight", numpy.ones(WIDTH))
        for name in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            file.matrix(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        file.matrix(f"blk.{layer}.ffn_gate.weight", inner, WIDTH)
        file.matrix(f"blk.{layer}.ffn_up.weight", inner, WIDTH)
        file.matrix(f"blk.{layer}.ffn_down.weight", WIDTH, inner)
    file.close()


def write_eyes(path, width=48, layers=2, heads=4, inner=96, side=64, patch=16):
    file = File(path, "clip", 1)
    writer = file.writer
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", True)
    for name, value in [
        ("image_size", side), ("patch_size", patch), ("embedding_length", width), ("feed_forward_length", inner),
        ("projection_dim", WIDTH), ("block_count", layers), ("attention.head_count", heads),
    ]:
        writer.add_uint32(f"clip.vision.{name}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.25, 0.25, 0.25])

    def norm(name):
        file.tensor(f"{name}.weight", numpy.ones(width))
        file.tensor(f"{name}.bias", numpy.zeros(width))

    def linear(name, outputs, inputs):
        file.matrix(f"{name}.weight", outputs, inputs)
        file.tensor(f"{name}.bias", numpy.zeros(outputs))

    file.matrix("v.patch_embd.weight", width, 3, patch, patch, scale=0.05)
    file.matrix("v.position_embd.weight", (side // patch) ** 2, width)
    norm("v.pre_ln")
    for layer in range(layers):
        norm(f"v.blk.{layer}.ln1")
        norm(f"v.blk.{layer}.ln2")
        for name in ["attn_q", "attn_k", "attn_v", "attn_out"]:
            linear(f"v.blk.{layer}.{name}", width, width)
        linear(f"v.blk.{layer}.ffn_up", inner, width)
        linear(f"v.blk.{layer}.ffn_down", width, inner)
    linear("mm.0", WIDTH, width)
    linear("mm.2", WIDTH, WIDTH)
    file.close()


folder = Path(tempfile.mkdtemp())
write_text(str(folder / "tiny.gguf"))
write_eyes(str(folder / "eyes.gguf"))
parameters = xllamacpp.CommonParams()
parameters.model.path = str(folder / "tiny.gguf")
parameters.mmproj.path = str(folder / "eyes.gguf")
parameters.model_alias = {"tiny-random-llava"}
parameters.n_ctx = 16384
parameters.n_parallel = 4
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1])
server = xllamacpp.Server(parameters)
print("listening at", server.listening_address, flush=True)
while True:
    time.sleep(3600)
