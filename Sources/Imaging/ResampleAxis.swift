// Filter weights along one axis, as Pillow computes them. Knows nothing of pixels.

/// For each output position, the input positions it reads and their weights.
///
/// Bicubic (a = -0.5), widened by the scale when shrinking. Weights are fixed point with 22 fraction bits, rounded half
/// away from zero, from the same double operations in the same order as Pillow's `precompute_coeffs`.
package struct ResampleAxis {
    package static let fractionBits = 22

    package let input: Int
    package let output: Int
    /// Weights reserved for each output position.
    package let stride: Int
    /// First input position of each output position.
    package let starts: [Int]
    /// Number of input positions of each output position, <= stride.
    package let counts: [Int]
    /// `[output, stride]`; unused places are zero.
    package let weights: [Int32]

    package init(input: Int, output: Int) {
        let scale = Double(input) / Double(output)
        let filterScale = max(scale, 1)
        let support = 2 * filterScale
        let inverse = 1 / filterScale
        let stride = Int(support.rounded(.up)) * 2 + 1
        var starts = [Int](repeating: 0, count: output)
        var counts = starts
        var weights = [Int32](repeating: 0, count: output * stride)
        var exact = [Double](repeating: 0, count: stride)
        for position in 0..<output {
            let center = (Double(position) + 0.5) * scale
            let low = max(Int(center - support + 0.5), 0)
            let count = min(Int(center + support + 0.5), input) - low
            var sum = 0.0
            for tap in 0..<count {
                let weight = Self.cubic((Double(tap + low) - center + 0.5) * inverse)
                exact[tap] = weight
                sum += weight
            }
            for tap in 0..<count {
                let weight = (sum != 0 ? exact[tap] / sum : exact[tap]) * Double(1 << Self.fractionBits)
                weights[position * stride + tap] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
            }
            starts[position] = low
            counts[position] = count
        }
        self.input = input
        self.output = output
        self.stride = stride
        self.starts = starts
        self.counts = counts
        self.weights = weights
    }

    private static func cubic(_ distance: Double) -> Double {
        let a = -0.5
        let x = distance.magnitude
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }
}
