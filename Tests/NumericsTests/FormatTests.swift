import Numerics
import Testing

/// Every narrow format against the definition of rounding: the nearest representable value, ties to the even code.
struct FormatTests {
    /// Floats that fall on, between and around the values of every format here.
    static let probes: [Float] = {
        var values: [Float] = [
            0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, 448, 464, 480, 1e-9,
        ]
        for code in 0..<0x7E {
            let (low, high) = (E4M3(bits: UInt8(code)).float, E4M3(bits: UInt8(code + 1)).float)
            let middle = (low + high) / 2  // exact in float32
            values += [low, middle, middle.nextUp, middle.nextDown, low.nextUp, high.nextDown]
        }
        return values + values.map { -$0 }
    }()

    @Test func e4m3RoundsToNearestEvenAndSaturates() {
        let codes = (0...0x7E).map { E4M3(bits: UInt8($0)) }
        for probe in Self.probes {
            let expected = codes.min { a, b in
                let (x, y) = (Double(a.float), Double(b.float))
                let target = min(Double(probe.magnitude), 448)  // beyond the largest value there is only saturation
                let (dx, dy) = (abs(x - target), abs(y - target))
                return dx != dy ? dx < dy : a.bits & 1 < b.bits & 1
            }
            let found = E4M3(saturating: probe)
            #expect(found.bits & 0x7F == expected?.bits, "\(probe)")
            #expect(found.bits >> 7 == (probe.sign == .minus ? 1 : 0), "\(probe)")
        }
    }

    @Test func e4m3RoundTripsEveryCode() {
        for bits in UInt8.min...UInt8.max {
            let value = E4M3(bits: bits)
            if value.isNaN {
                #expect(value.float.isNaN && E4M3(saturating: value.float).isNaN)
            } else {
                #expect(E4M3(saturating: value.float).bits == bits)
            }
        }
        #expect(E4M3(bits: 0x7E).float == 448)
        #expect(E4M3(bits: 0x01).float == 0x1p-9)
        #expect(E4M3(bits: 0x38).float == 1)
    }

    @Test func e2m1FollowsTheExportersTies() {
        // spec: half-to-even-code boundaries of NVIDIA Model Optimizer's `_cast_fp4`.
        let cases: [(Float, UInt8)] = [
            (0, 0), (0.25, 0), (0.26, 1), (0.5, 1), (0.75, 2), (1, 2), (1.25, 2), (1.5, 3), (1.75, 4), (2, 4), (2.5, 4),
            (3, 5), (3.5, 6), (4, 6), (5, 6), (5.01, 7), (6, 7), (100, 7), (.infinity, 7), (.nan, 7),
        ]
        for (value, code) in cases {
            #expect(E2M1(saturating: value).code == code, "\(value)")
            if value > 0 { #expect(E2M1(saturating: -value).code == code | 8, "-\(value)") }
        }
        #expect(E2M1(saturating: -0.0).code == 0)
        for code in UInt8(0)..<16 where code != 8 { #expect(E2M1(saturating: E2M1(code: code).float).code == code) }
    }

    @Test func bfloat16RoundsToNearestEven() {
        #expect(BFloat16(1).bits == 0x3F80)
        #expect(BFloat16(Float(bitPattern: 0x3F80_8000)).bits == 0x3F80)  // tie to even, down
        #expect(BFloat16(Float(bitPattern: 0x3F81_8000)).bits == 0x3F82)  // tie to even, up
        #expect(BFloat16(Float(bitPattern: 0x3F80_8001)).bits == 0x3F81)
        #expect(BFloat16(.greatestFiniteMagnitude).float == .infinity)
        #expect(BFloat16(.nan).float.isNaN)
        #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).float.isNaN)  // a NaN whose upper half alone is infinity
        for bits in UInt16.min...UInt16.max where !BFloat16(bits: bits).float.isNaN {
            #expect(BFloat16(BFloat16(bits: bits).float).bits == bits)
        }
    }

    @Test func int8BlocksKeepTheirLargestAndSurviveAnything() {
        let block = Int8Block(quantizing: [1, -2, 0.5, 127, -127, 0, 3.5, 2.5, 1, 1, 1, 1, 1, 1, 1, 1])
        #expect(block.scale == 1)
        #expect(block.codes.prefix(8) == [1, -2, 0, 127, -127, 0, 4, 2])
        for bad in [Float.nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            let block = Int8Block(quantizing: [bad, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            #expect(block.codes.count == 16 && block.scale.isFinite)
        }
        #expect(Int8Block(quantizing: ArraySlice(repeating: 0, count: 16)).scale == 0)
    }

    @Test func int16BlocksHoldBFloat16AndSurviveAnything() {
        // 255/128 does not fit 15 bits under 2^-14, hence one bit more for the largest.
        for largest in [Float(1), 1.5, 1.9921875, 3e38, 2e-33] {
            let values = (0..<16).map { BFloat16(largest * (1 - Float($0) / 16)).float }
            let block = Int16Block(quantizing: values[...])
            for (value, code) in zip(values, block.codes) where value >= largest / 64 {
                #expect(Float(code) * block.scale == value)
            }
        }
        let block = Int16Block(quantizing: [
            1, -1, 0.00001, 0.00003052, 0.00009, 1.99999, -2, 0, 3, 3.9842, 3.9843, -3.9999,
        ])
        #expect(block.scale == 0x1p-12)
        #expect(block.codes == [4096, -4096, 0, 0, 0, 8192, -8192, 0, 12288, 16319, 16320, -16384])
        #expect(Int16Block(quantizing: [1.99, -1]).codes == [32604, -16384])
        for bad in [Float.nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            let block = Int16Block(quantizing: [bad, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            #expect(block.codes.count == 16 && block.scale.isFinite)
        }
        #expect(Int16Block(quantizing: ArraySlice(repeating: 0, count: 16)).scale == 0)
    }

    @Test func shapesCountWithoutOverflow() {
        #expect(Shape([2, 3, 4]).checkedCount == 24)
        #expect(Shape([]).checkedCount == 1)
        #expect(Shape([.max, 2]).checkedCount == nil)
        #expect(Shape([-1]).checkedCount == nil)
        #expect(Shape([1, 2]).description == "[1, 2]")
    }
}
