// The walk of a recipe that watches inputs: layer by layer through the decoder, on calibration prompts. Knows the order of
// the steps, not their arithmetic.

import Checkpoint
import Compute
import Foundation
import Model
import Numerics

/// Quantises a checkpoint by `gptq` or `awq-lite`.
///
/// Memory is that of one decoder layer: what is made goes to a file without a name until the folder is written.
struct LayerwiseQuantizer {
    let folder: CheckpointFolder
    let plan: QuantizationPlan
    let quantizer: WeightQuantizer
    let products: Products
    let scratch: ScratchFile
    /// Share of the mean diagonal of H that GPTQ adds to the diagonal.
    static let damping: Float = 0.01
    /// Rows that awq-lite measures on, taken evenly from all.
    static let searchRows = 2048

    /// - Parameters:
    ///   - largest: largest magnitude of the weights of each group.
    ///   - progress: called with layers of the decoder done and all.
    func run(
        _ recipe: Recipe, _ walk: LayerWalk, source: String, largest: [Float], progress: (Int, Int) -> Void
    ) throws -> (weights: LayerwiseWeights, calibration: Calibration) {
        var weights = LayerwiseWeights()
        let ranges = InputRanges()
        let finished = recipe == .awqLite ? LayerWalk(copying: walk) : walk
        let groups = Dictionary(uniqueKeysWithValues: plan.layers.map { ($0.path, $0.group) })
        let count = walk.model.language.shape.layers
        for index in 0..<count {
            progress(index, count)
            let prefix = folder.languagePrefix + "model.layers.\(index)."
            let own = plan.layers.indices.filter { plan.layers[$0].path.hasPrefix(prefix) }
            let layer = walk.model.language.layer(index)
            if recipe == .gptq {
                let inputs = WatchedInputs(.products(products), groups: groups)
                try walk.run(layer, advance: false) { (x, weights, results) throws(ComputeError) in
                    try inputs.note(x, weights, results)
                }
                try check(own, inputs.ranges, walk, source)
                try feedBack(own, inputs, largest, into: &weights)
            } else {
                let stride = (walk.tokens + Self.searchRows - 1) / Self.searchRows
                let inputs = WatchedInputs(.rows(stride: max(stride, 1)), groups: groups)
                try walk.run(layer, advance: true) { (x, weights, results) throws(ComputeError) in
                    try inputs.note(x, weights, results)
                }
                try check(own, inputs.ranges, walk, source)
                try scaleChannels(own, prefix, layer, inputs, largest, into: &weights)
            }
            try finished.run(try self.layer(prefix, own, weights, finished.model), advance: true) { x, weights, _ in
                ranges.note(x, of: weights)
            }
        }
        progress(count, count)
        return (
            weights,
            Calibration(
                source: source, samples: walk.samples, tokens: walk.tokens, largestInputs: ranges.largestInputs)
        )
    }

    /// Refuses inputs that are not finite, or all zero.
    private func check(_ own: [Int], _ ranges: InputRanges, _ walk: LayerWalk, _ source: String) throws {
        let seen = Calibration(
            source: source, samples: walk.samples, tokens: walk.tokens, largestInputs: ranges.largestInputs)
        for place in own { _ = try seen.largestInput(of: [plan.layers[place].path]) }
    }

    /// The layer as it will be written.
    private func layer(
        _ prefix: String, _ own: [Int], _ weights: LayerwiseWeights, _ model: NemotronNanoVL
    ) throws -> LlamaLayer {
        var matrices: [String: StoredMatrix] = [:]
        for place in own {
            guard let matrix = weights.matrices[place], let scales = weights.scales[plan.layers[place].group] else {
                continue
            }
            matrices[plan.layers[place].path] = .nvfp4(
                packed: matrix.packed, blockScales: matrix.blockScales, globalScale: scales.weightScale2,
                inputScale: nil)
        }
        let source = FinishedLayer(folder: folder, matrices: matrices, norms: weights.norms)
        return try model.language.layer(from: WeightScope(source, path: String(prefix.dropLast())))
    }

