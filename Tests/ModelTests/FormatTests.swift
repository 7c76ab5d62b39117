import Checkpoint
import Compute
import Foundation
import Model
import Numerics
import TestSupport
import Testing

/// The same network in every format a folder may have gives the same logits.
struct FormatTests {
    private struct Stored {
        var name: String
        var dtype: DType
        var shape: Shape
        var bytes: [UInt8]
    }

    /// A copy of a golden folder with its tensors and its config.json rewritten.
    private func rewritten(
        _ golden: String, configuration: (inout [String: Any]) -> Void, tensors transform: ([Stored]) -> [Stored]
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: Goldens.checkpoint(golden))
        let file = try SafetensorsFile(mapping: folder.url.appending(path: "model.safetensors"))
        let stored = transform(
            try file.names.map { name in
                let view = try file.tensor(name)
                return Stored(name: name, dtype: view.dtype, shape: view.shape, bytes: Array(view.bytes))
            })
        let target = folder.url.appending(path: "new.safetensors")
        let writer = try SafetensorsWriter(
            to: target, tensors: stored.map { TensorDeclaration(name: $0.name, dtype: $0.dtype, shape: $0.shape) })
        for declaration in writer.order {
            let tensor = try #require(stored.first { $0.name == declaration.name })
            try tensor.bytes.withUnsafeBytes { try writer.append($0) }
        }
        try writer.finish()
        let weights = folder.url.appending(path: "model.safetensors")
        try FileManager.default.removeItem(at: weights)
        try FileManager.default.moveItem(at: target, to: weights)
        let config = folder.url.appending(path: "config.json")
        var json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: config)) as? [String: Any])
        configuration(&json)
        try JSONSerialization.data(withJSONObject: json).write(to: config)
        return folder
    }

    private func logits(_ folder: URL, _ backend: any Backend) throws -> [Float] {
        let ids = try goldenTensors("llama/inputs.safetensors").ids("chat_sys_multi#input_ids")
        var decoder = try Decoder(try NemotronNanoVL(CheckpointFolder(at: folder)), backend, tokens: ids.count)
        return try decoder.logits(ids).array()
    }

    @Test func aTextOnlyFolderIsTheSameDecoder() throws {
        let text = try rewritten("bf16") { json in
            json = json["llm_config"] as? [String: Any] ?? [:]
        } tensors: { stored in
            stored.filter { $0.name.hasPrefix("language_model.") }.map { tensor in
                var tensor = tensor
                tensor.name = String(tensor.name.dropFirst("language_model.".count))
                return tensor
            }
        }
        let backend = try CPUBackend(precision: .w4a16)
        #expect(try NemotronNanoVL(CheckpointFolder(at: text.url)).vision == nil)
        #expect(try logits(text.url, backend) == logits(Goldens.checkpoint("bf16"), backend))
    }

    @Test func compressedTensorsHoldsTheReciprocals() throws {
        let folder = try rewritten("nvfp4") { json in
            json["quantization_config"] = [
                "quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized",
                "ignore": ["language_model.lm_head", "re:mlp1.*", "re:vision_model.*"],
                "config_groups": [
                    "group_0": [
                        "targets": ["Linear"],
                        "weights": ["num_bits": 4, "type": "float", "group_size": 16, "strategy": "tensor_group"],
                        "input_activations": ["num_bits": 4, "type": "float", "group_size": 16, "dynamic": "local"],
                    ]
                ],
            ]
        } tensors: { stored in
            stored.map { tensor in
                var tensor = tensor
                let global = [".weight_scale_2": ".weight_global_scale", ".input_scale": ".input_global_scale"]
                if let (old, new) = global.first(where: { tensor.name.hasSuffix($0.key) }) {
                    tensor.name = tensor.name.dropLast(old.count) + new
                    let scale = tensor.bytes.withUnsafeBytes { $0.loadUnaligned(as: Float.self) }
                    tensor.bytes = withUnsafeBytes(of: 1 / scale) { Array($0) }
                    tensor.shape = [1]
                } else if tensor.dtype == .u8 {
                    tensor.name = tensor.name.dropLast(".weight".count) + ".weight_packed"
                }
                return tensor
            }
        }
        try FileManager.default.removeItem(at: folder.url.appending(path: "hf_quant_config.json"))
        let backend = try CPUBackend(precision: .f32)
        // A reciprocal of a reciprocal may be off by one unit in the last place.
        #expect(try distance(logits(folder.url, backend), logits(Goldens.checkpoint("nvfp4"), backend)) < 1e-4)
    }

    @Test(arguments: [Precision.f32, .w4a16])
    func fp8WeightsMultiplyAsTheirWidenedValues(precision: Precision) throws {
        let scale: Float = 0.0078125
        let folder = try rewritten("bf16") { json in
            json["quantization_config"] = [
                "quant_method": "modelopt", "quant_algo": "FP8",
                "ignore": ["language_model.lm_head", "mlp1*", "vision_model*"],
            ]
        } tensors: { stored in
            stored.flatMap { tensor -> [Stored] in
                guard tensor.name.contains("_proj.weight") else { return [tensor] }
                var tensor = tensor
                tensor.bytes = stride(from: 0, to: tensor.bytes.count, by: 2).map { index in
                    let bits = UInt16(tensor.bytes[index]) | UInt16(tensor.bytes[index + 1]) << 8
                    return E4M3(saturating: BFloat16(bits: bits).float / scale).bits
                }
                tensor.dtype = .f8e4m3
                let value = withUnsafeBytes(of: scale) { Array($0) }
                return [
                    tensor, Stored(name: tensor.name + "_scale", dtype: .f32, shape: [], bytes: value),
                    Stored(name: tensor.name.dropLast(6) + "input_scale", dtype: .f32, shape: [], bytes: value),
                ]
            }
        }
        let reference = try logits(folder.url, ReferenceBackend(precision: precision))
        let found = try logits(folder.url, try CPUBackend(precision: precision))
        // bf16 rounds activations at boundaries that float32 noise can cross: one such step is 2^-9 of a value.
        #expect(distance(found, reference) < (precision == .f32 ? 2e-4 : 0.2))
        let dense = try logits(Goldens.checkpoint("bf16"), ReferenceBackend(precision: precision))
        #expect(distance(reference, dense) > 0.01, "e4m3 weights differ from the bf16 ones")
    }

    @Test(arguments: [DType.bf16, .f8e4m3])
    func aNarrowKeyValueCacheStaysClose(type: DType) throws {
        let ids = try goldenTensors("llama/inputs.safetensors").ids("chat_sys_multi#input_ids")
        let model = try goldenModel("nvfp4")
        let backend = try CPUBackend(precision: .f32)
        var (exact, narrow) = (
            try Decoder(model, backend, tokens: ids.count),
            try Decoder(model, backend, tokens: ids.count, keyValueType: type)
        )
        let gap = distance(try exact.logits(ids).array(), try narrow.logits(ids).array())
        // Logits span about 15; a stored value is off by at most 2^-9 (bf16) or 2^-4 (e4m3) of itself.
        #expect(gap > 0 && gap < (type == .bf16 ? 0.25 : 4))
    }
}
