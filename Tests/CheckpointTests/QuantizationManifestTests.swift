// Declared quantisation in its spellings, exclusion by vLLM's rules, and the tensors of the other dialects.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct QuantizationManifestTests {
    private func manifest(
        embedded: [String: Any]? = nil, legacy: [String: Any]? = nil
    ) throws -> QuantizationManifest? {
        let folder = try TemporaryFolder()
        let root = folder.url.appending(path: "config.json")
        try JSONSerialization.data(withJSONObject: embedded.map { ["quantization_config": $0] } ?? [:]).write(to: root)
        if let legacy {
            try JSONSerialization.data(withJSONObject: legacy)
                .write(to: folder.url.appending(path: "hf_quant_config.json"))
        }
        return try QuantizationManifest.read(ConfigurationObject(file: root), folder: folder.url)
    }

    private static var legacy: [String: Any] {
        [
            "producer": ["name": "modelopt", "version": "0.29"],
            "quantization": [
                "quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "group_size": 16,
                "exclude_modules": ["language_model.lm_head", "mlp1*", "vision_model*"],
            ],
        ]
    }

    @Test func readsBothSpellingsOfModelOpt() throws {
        #expect(try manifest() == nil)
        let old = try #require(try manifest(legacy: Self.legacy))
        #expect(old.algorithm == .nvfp4 && old.keyValueCache == "FP8" && old.producer == "modelopt 0.29")
        let scheme: [String: Any] = ["dynamic": false, "num_bits": 4, "type": "float", "group_size": 16]
        var embedded: [String: Any] = [
            "quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head"],
            "kv_cache_scheme": ["num_bits": 8, "type": "float", "dynamic": false],
            "config_groups": ["group_0": ["weights": scheme, "input_activations": scheme, "targets": ["Linear"]]],
        ]
        let new = try #require(try manifest(embedded: embedded))
        #expect(new.algorithm == .nvfp4 && new.keyValueCache == "FP8" && new.excluded == ["lm_head"])
        // The embedded one wins, and the difference is told.
        let both = try #require(try manifest(embedded: embedded, legacy: Self.legacy))
        #expect(both.excluded == ["lm_head"] && both.producer == "modelopt 0.29")
        #expect(both.warnings.count == 1 && both.warnings[0].contains("excluded modules"))
        embedded["config_groups"] = ["group_0": ["weights": scheme, "targets": ["Linear"]]]
        #expect(try manifest(embedded: embedded)?.algorithm == .weightOnlyNVFP4)
        let fp8 = try #require(try manifest(embedded: ["quant_method": "modelopt", "quant_algo": "FP8"]))
        #expect(fp8.algorithm == .fp8 && fp8.keyValueCache == nil)
    }

    @Test func readsMixedPrecisionByLayer() throws {
        let mixed = try #require(
            try manifest(legacy: [
                "quantization": [
                    "quant_algo": "MIXED_PRECISION",
                    "quantized_layers": [
                        "model.layers.0.mlp.up_proj": ["quant_algo": "NVFP4", "group_size": 16],
                        "model.layers.0.self_attn.q_proj": ["quant_algo": "FP8"],
                    ],
                ]
            ]))
        #expect(mixed.algorithm(of: "model.layers.0.mlp.up_proj") == .nvfp4)
        #expect(mixed.algorithm(of: "model.layers.0.self_attn.q_proj") == .fp8)
        #expect(mixed.algorithm(of: "model.layers.0.self_attn.o_proj") == nil)
    }

    @Test(arguments: [
        ("language_model.lm_head", "language_model.lm_head", true),
        ("lm_head", "language_model.lm_head", true),
        ("mlp1*", "mlp1.1", true), ("mlp1*", "mlp1", true), ("mlp1*", "mlp10.1", false),
        ("model.layers.0.*", "language_model.model.layers.0.mlp.up_proj", true),
        ("model.layers.0.*", "language_model.model.layers.10.mlp.up_proj", false),
        ("*self_attn*", "model.layers.3.self_attn.q_proj", true),
        ("*self_attn", "model.layers.3.self_attn.q_proj", false),
        ("*self_attn.*", "model.layers.3.self_attn.q_proj", true),
        ("model.layers.?.mlp.up_proj", "model.layers.3.mlp.up_proj", true),
        ("model.layers.?.mlp.up_proj", "model.layers.13.mlp.up_proj", false),
        ("model.layers.[0-2].mlp.*", "model.layers.2.mlp.up_proj", true),
        ("model.layers.[!0-2].mlp.*", "model.layers.2.mlp.up_proj", false),
        ("", "model.layers.2.mlp.up_proj", false),
        ("up_proj", "model.layers.2.mlp.up_proj", true),
        ("nothing", "vision_model.radio_model.model.blocks.0.attn.qkv", true),
    ])
    func excludesByTheRulesOfVLLM(entry: String, layer: String, excluded: Bool) throws {
        let manifest = try #require(
            try manifest(embedded: ["quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": [entry]]))
        #expect(manifest.excludes(layer) == excluded)
        #expect((manifest.algorithm(of: layer) == nil) == excluded)
    }

    @Test func wildcardsTakeNoExponentialTime() throws {
        let entry = String(repeating: "*a", count: 30) + "*b"
        let manifest = try #require(
            try manifest(embedded: ["quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": [entry]]))
        let duration = ContinuousClock().measure {
            #expect(!manifest.excludes(String(repeating: "a", count: 2000)))
        }
        #expect(duration < .seconds(1))
    }

    private static func compressed(_ ignore: [String] = ["lm_head"]) -> [String: Any] {
        let scheme: [String: Any] = ["num_bits": 4, "type": "float", "group_size": 16, "strategy": "tensor_group"]
        return [
            "quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized", "ignore": ignore,
            "config_groups": ["group_0": ["weights": scheme, "input_activations": scheme, "targets": ["Linear"]]],
        ]
    }

    @Test func readsCompressedTensors() throws {
        let manifest = try #require(
            try manifest(embedded: Self.compressed(["lm_head", "re:vision_model.*", "re:.*\\.o_proj$", "re:a|b"])))
        #expect(manifest.dialect == .compressedTensors && manifest.algorithm == .nvfp4)
        #expect(manifest.excludes("model.layers.0.self_attn.o_proj"))
        #expect(!manifest.excludes("model.layers.0.self_attn.q_proj"))
        #expect(manifest.warnings.count == 1 && manifest.warnings[0].contains("'re:a|b'"))
    }

    // MARK: Folders in other dialects

    @Test func opensCompressedTensorsWithReciprocalScales() throws {
        let broken = try BrokenCheckpoint()
        let original = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        for index in broken.tensors.indices {
            let name = broken.tensors[index].name
            func reciprocal() {
                let value = broken.tensors[index].tensor.bytes.withUnsafeBytes { $0.loadUnaligned(as: Float.self) }
                broken.tensors[index].tensor.bytes = withUnsafeBytes(of: 1 / value) { Data($0) }
                broken.tensors[index].tensor.shape = [1]
            }
            if name.hasSuffix(".weight_scale_2") {
                reciprocal()
                broken.tensors[index].name = name.replacing("weight_scale_2", with: "weight_global_scale")
            } else if name.hasSuffix(".input_scale") {
                reciprocal()
                broken.tensors[index].name = name.replacing("input_scale", with: "input_global_scale")
            } else if broken.tensors[index].tensor.dtype == "U8" {
                broken.tensors[index].name = name + "_packed"
            }
        }
        try broken.save()
        try FileManager.default.removeItem(at: broken.url("hf_quant_config.json"))
        try broken.editJSON("config.json") { $0["quantization_config"] = Self.compressed() }
        let folder = try CheckpointFolder(at: broken.folder.url)
        #expect(folder.warnings == [])
        let path = BrokenCheckpoint.layer
        guard
            case .nvfp4(let packed, let scales, let globalScale, let inputScale) =
                try folder.matrix(path, outputs: 128, inputs: 256),
            case .nvfp4(let packed0, let scales0, let globalScale0, let inputScale0) =
                try original.matrix(path, outputs: 128, inputs: 256)
        else {
            Issue.record("not NVFP4")
            return
        }
        #expect(packed.bytes.elementsEqual(packed0.bytes) && scales.bytes.elementsEqual(scales0.bytes))
        // Two roundings, of the reciprocal and of its reciprocal.
        #expect(abs(globalScale / globalScale0 - 1) < 2e-7)
        #expect(try abs(#require(inputScale) / #require(inputScale0) - 1) < 2e-7)
        broken.setScalar(path + ".weight_global_scale", 0)
        try broken.save()
        #expect(broken.complaint().contains("weight_global_scale': found 0.0; expected a finite value above 0"))
    }

    @Test func opensTextOnlyLlamaWithTiedEmbeddings() throws {
        let broken = try BrokenCheckpoint("bf16")
        broken.tensors.removeAll { !$0.name.hasPrefix("language_model.") || $0.name.hasSuffix("lm_head.weight") }
        for index in broken.tensors.indices {
            broken.tensors[index].name = String(broken.tensors[index].name.dropFirst("language_model.".count))
        }
        let frequencies = BrokenCheckpoint.Tensor(dtype: "F32", shape: [16], bytes: Data(count: 64))
        broken.tensors.append(("model.layers.0.self_attn.rotary_emb.inv_freq", frequencies))
        try broken.save()
        try broken.editJSON("config.json") { root in
            var language = root["llm_config"] as? [String: Any] ?? [:]
            language["tie_word_embeddings"] = true
            language["rope_scaling"] = nil
            language["rope_theta"] = nil
            language["rope_parameters"] = [
                "rope_theta": 10_000, "rope_type": "llama3", "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4,
                "original_max_position_embeddings": 64,
            ]
            root = language
        }
        let folder = try CheckpointFolder(at: broken.folder.url)
        #expect(folder.warnings == [] && folder.vision == nil && folder.languagePrefix == "")
        #expect(folder.headPath == "model.embed_tokens")
        #expect(folder.configuration.language.ropeTheta == 10_000)
        #expect(
            folder.configuration.language.ropeScaling
                == .llama3(factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64))
        try broken.editJSON("config.json") { $0["tie_word_embeddings"] = false }
        #expect(broken.complaint().contains("tensor 'lm_head.weight': found no such tensor"))
        try broken.editJSON("config.json") {
            $0["rope_parameters"] = nil
            $0["tie_word_embeddings"] = true
            $0["rope_scaling"] = ["type": "default"]
        }
        #expect(try CheckpointFolder(at: broken.folder.url).configuration.language.ropeScaling == .none)
    }

    @Test func opensVisionExtrasAndReportsThem() throws {
        let broken = try BrokenCheckpoint()
        let prefix = "vision_model.radio_model."
        func add(_ name: String, _ shape: [Int]) {
            let count = shape.reduce(1, *)
            broken.tensors.append((prefix + name, .init(dtype: "F32", shape: shape, bytes: Data(count: count * 4))))
        }
        for name in ["model.norm.weight", "model.norm.bias", "feature_normalizer.mean"] { add(name, [64]) }
        add("feature_normalizer.tx", [64, 64])
        for block in 0..<2 { for name in ["ls1", "ls2"] { add("model.blocks.\(block).\(name).gamma", [64]) } }
        add("inter_feature_normalizer.0.mean", [3])
        try broken.save()
        let vision = try #require(try CheckpointFolder(at: broken.folder.url).vision)
        #expect(vision.hasFinalNorm && vision.hasLayerScale && vision.hasFeatureNormalizer)
        broken.remove(prefix + "model.blocks.1.ls2.gamma")
        try broken.save()
        #expect(broken.complaint().contains("tensor '\(prefix)model.blocks.1.ls2.gamma': found no such tensor"))
    }

    @Test func warnsWhereDeclarationAndTensorsDisagree() throws {
        let broken = try BrokenCheckpoint()
        try broken.editJSON("config.json") {
            $0.inside("quantization_config") { $0["ignore"] = ["mlp1*", "model.layers.0.mlp.up_proj"] }
            $0.inside("llm_config") { $0["vocab_size"] = 480 }
        }
        broken.setScalar("language_model.model.layers.1.self_attn.k_proj.input_scale", 0.25)
        try broken.save()
        let warnings = try CheckpointFolder(at: broken.folder.url).warnings
        let all = warnings.joined(separator: "\n")
        #expect(all.contains("declares NVFP4 for layers that are not quantised: language_model.lm_head"))
        #expect(
            all.contains("does not declare layers that are stored in NVFP4: language_model.model.layers.0.mlp.up_proj"))
        #expect(all.contains("declares vocab_size 480, the embedding has 512 rows"))
        #expect(all.contains("layers.1.self_attn.q_proj/k_proj/v_proj.input_scale"))
        #expect(all.contains("excluded modules"))
        #expect(warnings.count == 5)
        let card = ModelCard(of: try CheckpointFolder(at: broken.folder.url))
        #expect(card.quantization.unified == false)
        #expect(card.quantization.inputScales?.largest == 0.25)
        #expect(card.warnings == warnings)
    }
}
