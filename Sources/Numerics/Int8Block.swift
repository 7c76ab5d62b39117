// Sixteen activations as int8 under one float32 scale: the activations of w4a8. Pure value.

/// A symmetric int8 block: value = code * scale, scale = largest magnitude / 127.
package struct Int8Block: Sendable {
    /// In -127 ... 127.
    package let codes: [Int8]
    package let scale: Float

    /// Rounds to nearest, ties to even. A block without a finite, positive largest magnitude becomes zeros.
    package init(quantizing block: ArraySlice<Float>) {
        var largest: Float = 0
        for value in block { largest = max(largest, value.magnitude) }
        let inverse = 127 / largest
        guard largest > 0, largest.isFinite, inverse.isFinite else {
            codes = Array(repeating: 0, count: block.count)
            scale = 0
            return
        }
        scale = largest / 127
        codes = block.map { $0.isNaN ? 0 : Int8(max(-127, min(127, ($0 * inverse).rounded(.toNearestOrEven)))) }
    }
}
