// One file per way a tensor can be wrong: each ends in a message with file, tensor, found and expected.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct BrokenTensorTests {
    private static let layer = BrokenCheckpoint.layer

    static let tensorFaults: [(name: String, change: @Sendable (BrokenCheckpoint) -> Void, message: String)] = [
        (
            "F16 for packed codes",
            {
                $0.edit(layer + ".weight") {
                    $0.dtype = "F16"
                    $0.shape = [128, 64]
                }
            },
            "model.safetensors: tensor '\(layer).weight': found F16 [128, 64] beside '\(layer).weight_scale'; "
                + "expected U8 [128, 128] (NVFP4)"
        ),
        (
            "I8 for packed codes", { $0.edit(layer + ".weight") { $0.dtype = "I8" } },
            "tensor '\(layer).weight': found I8; expected BF16, F16, F32, F8_E4M3 (FP8) or U8 (NVFP4)"
        ),
        (
            "shape of packed codes", { $0.edit(layer + ".weight") { $0.shape = [64, 256] } },
            "tensor '\(layer).weight': found shape [64, 256]; expected [128, 128]"
        ),
        (
            "block scales missing", { $0.remove(layer + ".weight_scale") },
            "model.safetensors: tensor '\(layer).weight_scale': found no such tensor; expected F8_E4M3 [128, 16]"
        ),
        (
            "block scales for groups of 32",
            {
                $0.edit(layer + ".weight_scale") {
                    $0.shape = [128, 8]
                    $0.bytes = Data(count: 1024)
                }
            },
            "tensor '\(layer).weight_scale': found F8_E4M3 [128, 8]; expected F8_E4M3 [128, 16], one scale "
                + "for 16 inputs"
        ),
        (
            "block scales of another type", { $0.edit(layer + ".weight_scale") { $0.dtype = "U8" } },
            "tensor '\(layer).weight_scale': found U8 [128, 16]; expected F8_E4M3 [128, 16]"
        ),
        (
            "weight_scale_2 missing", { $0.remove(layer + ".weight_scale_2") },
            "tensor '\(layer).weight_scale_2': found no such tensor; expected one F32 value above 0"
        ),
        (
            "weight_scale_2 zero", { $0.setScalar(layer + ".weight_scale_2", 0) },
            "tensor '\(layer).weight_scale_2': found 0.0; expected a finite value above 0"
        ),
        (
            "weight_scale_2 NaN", { $0.setScalar(layer + ".weight_scale_2", .nan) },
            "tensor '\(layer).weight_scale_2': found nan; expected a finite value above 0"
        ),
        (
            "weight_scale_2 negative", { $0.setScalar(layer + ".weight_scale_2", -1) },
            "tensor '\(layer).weight_scale_2': found -1.0; expected a finite value above 0"
        ),
        (
            "weight_scale_2 of two",
            {
                $0.edit(layer + ".weight_scale_2") {
                    $0.shape = [2]
                    $0.bytes = Data(count: 8)
                }
            },
            "tensor '\(layer).weight_scale_2': found F32 [2]; expected one F32 value"
        ),
        (
            "input_scale infinite", { $0.setScalar(layer + ".input_scale", .infinity) },
            "tensor '\(layer).input_scale': found inf; expected a finite value above 0"
        ),
        (
            "pre_quant_scale",
            {
                $0.tensors.append(
                    (layer + ".pre_quant_scale", .init(dtype: "BF16", shape: [256], bytes: Data(count: 512))))
            },
            "tensor '\(layer).pre_quant_scale': found an AWQ input scale; expected none"
        ),
        (
            "unexported",
            {
                $0.tensors.append(
                    (layer + ".input_quantizer._amax", .init(dtype: "F32", shape: [], bytes: Data(count: 4))))
            },
            "tensor '\(layer).input_quantizer._amax': found a quantiser's state; expected an exported checkpoint"
        ),
        (
            "unknown vision tensor",
            {
                $0.tensors.append(
                    (
                        "vision_model.radio_model.model.video_embedder.weight",
                        .init(dtype: "U8", shape: [1], bytes: Data(count: 1))
                    ))
            },
            "tensor 'vision_model.radio_model.model.video_embedder.weight': found an unknown vision tensor"
        ),
        (
            "unknown language tensor",
            {
                $0.tensors.append(
                    (
                        "language_model.model.layers.2.input_layernorm.weight",
                        .init(dtype: "BF16", shape: [128], bytes: Data(count: 256))
                    ))
            },
            "tensor 'language_model.model.layers.2.input_layernorm.weight': found an unknown language tensor; "
                + "expected only tensors of a Llama_Nemotron_Nano_VL with 2 decoder layers and 2 encoder blocks"
        ),
        (
            "norm missing", { $0.remove("language_model.model.norm.weight") },
            "tensor 'language_model.model.norm.weight': found no such tensor"
        ),
        (
            "norm of another shape", { $0.edit("language_model.model.norm.weight") { $0.shape = [64, 2] } },
            "tensor 'language_model.model.norm.weight': found shape [64, 2]; expected [128]"
        ),
        (
            "norm of another type", { $0.edit("language_model.model.norm.weight") { $0.dtype = "I16" } },
            "tensor 'language_model.model.norm.weight': found I16 [128]; expected BF16, F16 or F32 [128]"
        ),
        (
            "head with fewer rows",
            {
                $0.edit("language_model.lm_head.weight") {
                    $0.shape = [256, 128]
                    $0.bytes = Data(count: 65536)
                }
            },
            "tensor 'language_model.lm_head.weight': found 256 rows; expected 512, as many as the embedding has"
        ),
        (
            "embedding with fewer rows than tokens",
            {
                for name in ["lm_head", "model.embed_tokens"] {
                    $0.edit("language_model.\(name).weight") {
                        $0.shape = [256, 128]
                        $0.bytes = Data(count: 65536)
                    }
                }
            },
            "tensor 'language_model.model.embed_tokens.weight': found 256 rows; expected at least 480, one "
                + "for every id of tokenizer.json"
        ),
        (
            "embedding of another width",
            { $0.edit("language_model.model.embed_tokens.weight") { $0.shape = [1024, 64] } },
            "tensor 'language_model.model.embed_tokens.weight': found shape [1024, 64]; expected [vocabulary, "
                + "128], hidden_size of config.json"
        ),
        (
            "embedding of rank 1", { $0.edit("language_model.model.embed_tokens.weight") { $0.shape = [65536] } },
            "tensor 'language_model.model.embed_tokens.weight': found shape [65536]; expected 2 extents above 0"
        ),
        (
            "position table not square",
            { $0.edit("vision_model.radio_model.model.patch_generator.pos_embed") { $0.shape = [1, 128, 128] } },
            "pos_embed': found shape [1, 128, 128]; expected [1, a square number, 64]"
        ),
        (
            "vision block missing", { $0.remove("vision_model.radio_model.model.blocks.0.norm2.bias") },
            "tensor 'vision_model.radio_model.model.blocks.0.norm2.bias': found no such tensor"
        ),
        (
            "quantised projector",
            {
                $0.edit("mlp1.1.weight") {
                    $0.dtype = "F8_E4M3"
                    $0.shape = [160, 256]
                    $0.bytes = Data(count: 40960)
                }
            },
            "tensor 'mlp1.1.weight': found F8_E4M3 [160, 256]; expected BF16, F16 or F32 [160, 256]"
        ),
    ]

    @Test(arguments: tensorFaults.indices)
    func refusesTensor(index: Int) throws {
        let (_, change, message) = Self.tensorFaults[index]
        let broken = try BrokenCheckpoint()
        change(broken)
        try broken.save()
        let complaint = broken.complaint()
        #expect(complaint.contains(message), "\(complaint)")
        #expect(complaint.hasPrefix("model.safetensors: tensor '"))
        // The same fault is in the list that names all.
        let faults = Verification(of: broken.folder.url).faults
        #expect(faults.contains { $0.replacingOccurrences(of: broken.folder.url.path + "/", with: "") == complaint })
    }
}