    private func keep(
        _ packed: [UInt8], _ blockScales: [UInt8], of place: Int, loss: WeightQuantizer.Loss, outputError: Double,
        alpha: Float?, in weights: inout LayerwiseWeights
    ) throws(QuantizationError) {
        let (outputs, inputs) = (plan.layers[place].weight.shape[0], plan.layers[place].weight.shape[1])
        weights.matrices[place] = LayerwiseWeights.Matrix(
            packed: try scratch.keep(packed, dtype: .u8, shape: [outputs, inputs / 2]),
            blockScales: try scratch.keep(blockScales, dtype: .f8e4m3, shape: [outputs, inputs / NVFP4.blockSize]),
            loss: loss, outputError: outputError, alpha: alpha)
    }

    // MARK: gptq

    private func feedBack(
        _ own: [Int], _ inputs: WatchedInputs, _ largest: [Float], into weights: inout LayerwiseWeights
    ) throws {
        // One sum after the other becomes a factor and is gone.
        for group in Set(own.map { plan.layers[$0].group }).sorted() {
            guard let sum = inputs.takeProducts(of: group) else { continue }
            let gptq = GPTQ(factor: try sum.factor(damping: Self.damping), products: products)
            let globalScale = quantizer.globalScale(largest: largest[group])
            weights.scales[group] = GroupScales(largest: largest[group], weightScale2: globalScale, inputScale: nil)
            for place in own where plan.layers[place].group == group {
                let layer = plan.layers[place]
                let blockScales = quantizer.blockScales(of: layer.weight, largest: largest[group])
                let result = try gptq.round(layer.weight, blockScales: blockScales, globalScale: globalScale)
                let energy = inputs.energies[layer.path] ?? 0
                try keep(
                    result.packed, blockScales, of: place, loss: result.loss,
                    outputError: energy > 0 ? result.outputError / energy : 0, alpha: nil, in: &weights)
            }
        }
    }

    // MARK: awq-lite

    private func scaleChannels(
        _ own: [Int], _ prefix: String, _ layer: LlamaLayer, _ inputs: WatchedInputs, _ largest: [Float],
        into weights: inout LayerwiseWeights
    ) throws {
        let folded = try FoldedLayer(
            own, of: plan, prefix: prefix, layer: layer, shape: folder.language, inputs: inputs, largest: largest,
            AWQLite(quantizer: quantizer, products: products))
        weights.norms.merge(folded.norms) { _, new in new }
        weights.unscaled += folded.unscaled
        for group in Set(own.map { plan.layers[$0].group }).sorted() {
            let places = own.filter { plan.layers[$0].group == group }
            let scaled = places.map { folded.weight($0, of: plan) }
            var found: Float = 0
            for (place, weight) in zip(places, scaled) {
                switch WeightRows(weight).largestMagnitude() {
                case .success(let largest): found = max(found, largest)
                case .failure(let fault):
                    throw QuantizationError.calibration(
                        "scaling '\(plan.layers[place].path).weight' gives \(fault.value) at row \(fault.row), column "
                            + "\(fault.column); use another recipe for this model")
                }
            }
            let globalScale = quantizer.globalScale(largest: found)
            weights.scales[group] = GroupScales(largest: found, weightScale2: globalScale, inputScale: nil)
            for (place, weight) in zip(places, scaled) {
                let blockScales = quantizer.blockScales(of: weight, largest: found)
                var packed = [UInt8](repeating: 0, count: weight.shape.count / 2)
                let loss = packed.withUnsafeMutableBytes {
                    quantizer.pack(weight, blockScales: blockScales, globalScale: globalScale, into: $0)
                }
                try keep(
                    packed, blockScales, of: place, loss: loss, outputError: folded.errors[place] ?? 0,
                    alpha: folded.alphas[place], in: &weights)
            }
        }
    }
}
