// Verification finds every fault, and none in sound folders.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct VerificationTests {
    private static let layer = BrokenCheckpoint.layer

    @Test func verificationListsEveryFault() throws {
        let broken = try BrokenCheckpoint()
        broken.setScalar(Self.layer + ".weight_scale_2", 0)
        broken.remove("language_model.model.norm.weight")
        broken.edit(Self.layer + ".weight_scale") {
            $0.bytes[7] = 0x7F
            $0.bytes[8] = 0xFF
            $0.bytes[9] = 0x80 | 0x40
        }
        broken.edit("mlp1.1.weight") {
            $0.bytes[0] = 0x80
            $0.bytes[1] = 0x7F
        }
        broken.edit("language_model.model.layers.1.mlp.up_proj.weight_scale") { $0.bytes[3] = 0 }
        try broken.save()
        try broken.editJSON("generation_config.json") { $0["top_p"] = 2 }
        let report = Verification(of: broken.folder.url)
        for message in [
            "key 'top_p'", "weight_scale': found 2 values that are NaN",
            "weight_scale': found 1 block scales below zero",
            "tensor 'mlp1.1.weight': found 1 values that are NaN or infinite",
        ] {
            #expect(report.faults.contains { $0.contains(message) }, "\(message)")
        }
        #expect(report.notes.contains { $0.contains("1 blocks in 1 tensors have the scale 0") })
        try broken.editJSON("generation_config.json") { $0["top_p"] = 0.9 }
        let second = Verification(of: broken.folder.url)
        #expect(!second.isSound)
        #expect(second.faults.contains { $0.contains("weight_scale_2': found 0.0") })
        #expect(
            second.faults.contains { $0.contains("tensor 'language_model.model.norm.weight': found no such tensor") })
    }

    @Test(arguments: ["bf16", "nvfp4"])
    func verificationPassesSoundFolders(name: String) throws {
        let url = Goldens.checkpoint(name)
        let report = Verification(of: url)
        #expect(report.faults == [])
        #expect(report.notes == [])
        let file = try SafetensorsFile(mapping: url.appending(path: "model.safetensors"))
        #expect(report.bytesRead == file.tensors.values.reduce(0) { $0 + $1.bytes.count })
        #expect(report.tensorCount == file.names.count)
        #expect((report.blockScales?.largest == 448) == (name == "nvfp4"))
    }
}
