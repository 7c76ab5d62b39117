"""Writes a GGUF file of random weights with the decoder shapes and the tokenizer of a checkpoint folder. Speed does not depend
on the values, so blocks are made of random codes under sane scales, not quantised from anything."""

import json
import pathlib

import gguf
import numpy

Type = gguf.GGMLQuantizationType


def keeps_more_bits(layer, layers):
    """The layers of which Q4_K_M stores attn_v and ffn_down as Q6_K (llama.cpp's rule)."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def type_of(name, layer, layers, wanted):
    if wanted == "bf16":
        return Type.BF16
    if name == "output":
        return Type.BF16 if wanted == "nvfp4" else Type.Q6_K  # the checkpoint keeps lm_head in bf16
    if wanted == "nvfp4":
        return Type.BF16 if name == "token_embd" else Type.NVFP4
    if wanted == "q4_0":
        return Type.Q4_0
    return Type.Q6_K if name in ("attn_v", "ffn_down") and keeps_more_bits(layer, layers) else Type.Q4_K


def half(value):
    return numpy.frombuffer(numpy.float16(value).tobytes(), numpy.uint8)


def random_rows(random, type, rows, columns):
    """Rows of stored blocks, uint8: every byte random but the scales."""
    if type == Type.BF16:
        values = random.integers(0, 1 << 16, (rows, columns), numpy.uint16)
        return (values & 0x80FF | 0x3C00).view(numpy.uint8)  # magnitudes of about 1/64
    elements, size = gguf.GGML_QUANT_SIZES[type]
    blocks = random.integers(0, 256, (rows * columns // elements, size), numpy.uint8)
    if type == Type.Q4_0:
        blocks[:, :2] = half(0.004)
    elif type == Type.Q4_K:
        blocks[:, :2], blocks[:, 2:4] = half(0.0001), half(0.0001)
    elif type == Type.Q6_K:
        blocks[:, -2:] = half(0.0001)
    elif type == Type.NVFP4:
        blocks[:, :4] = 0x08 + blocks[:, :4] % 16  # e4m3, 2^-6 to 2^-4
    return blocks.reshape(rows, columns // elements * size)


def add_tokenizer(writer, folder, vocabulary):
    """The byte-level BPE of tokenizer.json; ids that it leaves unused are padding."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    tokens, kinds = [f"[PAD{id}]" for id in range(vocabulary)], [gguf.TokenType.UNUSED] * vocabulary
    for token, id in tokenizer["model"]["vocab"].items():
        tokens[id], kinds[id] = token, gguf.TokenType.NORMAL
    ids = {}
    for token in tokenizer["added_tokens"]:
        tokens[token["id"]], kinds[token["id"]] = token["content"], gguf.TokenType.CONTROL
        ids[token["content"]] = token["id"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(ids[settings["bos_token"]])
    writer.add_eos_token_id(ids[settings["eos_token"]])
    writer.add_chat_template(settings["chat_template"])


def write(folder, wanted, path):
    """A `wanted` (q4_0, q4_k_m, nvfp4 or bf16) file of the folder's decoder."""
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    config = config.get("llm_config", config)
    width, inner, layers = (config[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    head = config.get("head_dim") or width // heads
    vocabulary = config["vocab_size"]
    random = numpy.random.default_rng(7)
    writer = gguf.GGUFWriter(path, "llama", use_temp_file=False)
    writer.add_block_count(layers)
    writer.add_context_length(16384)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(groups)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    add_tokenizer(writer, pathlib.Path(folder), vocabulary)
    shapes = {
        "attn_q": (heads * head, width), "attn_k": (groups * head, width), "attn_v": (groups * head, width),
        "attn_output": (width, heads * head), "ffn_gate": (inner, width), "ffn_up": (inner, width),
        "ffn_down": (width, inner)}
    matrices = [("token_embd", None, (vocabulary, width)), ("output", None, (vocabulary, width))]
    matrices += [(name, layer, shape) for layer in range(layers) for name, shape in shapes.items()]
    norms = ["output_norm"] + [f"blk.{layer}.{name}" for layer in range(layers) for name in ("attn_norm", "ffn_norm")]
    tensors = []
    for name in norms:
        writer.add_tensor_info(f"{name}.weight", (width,), numpy.dtype("float32"), 4 * width)
        tensors.append(lambda: numpy.ones(width, numpy.float32))
    for name, layer, (rows, columns) in matrices:
        type = type_of(name, layer or 0, layers, wanted)
        size = rows * columns // gguf.GGML_QUANT_SIZES[type][0] * gguf.GGML_QUANT_SIZES[type][1]
        full = f"{name}.weight" if layer is None else f"blk.{layer}.{name}.weight"
        writer.add_tensor_info(full, (rows, size // rows), numpy.dtype("uint8"), size, raw_dtype=type)
        tensors.append(lambda type=type, rows=rows, columns=columns: random_rows(random, type, rows, columns))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in tensors:
        writer.write_tensor_data(tensor())
    writer.close()


if __name__ == "__main__":
    import sys

    write(*sys.argv[1:])
