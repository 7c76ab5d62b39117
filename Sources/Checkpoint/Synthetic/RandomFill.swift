// Fills buffers with random weights at memory speed. Knows element types, not tensors or models.

import Numerics

/// A stream of random values that depends only on its key and the position in it, so that any piece can be made by any
/// thread at any time: SplitMix64 run as a counter.
struct RandomFill: Sendable {
    let key: UInt64

    init(seed: UInt64, stream: UInt64) {
        key = SplitMix64.mixed(seed &+ SplitMix64.mixed(stream &+ SplitMix64.step))
    }

    @inline(__always)
    private func word(_ index: Int) -> UInt64 {
        SplitMix64.mixed(key &+ UInt64(truncatingIfNeeded: index) &* SplitMix64.step)
    }

    /// A value in [0, 1).
    var unit: Float { Float(word(0) >> 40) * 0x1p-24 }

    /// What the random bits become.
    enum Kind: Sendable {
        /// bf16 values, uniform in `center` ± `spread`.
        case bfloat16(center: Float, spread: Float)
        /// Bytes as they come: two e2m1 codes each.
        case e2m1Pairs
        /// e4m3 block scales from 120 to 448.
        case blockScales
        /// e4m3 weights of either sign, magnitudes from 16 to 240.
        case e4m3
    }

    /// Root mean square of all e2m1 codes.
    static let e2m1Deviation = rootMeanSquare(E2M1.values)
    /// Root mean square of the block scales made here.
    static let blockScaleDeviation = rootMeanSquare((0..<16).map { E4M3(bits: 0x6F + $0).float })
    /// Root mean square of the e4m3 weights made here.
    static let e4m3Deviation = rootMeanSquare((0..<32).map { E4M3(bits: 0x58 + $0).float })

    private static func rootMeanSquare(_ values: [Float]) -> Float {
        (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
    }

    /// Fills `bytes`, which begin at byte `offset` (a multiple of 8) of the stream's tensor.
    func fill(_ bytes: UnsafeMutableRawBufferPointer, from offset: Int, _ kind: Kind) {
        switch kind {
        case .bfloat16(let center, let spread): fillBFloat16(bytes, offset, center, spread)
        case .e2m1Pairs: fill(bytes, offset) { $0 }
        case .blockScales:
            fill(bytes, offset) { ($0 & 0x0F0F_0F0F_0F0F_0F0F) &+ 0x6F6F_6F6F_6F6F_6F6F }
        case .e4m3:
            fill(bytes, offset) {
                (($0 & 0x1F1F_1F1F_1F1F_1F1F) &+ 0x5858_5858_5858_5858) | ($0 & 0x8080_8080_8080_8080)
            }
        }
    }

    @inline(__always)
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ offset: Int, _ shape: (UInt64) -> UInt64) {
        let first = offset / 8
        let words = bytes.count / 8
        for index in 0..<words {
            bytes.storeBytes(of: shape(word(first &+ index)).littleEndian, toByteOffset: index &* 8, as: UInt64.self)
        }
        let tail = shape(word(first &+ words))
        for index in words * 8..<bytes.count {
            bytes[index] = UInt8(truncatingIfNeeded: tail >> (8 * UInt64(index - words * 8)))
        }
    }

    private func fillBFloat16(_ bytes: UnsafeMutableRawBufferPointer, _ offset: Int, _ center: Float, _ spread: Float) {
        let step = spread * 0x1p-15
        // Half a unit in the last place, so that cutting the lower bits rounds to nearest.
        fill(bytes, offset) { random in
            var result: UInt64 = 0
            for lane in 0..<4 as Range<UInt64> {
                let integer = Int16(truncatingIfNeeded: random >> (16 * lane))
                let value = Float(integer) * step + center
                result |= UInt64((value.bitPattern &+ 0x8000) >> 16) << (16 * lane)
            }
            return result
        }
    }
}
