import CKernels
import Checkpoint
import Compute
import Numerics
import TestSupport
import Testing

/// A packed integer block, read back from a layout.
private struct PackedBlock: Equatable {
    var codes: [Int8] = []
    var scale: UInt32 = 0  // bits
}

private typealias Pack =
    @Sendable (
        UnsafePointer<Float>?, Int, Float, Int, Int, UnsafeMutablePointer<UInt8>?
    ) -> Void

private enum Layout: Sendable {
    case blocks  // codes in order, then the scale, 24 bytes
    case rows(lanes: Int)
    case panels(lanes: Int)

    /// Packs one row with `pack` and reads it back; the correction word is checked on the way.
    func blocks(_ x: [Float], inputScale: Float, _ pack: Pack) -> [PackedBlock] {
        let lanes =
            switch self {
            case .blocks: 1
            case .rows(let lanes), .panels(let lanes): lanes
            }
        let units = (x.count + 16 * lanes - 1) / (16 * lanes)
        var row = [UInt8](repeating: 0xEE, count: units * lanes * 24)
        row.withUnsafeMutableBufferPointer { row in
            x.withUnsafeBufferPointer { pack($0.baseAddress, x.count, inputScale, 0, units, row.baseAddress) }
        }
        func word(_ index: Int) -> UInt32 {
            row.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) }
        }
        return (0..<x.count / 16).map { block in
            let unit = block / lanes, index = block % lanes
            let (load, place) = lanes == 1 ? (0, 0) : index.quotientAndRemainder(dividingBy: lanes / 2)
            let lane = place / 2 * 4 + 2 * load + place % 2
            switch self {
            case .blocks:
                let codes = row[24 * block..<24 * block + 16].map { Int8(bitPattern: $0) }
                return PackedBlock(codes: codes, scale: word(6 * block + 4))
            case .rows, .panels:
                let words = (0..<6).map { index in
                    if case .rows = self { return word((unit * 6 + index) * lanes + lane) }
                    return word((lane * units + unit) * 6 + index)
                }
                var codes = [Int8](repeating: 0, count: 16)
                for position in 0..<16 {
                    let byte = UInt8(truncatingIfNeeded: words[position / 4] >> (8 * (position % 4)))
                    let (half, odd, pair) = (position / 8, position / 4 % 2, position % 4)
                    codes[8 * half + 2 * pair + odd] = Int8(bitPattern: byte)
                }
                let sum = codes.reduce(Int32(0)) { $0 + Int32($1) }
                #expect(Int32(bitPattern: words[4]) == -12 * sum)
                return PackedBlock(codes: codes, scale: words[5])
            }
        }
    }
}

/// Each instruction set's layouts with the packing functions for int8 and for NVFP4.
private let layouts: [(InstructionSet, Layout, int8: Pack, nvfp4: Pack)] = {
    var layouts: [(InstructionSet, Layout, int8: Pack, nvfp4: Pack)] = [
        (.scalar, .blocks, monocle_pack_int8_scalar, monocle_pack_nvfp4_scalar)
    ]
    #if arch(x86_64)
        layouts += [
            (.avx2, .rows(lanes: 8), monocle_pack_int8_avx2, monocle_pack_nvfp4_avx2),
            (.avx512, .rows(lanes: 16), monocle_pack_int8_rows_avx512, monocle_pack_nvfp4_rows_avx512),
            (.avx512, .panels(lanes: 16), monocle_pack_int8_panels_avx512, monocle_pack_nvfp4_panels_avx512),
        ]
    #endif
    return layouts.filter { InstructionSet.available.contains($0.0) }
}()

private func doubled(_ code: UInt8) -> Int8 { Int8(E2M1(code: code).float * 2) }

struct LinearPackingTests {
    /// Values at every rounding border, extremes and what is not a number, in blocks of 16.
    private static let awkward: [Float] = {
        var random = TestRandom(8)
        var values: [Float] = []
        for exponent in stride(from: -149, through: 127, by: 12) {
            values += random.values(16).map { $0 * Float(sign: .plus, exponent: exponent, significand: 1) }
        }
        for half in 0..<64 { values += (0..<16).map { Float(half * 16 + $0) / 8 - 64 } }
        let specials: [Float] = [
            .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        ]
        for special in specials {
            values += [special] + random.values(15)
            values += [Float](repeating: special, count: 16)
        }
        for _ in 0..<300 { values += random.values(16) }
        return values
    }()

    @Test func quantisesToInt8BitForBit() {
        let expected = stride(from: 0, to: Self.awkward.count, by: 16).map { start in
            let block = Int8Block(quantizing: Self.awkward[start..<start + 16])
            return PackedBlock(codes: block.codes, scale: block.scale.bitPattern)
        }
        for (isa, layout, int8, _) in layouts {
            #expect(layout.blocks(Self.awkward, inputScale: 1, int8) == expected, "\(isa) \(layout)")
        }
    }

    @Test(arguments: [1, 0.0021, 3.7e-5, 1e-30, 1e30] as [Float])
    func quantisesToNVFP4BitForBit(_ inputScale: Float) {
        let expected = stride(from: 0, to: Self.awkward.count, by: 16).map { start in
            let block = NVFP4.quantizeActivation(Self.awkward[start..<start + 16], inputScale: inputScale)
            return PackedBlock(codes: block.codes.map(doubled), scale: block.scale.float.bitPattern)
        }
        for (isa, layout, _, nvfp4) in layouts {
            #expect(layout.blocks(Self.awkward, inputScale: inputScale, nvfp4) == expected, "\(isa) \(layout)")
        }
    }

    @Test func equalsVLLMsActivationCases() throws {
        let file = try SafetensorsFile(mapping: Goldens.file("nvfp4/activation_cases.safetensors"))
        let cases = file.names.filter { $0.hasSuffix("#x") }.map { String($0.dropLast(2)) }
        #expect(cases.count == 11)
        for name in cases {
            let x = try #require(try file.tensor(name + "#x").floats())
            let inputScale = try #require(try file.tensor(name + "#input_scale").floats()?.first)
            let values = try #require(try file.tensor(name + "#own_values").floats())
            let scales = try #require(try file.tensor(name + "#own_block_scale").floats())
            for (isa, layout, _, nvfp4) in layouts {
                let blocks = layout.blocks(x, inputScale: inputScale, nvfp4)
                #expect(blocks.map { Float(bitPattern: $0.scale) } == scales, "\(name) \(isa) \(layout)")
                #expect(blocks.flatMap { $0.codes.map { Float($0) / 2 } } == values, "\(name) \(isa) \(layout)")
            }
        }
    }
}
