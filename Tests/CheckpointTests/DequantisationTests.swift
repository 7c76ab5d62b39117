import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

/// Every quantised weight of the NVFP4 checkpoint against Model Optimizer's `dequantize`, in float32 and bf16, by digest.
struct DequantisationTests {
    private struct Golden: Decodable {
        let f32: String
        let bf16: String
        let shape: [Int]
    }

    @Test func everyWeightEqualsModelOptimizersBitForBit() throws {
        let goldens = try JSONDecoder().decode(
            [String: Golden].self, from: Data(contentsOf: Goldens.file("nvfp4/dequant_sha256.json")))
        let folder = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        #expect(goldens.count == 14)
        for (name, golden) in goldens {
            let matrix = try folder.matrix(
                "language_model." + name, outputs: golden.shape[0], inputs: golden.shape[1])
            guard case .nvfp4(let packed, let scales, let globalScale, _) = matrix else {
                Issue.record("\(name) is \(matrix.formatName)")
                continue
            }
            let values = NVFP4.dequantize(packed: packed.bytes, scales: scales.bytes, globalScale: globalScale)
            #expect(sha256(values.withUnsafeBytes { Array($0) }) == golden.f32, "\(name)")
            let rounded = values.map { BFloat16($0).bits }
            #expect(sha256(rounded.withUnsafeBytes { Array($0) }) == golden.bf16, "\(name)")
        }
    }
}
