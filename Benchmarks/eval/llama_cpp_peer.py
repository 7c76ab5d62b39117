# llama.cpp's own server with a tiny model of random weights, as a peer for `monocle eval run --endpoint`.
# Usage: python llama_cpp_peer.py PORT   (needs: pip install xllamacpp gguf numpy)
import sys
import tempfile
import time
from pathlib import Path

import gguf
import numpy
import xllamacpp


def write(path, width=64, layers=2, heads=4, inner=128, context=4096):
    random = numpy.random.default_rng(0)
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + ["\u2581", "A", "B", "yes"]
    types = [2, 3, 3] + [6] * 256 + [1] * 4  # unknown, control, byte, normal
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(-index) for index in range(len(tokens))])
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: ")

    def matrix(name, *shape):
        writer.add_tensor(name, random.normal(0, 0.3, shape).astype(numpy.float32))

    matrix("token_embd.weight", len(tokens), width)
    matrix("output.weight", len(tokens), width)
    writer.add_tensor("output_norm.weight", numpy.ones(width, numpy.float32))
    for layer in range(layers):
        for name in ["attn_norm", "ffn_norm"]:
            writer.add_tensor(f"blk.{layer}.{name}.weight", numpy.ones(width, numpy.float32))
        for name in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            matrix(f"blk.{layer}.{name}.weight", width, width)
        matrix(f"blk.{layer}.ffn_gate.weight", inner, width)
        matrix(f"blk.{layer}.ffn_up.weight", inner, width)
        matrix(f"blk.{layer}.ffn_down.weight", width, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


path = str(Path(tempfile.mkdtemp()) / "tiny.gguf")
write(path)
parameters = xllamacpp.CommonParams()
parameters.model.path = path
parameters.n_ctx = 4096
parameters.n_parallel = 2
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1])
server = xllamacpp.Server(parameters)
print("listening at", server.listening_address, flush=True)
while True:
    time.sleep(3600)
