// The safetensors files of a quantised checkpoint, written tensor by tensor. Knows their order, not their arithmetic.

import Checkpoint
import Foundation
import Numerics

/// Writes the tensors of a folder with its planned layers quantised.
struct WeightExport {
    let folder: CheckpointFolder
    let plan: QuantizationPlan
    let quantizer: WeightQuantizer
    /// By group of the plan.
    let scales: [GroupScales]
    let shardLimit: Int
    /// Weights made before, by a recipe that goes layer by layer.
    let made: LayerwiseWeights?

    /// By layer of the plan, once written.
    private(set) var losses: [Int: WeightQuantizer.Loss] = [:]
    private(set) var resultBytes = 0
    /// e4m3 block scales by layer, between their two uses: they are written, and the codes are rounded under them.
    private var blockScales: [Int: [UInt8]] = [:]

    init(
        folder: CheckpointFolder, plan: QuantizationPlan, quantizer: WeightQuantizer, scales: [GroupScales],
        shardLimit: Int, made: LayerwiseWeights?
    ) {
        self.folder = folder
        self.plan = plan
        self.quantizer = quantizer
        self.scales = scales
        self.shardLimit = shardLimit
        self.made = made
    }

    /// Buffers of old exports that nothing reads and newer ones leave out.
    var dropped: [String] { folder.names.filter { $0 == Layout.visionPrefix + "summary_idxs" } }
    var sourceBytes: Int { folder.store.files.reduce(0) { $0 + $1.tensors.values.reduce(0) { $0 + $1.bytes.count } } }

    private enum Content {
        case copy(TensorView)
        case value(Float)
        case blockScales(layer: Int)
        case codes(layer: Int)
    }

    private func contents() throws(CheckpointError) -> [(TensorDeclaration, Content)] {
        let places = Dictionary(uniqueKeysWithValues: plan.layers.enumerated().map { ($1.path + ".weight", $0) })
        let dropped = Set(self.dropped)
        var result: [(TensorDeclaration, Content)] = []
        for name in folder.names where !dropped.contains(name) {
            guard let place = places[name] else {
                let view = if let norm = made?.norms[name] { norm } else { try folder.tensor(name) }
                result.append((TensorDeclaration(name: name, dtype: view.dtype, shape: view.shape), .copy(view)))
                continue
            }
            let layer = plan.layers[place]
            let (outputs, inputs) = (layer.weight.shape[0], layer.weight.shape[1])
            func add(_ suffix: String, _ dtype: DType, _ shape: Shape, _ content: Content) {
                result.append((TensorDeclaration(name: layer.path + suffix, dtype: dtype, shape: shape), content))
            }
            add(".weight", .u8, [outputs, inputs / 2], .codes(layer: place))
            add(".weight_scale", .f8e4m3, [outputs, inputs / NVFP4.blockSize], .blockScales(layer: place))
            add(".weight_scale_2", .f32, [], .value(scales[layer.group].weightScale2))
            if let inputScale = scales[layer.group].inputScale { add(".input_scale", .f32, [], .value(inputScale)) }
        }
        return result
    }

    /// Bytes written at a time when a tensor is copied.
    private static let pieceSize = 64 << 20

    /// - Parameter progress: called with the bytes of tensors written and in all.
    mutating func write(to url: URL, progress: (Int, Int) -> Void) throws(CheckpointError) {
        let contents = try contents()
        let writer = try ShardedWriter(folder: url, tensors: contents.map(\.0), limit: shardLimit)
        let byName = Dictionary(contents.map { ($0.0.name, $0.1) }) { first, _ in first }
        resultBytes = writer.byteCount
        var done = 0
        for tensor in writer.order {
            progress(done, writer.byteCount)
            switch byName[tensor.name] {
            case .copy(let view)?: try Self.copy(view, to: writer) { progress(done + $0, writer.byteCount) }
            case .value(let value)?: try Self.append(value, to: writer)
            case .blockScales(let layer)?:
                if let matrix = made?.matrices[layer] {
                    try Self.copy(matrix.blockScales, to: writer) { _ in }
                } else {
                    try Self.append(takeScales(layer), to: writer)
                }
            case .codes(let layer)?:
                if let matrix = made?.matrices[layer] {
                    losses[layer] = matrix.loss
                    try Self.copy(matrix.packed, to: writer) { _ in }
                } else {
                    try writeCodes(layer, to: writer)
                }
            case nil: break
            }
            done += tensor.byteCount ?? 0
        }
        try writer.finish()
        progress(writer.byteCount, writer.byteCount)
    }

    private static func copy(
        _ view: TensorView, to writer: ShardedWriter, progress: (Int) -> Void
    ) throws(CheckpointError) {
        for start in stride(from: 0, to: view.bytes.count, by: pieceSize) {
            let end = min(start + pieceSize, view.bytes.count)
            try writer.append(UnsafeRawBufferPointer(rebasing: view.bytes[start..<end]))
            progress(end)
        }
    }

    private static func append(_ value: some BitwiseCopyable, to writer: ShardedWriter) throws(CheckpointError) {
        try withUnsafeBytes(of: value) { (bytes) throws(CheckpointError) in try writer.append(bytes) }
    }

    private static func append(_ bytes: [UInt8], to writer: ShardedWriter) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(CheckpointError) in
            try writer.append(UnsafeRawBufferPointer(bytes))
        }
    }

    /// The block scales of a layer, for one of their two uses.
    private mutating func takeScales(_ index: Int) -> [UInt8] {
        if let chosen = blockScales.removeValue(forKey: index) { return chosen }
        let layer = plan.layers[index]
        let chosen = quantizer.blockScales(of: layer.weight, largest: scales[layer.group].largest)
        blockScales[index] = chosen
        return chosen
    }

    private mutating func writeCodes(_ index: Int, to writer: ShardedWriter) throws(CheckpointError) {
        let layer = plan.layers[index]
        let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: layer.weight.shape.count / 2, alignment: 64)
        defer { packed.deallocate() }
        losses[index] = quantizer.pack(
            layer.weight, blockScales: takeScales(index), globalScale: scales[layer.group].weightScale2,
            into: packed)
        try writer.append(UnsafeRawBufferPointer(packed))
    }
}
