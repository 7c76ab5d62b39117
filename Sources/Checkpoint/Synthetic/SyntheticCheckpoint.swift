// Writes a checkpoint of random weights in the published layout: for trying, testing and timing without the real one.

import Dispatch
package import Foundation
import Numerics

/// A random checkpoint. The same shape, format and seed give the same bytes everywhere.
package struct SyntheticCheckpoint: Sendable {
    package let shape: SyntheticShape
    package let format: SyntheticFormat
    package let seed: UInt64
    private let merges: [(left: String, right: String)]?

    /// - Parameter merges: of the tokenizer, in byte-level characters, at most ``mergeCount(of:)``; nil makes them by rule.
    package init(
        shape: SyntheticShape, format: SyntheticFormat, seed: UInt64, merges: [(left: String, right: String)]? = nil
    ) {
        self.shape = shape
        self.format = format
        self.seed = seed
        self.merges = merges
    }

    /// Tokens of the vocabulary beside the 256 bytes.
    package static func mergeCount(of shape: SyntheticShape) -> Int { shape.tokens.base - 256 }

    /// Bytes of all tensors.
    package var byteCount: Int { tensors.reduce(0) { $0 + ($1.declaration.byteCount ?? 0) } }

    /// Writes the folder. It appears under its name when it is complete; a failure leaves nothing behind.
    /// - Parameters:
    ///   - url: a folder that does not exist or is empty.
    ///   - progress: called now and then with the bytes of weights written so far and in all.
    /// - Throws: ``CheckpointError/writing(_:reason:)``.
    package func write(
        to url: URL, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(CheckpointError) {
        let draft = try DraftFolder(for: url)
        try writeTexts(to: draft.url)
        try writeTensors(to: draft.url, progress)
        try draft.complete()
    }

    private func writeTexts(to folder: URL) throws(CheckpointError) {
        let tokenizer = SyntheticTokenizer(
            base: shape.tokens.base, special: shape.tokens.special, merges: merges)
        let configuration = SyntheticConfiguration(shape: shape, format: format, seed: seed, tokenizer: tokenizer)
        var texts = [
            ("config.json", configuration.root), ("generation_config.json", configuration.generation),
            ("preprocessor_config.json", configuration.preprocessor), ("tokenizer.json", tokenizer.tokenizer),
            ("tokenizer_config.json", tokenizer.configuration(maxLength: shape.maxPositions)),
            ("special_tokens_map.json", tokenizer.specialTokensMap),
        ]
        if let legacy = configuration.legacyQuantization { texts.append(("hf_quant_config.json", legacy)) }
        for (name, value) in texts {
            try JSONFile.write(Array((JSONFile.text(value) + "\n").utf8), to: folder.appending(path: name))
        }
    }

    // MARK: Tensors

    /// What a tensor is filled with.
    private enum Content {
        case random(RandomFill.Kind)
        case floats([Float])
    }

    private struct Tensor {
        let declaration: TensorDeclaration
        let content: Content
    }

    /// Every tensor in the layout's order.
    private var tensors: [Tensor] {
        var result: [Tensor] = []
        for entry in shape.layout.entries {
            switch entry.kind {
            case .dense(let extents):
                result.append(dense(entry.path, extents, entry.initial, inputs: extents.extents.last ?? 1))
            case .linear(let outputs, let inputs, let bias, let quantizable):
                if quantizable, entry.part == .decoder, format != .bf16 {
                    result += quantized(entry.path, outputs, inputs)
                } else {
                    result.append(dense(entry.path + ".weight", [outputs, inputs], entry.initial, inputs: inputs))
                }
                if bias { result.append(dense(entry.path + ".bias", [outputs], .offset, inputs: 1)) }
            }
        }
        // Buffers of the published file: the constants of CLIP.
        let conditioner = Layout.visionPrefix + "input_conditioner."
        for (name, values) in [("norm_mean", VisionConstants.mean), ("norm_std", VisionConstants.deviation)] {
            result.append(
                Tensor(
                    declaration: TensorDeclaration(name: conditioner + name, dtype: .f32, shape: [3, 1, 1]),
                    content: .floats(values)))
        }
        return result
    }

    private func dense(_ name: String, _ extents: Shape, _ initial: Layout.Initial, inputs: Int) -> Tensor {
        /// A uniform distribution reaches this many deviations from its centre.
        let reach = Float(3).squareRoot()
        let kind: RandomFill.Kind =
            switch initial {
            case .gain: .bfloat16(center: 1, spread: 0.1)
            case .offset: .bfloat16(center: 0, spread: 0.02)
            case .projection: .bfloat16(center: 0, spread: reach / Float(inputs).squareRoot())
            case .deviation(let deviation): .bfloat16(center: 0, spread: reach * deviation)
            }
        return Tensor(
            declaration: TensorDeclaration(name: name, dtype: .bf16, shape: extents), content: .random(kind))
    }

    /// A quantised linear layer; layers that share an input share their scales, as the exporter unifies them.
    private func quantized(_ path: String, _ outputs: Int, _ inputs: Int) -> [Tensor] {
        let deviation = 1 / Float(inputs).squareRoot()
        let group = path.hasSuffix("o_proj") || path.hasSuffix("down_proj") ? path : Self.parent(path)
        // Inputs between 6 and 12 at most.
        let largest = 6 * (1 + RandomFill(seed: seed, stream: Self.stream(group)).unit)
        func tensor(_ suffix: String, _ dtype: DType, _ extents: Shape, _ content: Content) -> Tensor {
            Tensor(
                declaration: TensorDeclaration(name: path + suffix, dtype: dtype, shape: extents), content: content)
        }
        if format == .fp8 {
            return [
                tensor(".weight", .f8e4m3, [outputs, inputs], .random(.e4m3)),
                tensor(".weight_scale", .f32, [], .floats([deviation / RandomFill.e4m3Deviation])),
                tensor(".input_scale", .f32, [], .floats([largest / E4M3.largestFinite])),
            ]
        }
        let scale = deviation / (RandomFill.e2m1Deviation * RandomFill.blockScaleDeviation)
        return [
            tensor(".weight", .u8, [outputs, inputs / 2], .random(.e2m1Pairs)),
            tensor(".weight_scale", .f8e4m3, [outputs, inputs / NVFP4.blockSize], .random(.blockScales)),
            tensor(".weight_scale_2", .f32, [], .floats([scale])),
            tensor(".input_scale", .f32, [], .floats([largest / (E2M1.largest * E4M3.largestFinite)])),
        ]
    }

    private static func parent(_ path: String) -> String {
        path.split(separator: ".").dropLast().joined(separator: ".")
    }

    /// A stream number for a name: FNV-1a, so that a tensor's values do not depend on its place in the file.
    private static func stream(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    // MARK: Writing

    /// Bytes made and written at a time; a multiple of eight.
    private static let pieceSize = 64 << 20
    /// Bytes one thread makes at a time; a divisor of the former.
    private static let sliceSize = 1 << 20

    private func writeTensors(to folder: URL, _ progress: (Int, Int) -> Void) throws(CheckpointError) {
        let tensors = self.tensors
        let contents = Dictionary(tensors.map { ($0.declaration.name, $0.content) }) { first, _ in first }
        let writer = try ShardedWriter(folder: folder, tensors: tensors.map(\.declaration))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 64)
        defer { buffer.deallocate() }
        var done = 0
        for tensor in writer.order {
            switch contents[tensor.name] {
            case .floats(let values)?:
                try values.withUnsafeBufferPointer { (values) throws(CheckpointError) in
                    try writer.append(UnsafeRawBufferPointer(values))
                }
            case .random(let kind)?:
                let random = RandomFill(seed: seed, stream: Self.stream(tensor.name))
                let count = tensor.byteCount ?? 0
                for offset in stride(from: 0, to: count, by: Self.pieceSize) {
                    let piece = UnsafeMutableRawBufferPointer(
                        rebasing: buffer[..<min(Self.pieceSize, count - offset)])
                    Self.fill(piece, random, kind, from: offset)
                    try writer.append(UnsafeRawBufferPointer(piece))
                    progress(done + offset + piece.count, writer.byteCount)
                }
            case nil: break
            }
            done += tensor.byteCount ?? 0
        }
        try writer.finish()
        progress(writer.byteCount, writer.byteCount)
    }

    /// Fills a piece on all cores.
    private static func fill(
        _ piece: UnsafeMutableRawBufferPointer, _ random: RandomFill, _ kind: RandomFill.Kind, from offset: Int
    ) {
        // Each iteration writes its own slice.
        nonisolated(unsafe) let target = piece
        DispatchQueue.concurrentPerform(iterations: (piece.count + sliceSize - 1) / sliceSize) { index in
            let range = index * sliceSize..<min((index + 1) * sliceSize, target.count)
            random.fill(
                UnsafeMutableRawBufferPointer(rebasing: target[range]), from: offset + range.lowerBound, kind)
        }
    }
}
