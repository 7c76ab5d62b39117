// What two folders must have in common to be compared token by token. Knows tensors' bytes, not arithmetic.

import Checkpoint
import Foundation
import Numerics

extension FidelityPair {
    /// The format of the first quantised tensor of the decoder; nil in a folder of full precision.
    static func quantizedFormat(_ folder: CheckpointFolder) throws(CheckpointError) -> String? {
        for name in folder.names where !isVision(name) {
            let type = try folder.tensor(name).dtype
            if ![DType.bf16, .f16, .f32].contains(type) { return "\(type.rawValue) (\(name))" }
        }
        return nil
    }

    /// Whether every tensor of encoder and projector is there in both with the same bytes.
    static func haveEqualVision(
        _ first: CheckpointFolder, _ second: CheckpointFolder
    ) throws(CheckpointError) -> Bool {
        let names = first.names.filter(isVision)
        // The exporter drops `summary_idxs`, which nothing reads.
        guard Set(names.filter(isUsed)) == Set(second.names.filter { isVision($0) && isUsed($0) }) else { return false }
        for name in names where isUsed(name) {
            let (left, right) = (try first.tensor(name), try second.tensor(name))
            guard left.dtype == right.dtype, left.shape == right.shape, areEqual(left.bytes, right.bytes) else {
                return false
            }
        }
        return true
    }

    private static func areEqual(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        guard first.count == second.count else { return false }
        guard let left = first.baseAddress, let right = second.baseAddress else { return true }
        return memcmp(left, right, first.count) == 0
    }

    static func bytes(_ file: URL) throws(EvaluationError) -> Data {
        do {
            return try Data(contentsOf: file)
        } catch {
            throw .unreadable(path: file.path(percentEncoded: false), reason: error.localizedDescription)
        }
    }

    private static func isVision(_ name: String) -> Bool { name.hasPrefix("vision_model.") || name.hasPrefix("mlp1.") }

    private static func isUsed(_ name: String) -> Bool { !name.hasSuffix(".summary_idxs") }
}
