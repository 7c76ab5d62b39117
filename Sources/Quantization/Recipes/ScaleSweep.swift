// The search over all positive finite e4m3 scales of a block. Knows squared error, not why a norm was chosen.

import Numerics

/// Finds the scale with the smallest squared error among the 126 positive finite e4m3 values, of equal ones the
/// smallest.
struct ScaleSweep: Sendable {
    private static let lowest: UInt8 = 1
    private static let highest: UInt8 = 126

    private let globalScale: Float
    /// e4m3 value times global scale, by e4m3 code.
    private let steps: [Float]

    init(globalScale: Float) {
        self.globalScale = globalScale
        steps = (0...Self.highest).map { E4M3(bits: $0).float * globalScale }
    }

    /// The result is that of trying all candidates: the two ends of the range are cut off only where no candidate
    /// beyond them can be better.
    @inline(__always) func best(for block: NVFP4Block) -> E4M3 {
        let largest = block.largest
        guard largest > 0 else { return E4M3(bits: Self.lowest) }
        let start = min(max(E4M3(saturating: largest / (E2M1.largest * globalScale)).bits, Self.lowest), Self.highest)
        var best = start
        var error = block.squaredError(step: steps[Int(start)])
        var code = start
        while code > Self.lowest {
            code -= 1
            let step = steps[Int(code)]
            // What is clipped off the largest magnitude alone grows as the step shrinks.
            let clipped = largest - E2M1.largest * step
            if clipped > 0, clipped * clipped > error { break }
            let candidate = block.squaredError(step: step)
            if candidate <= error { (best, error) = (code, candidate) }
        }
        code = start
        while code < Self.highest {
            code += 1
            let step = steps[Int(code)]
            let candidate = block.squaredError(step: step)
            if candidate < error { (best, error) = (code, candidate) }
            // Everything rounds to zero here and under every larger step.
            if largest <= 0.25 * step { break }
        }
        return E4M3(bits: best)
    }
}
