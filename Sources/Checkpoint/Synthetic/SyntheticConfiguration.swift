// The JSON files of a synthetic checkpoint, with the keys of the published one.

/// config.json and its companions.
struct SyntheticConfiguration {
    let shape: SyntheticShape
    let format: SyntheticFormat
    let seed: UInt64
    let tokenizer: SyntheticTokenizer

    private static let excluded = ["language_model.lm_head", "mlp1*", "vision_model*"]

    /// Producer of the quantised formats.
    private static let producer = JSONFile.Value.object([("name", .string("monocle")), ("version", .string("synth"))])

    private var ends: JSONFile.Value { .array(tokenizer.endTokens.map(JSONFile.Value.integer)) }

    /// config.json.
    var root: JSONFile.Value {
        let name = ModelConfiguration.Architecture.nemotronNanoVL.rawValue
        var members: [(String, JSONFile.Value)] = [
            ("architectures", .array([.string(name)])), ("downsample_ratio", .number(0.5)),
            ("eos_token_id", .integer(tokenizer.endTokens.last ?? 0)), ("force_image_size", .integer(shape.tileSize)),
            ("image_tag_type", .string("internvl")), ("llm_config", language), ("model_type", .string(name)),
            (
                ModelConfiguration.syntheticKey,
                .object([
                    ("format", .string(format.rawValue)), ("seed", .string(String(seed))),
                    ("shape", .string(shape.rawValue)),
                ])
            ),
            ("patch_size", .integer(shape.vision.patch)), ("projector_hidden_size", .integer(shape.projector.hidden)),
            ("ps_version", .string("v2")),
        ]
        if let quantization { members.append(("quantization_config", quantization)) }
        members += [
            ("torch_dtype", .string("bfloat16")), ("vision_config", vision),
            ("vit_hidden_size", .integer(shape.vision.width)),
        ]
        return .object(members)
    }

    private var language: JSONFile.Value {
        let llama = shape.language
        return .object([
            ("architectures", .array([.string(ModelConfiguration.Architecture.llama.rawValue)])),
            ("attention_bias", .bool(false)), ("bos_token_id", .integer(tokenizer.beginToken)), ("eos_token_id", ends),
            ("head_dim", .integer(llama.headDimension)), ("hidden_act", .string("silu")),
            ("hidden_size", .integer(llama.hidden)), ("intermediate_size", .integer(llama.feedForward)),
            ("max_position_embeddings", .integer(shape.maxPositions)), ("mlp_bias", .bool(false)),
            ("model_type", .string("llama")), ("num_attention_heads", .integer(llama.heads)),
            ("num_hidden_layers", .integer(llama.layers)), ("num_key_value_heads", .integer(llama.keyValueHeads)),
            ("rms_norm_eps", .number(1e-5)),
            (
                "rope_scaling",
                .object([
                    ("factor", .number(shape.rope.factor)), ("high_freq_factor", .number(4)),
                    ("low_freq_factor", .number(1)),
                    ("original_max_position_embeddings", .integer(shape.rope.originalContext)),
                    ("rope_type", .string("llama3")),
                ])
            ),
            ("rope_theta", .number(500_000)), ("tie_word_embeddings", .bool(llama.tiesEmbeddings)),
            ("torch_dtype", .string("bfloat16")), ("vocab_size", .integer(llama.vocabulary)),
        ])
    }

    private var vision: JSONFile.Value {
        let encoder = shape.vision
        let extent = encoder.positionGrid * encoder.patch
        let names: [SyntheticShape: String] = [
            .billion: "vit_base_patch16_224", .eightBillion: "vit_huge_patch16_224",
        ]
        // The published model's sizes follow from its name; a size without a name states them.
        let sizes: [(String, JSONFile.Value)] =
            names[shape] != nil
            ? []
            : [
                ("depth", .integer(encoder.depth)), ("embed_dim", .integer(encoder.width)),
                ("num_heads", .integer(encoder.heads)),
            ]
        let teachers = [("clip", true), ("siglip", true), ("dino_v2", true), ("sam", false)]
        return .object([
            ("adaptor_configs", .object([])), ("adaptor_names", .null),
            (
                "args",
                .object([
                    ("cls_token_per_teacher", .bool(true)), ("cpe_max_size", .integer(extent)),
                    ("dtype", .string("bfloat16")), ("model", .string(names[shape] ?? "vit_huge_patch16_224")),
                    ("model_kwargs", .object(sizes)), ("model_norm", .bool(false)),
                    ("register_multiple", .integer(8)),
                    (
                        "teachers",
                        .array(teachers.map { .object([("name", .string($0)), ("use_summary", .bool($1))]) })
                    ),
                ])
            ),
            ("feature_normalizer_config", .null), ("max_resolution", .integer(extent)), ("model_type", .string("")),
            ("patch_size", .integer(encoder.patch)),
            ("preferred_resolution", .array([.integer(shape.tileSize), .integer(shape.tileSize)])),
            ("torch_dtype", .string("bfloat16")), ("version", .string("c-radio_v2-vlm-h")),
            ("vitdet_window_size", .null),
        ])
    }

    private var quantization: JSONFile.Value? {
        guard format != .bf16 else { return nil }
        var scheme: [(String, JSONFile.Value)] = [
            ("dynamic", .bool(false)), ("num_bits", .integer(format == .nvfp4 ? 4 : 8)), ("type", .string("float")),
        ]
        if format == .nvfp4 { scheme.append(("group_size", .integer(16))) }
        return .object([
            (
                "config_groups",
                .object([
                    (
                        "group_0",
                        .object([
                            ("input_activations", .object(scheme)), ("weights", .object(scheme)),
                            ("targets", .array([.string("Linear")])),
                        ])
                    )
                ])
            ),
            ("ignore", .array(Self.excluded.map(JSONFile.Value.string))),
            ("quant_algo", .string(format.rawValue.uppercased())), ("producer", Self.producer),
            ("quant_method", .string("modelopt")),
        ])
    }

    /// hf_quant_config.json; nil for a dense checkpoint.
    var legacyQuantization: JSONFile.Value? {
        guard format != .bf16 else { return nil }
        return .object([
            ("producer", Self.producer),
            (
                "quantization",
                .object([
                    ("quant_algo", .string(format.rawValue.uppercased())), ("kv_cache_quant_algo", .null),
                    ("group_size", format == .nvfp4 ? .integer(16) : .null),
                    ("exclude_modules", .array(Self.excluded.map(JSONFile.Value.string))),
                ])
            ),
        ])
    }

    /// generation_config.json.
    var generation: JSONFile.Value {
        .object([
            ("_from_model_config", .bool(true)), ("bos_token_id", .integer(tokenizer.beginToken)),
            ("eos_token_id", ends),
        ])
    }

    /// preprocessor_config.json.
    var preprocessor: JSONFile.Value {
        .object([
            ("do_convert_rgb", .bool(true)), ("do_normalize", .bool(false)), ("do_rescale", .bool(true)),
            ("image_processor_type", .string("LlamaNemotronNanoVLImageProcessor")),
            ("image_size", .integer(shape.tileSize)), ("max_num_tiles", .integer(12)),
            ("rescale_factor", .number(0.003_921_568_627_450_98)), ("use_thumbnail", .bool(true)),
        ])
    }
}
