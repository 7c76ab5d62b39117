// The largest outputs of a product with a bf16 matrix at half its bytes: an int8 copy finds the few rows that can be among
// them, and only these are multiplied exactly. Knows nothing of tokens or sampling.

import CKernels
import Checkpoint
import Numerics
import Synchronization

/// A bf16 matrix kept as int8, with a bound of what each row lost.
final class ScreenedWeight: @unchecked Sendable {
    // Sendable: written by `init` only.
    /// Keeps the identity that it is found by.
    let weight: Weight
    let codes: UnsafeMutablePointer<Int8>  // [outputs, inputs]
    let facts: UnsafeMutablePointer<monocle_screened>

    init(_ weight: Weight, elements: UnsafeRawPointer, _ kernels: CPUKernels, _ team: ThreadTeam) {
        self.weight = weight
        let inputs = weight.inputs
        codes = .allocate(capacity: weight.outputs * inputs)
        facts = .allocate(capacity: weight.outputs)
        // Sendable: the weight's elements are only read, and members write disjoint rows.
        nonisolated(unsafe) let (source, codes, facts) = (elements, codes, facts)
        team.forEach(weight.outputs, grain: 64) { rows in
            for row in rows {
                kernels.table.screen_row(codes + row * inputs, facts + row, source + row * inputs * 2, inputs)
            }
        }
    }

    deinit {
        codes.deallocate()
        facts.deallocate()
    }
}

/// One row of activations as int16 under one scale, with the norms that bound what it does to a product.
private struct ScreenedRow {
    var codes: [Int16] = []
    var scale: Float = 0
    var norm = 0.0
    /// Norm of what the codes leave out.
    var error = 0.0

    /// nil for a row that is not finite, or too wide for 32-bit sums.
    init?(_ x: UnsafeBufferPointer<Float>, roundingToBFloat16 rounding: Bool) {
        let values = rounding ? x.map { BFloat16($0).float } : Array(x)
        var largest: Float = 0
        for value in values {
            guard value.isFinite else { return nil }
            largest = max(largest, value.magnitude)
        }
        let limit = min(Int(Int32.max) / (127 * max(values.count, 1)) - 1, 32_000)
        guard limit >= 256 else { return nil }
        scale = largest / Float(limit)
        guard scale.isNormal || largest == 0 else { return nil }
        codes.reserveCapacity(values.count)
        for value in values {
            let code = largest == 0 ? 0 : (value / scale).rounded(.toNearestOrEven)
            codes.append(Int16(code))
            let rest = Double(value) - Double(code) * Double(scale)
            norm += Double(value) * Double(value)
            error += rest * rest
        }
        norm.formSquareRoot()
        error.formSquareRoot()
    }
}

extension CPUBackend {
    /// Outputs below which all are computed.
    private static let outputsWorthScreening = 4096

    /// Bytes that `largest` keeps for a bf16 weight.
    package static func screeningBytes(outputs: Int, inputs: Int) -> Int {
        outputs < outputsWorthScreening ? 0 : outputs * (inputs + MemoryLayout<monocle_screened>.stride)
    }

    /// - Note: the first call for a weight makes the int8 copy, which stays as long as the backend. Several rows share one
    ///   reading of the weight instead.
    package func largest(_ x: Tensor, _ weight: Weight, count: Int) throws(ComputeError) -> [[RankedOutput]] {
        guard case .dense(let view) = weight.format, view.dtype == .bf16, weight.bias == nil,
            weight.outputs >= Self.outputsWorthScreening, x.shape == [1, weight.inputs], count > 0,
            count <= weight.outputs / 64, view.bytes.count == weight.outputs * weight.inputs * 2,
            let elements = view.bytes.baseAddress
        else { return try largestOfAll(x, weight, count: count) }
        let screened = screens.withLock { screens in
            if let known = screens.first(where: { $0.weight === weight }) { return known }
            let made = ScreenedWeight(weight, elements: elements, kernels, team)
            screens.append(made)
            return made
        }
        guard let candidates = candidates(x, screened, count: count) else {
            return try largestOfAll(x, weight, count: count)
        }
        let exact = try linearKernels.multiply(x, weight, outputs: candidates)
        var largest = LargestOutputs(limit: count)
        withExtendedLifetime(exact) { for index in candidates { largest.show(exact.pointer[index], at: index) } }
        return [largest.ranked]
    }

    /// The outputs that can be among the `count` largest, in order; nil when there is no bound or too many are left.
    private func candidates(_ x: Tensor, _ screened: ScreenedWeight, count: Int) -> [Int]? {
        let (outputs, inputs) = (screened.weight.outputs, screened.weight.inputs)
        guard let row = ScreenedRow(x.values, roundingToBFloat16: precision != .f32) else { return nil }
        let approximate = tensor([outputs])
        // Sendable: members write disjoint parts.
        nonisolated(unsafe) let (codes, facts) = (screened.codes, screened.facts)
        row.codes.withUnsafeBufferPointer { values in
            nonisolated(unsafe) let values = values.baseAddress
            team.forEach(outputs, grain: 256) { range in
                guard let values else { return }
                kernels.table.screen(
                    approximate.pointer + range.lowerBound, codes + range.lowerBound * inputs,
                    facts + range.lowerBound, range.count, inputs, values, row.scale)
            }
        }
        // Cauchy and Schwarz for what the codes of the weight and of x leave out; and for float32 sums, of any order,
        // one rounding for each input and a few for the scales.
        let (perError, perNorm) = (row.norm * 1.001, row.error * 1.001 + row.norm * Double(inputs + 64) * 0x1p-23)
        func bound(_ index: Int) -> Float {
            Float(Double(facts[index].error) * perError + Double(facts[index].norm) * perNorm)
        }
        let values = approximate.pointer
        return withExtendedLifetime(approximate) {
            var certain = LargestOutputs(limit: count)
            for index in 0..<outputs {
                let least = values[index] - bound(index)
                if !least.isNaN { certain.show(least, at: index) }
            }
            guard certain.ranked.count == count, let least = certain.ranked.last?.value, least.isFinite else {
                return nil
            }
            let found = (0..<outputs).filter { !(values[$0] + bound($0) < least) }
            return found.count <= outputs / 8 ? found : nil
        }
    }
}
