// The ways to multiply: loops, their packing and their scratch. Knows instruction sets, not threads or memory.

import CKernels
import Checkpoint
import Numerics

/// Whether something is available, or the reason why not.
package enum Support: Sendable, Equatable {
    case yes
    case no(reason: String)
}

/// How activations are rounded and laid out before a product; weights that share it share the packed rows.
struct ActivationPacking: Sendable {
    typealias Function =
        @Sendable @convention(c) (
            UnsafePointer<Float>?, Int, Float, Int, Int, UnsafeMutablePointer<UInt8>?
        ) -> Void

    let name: String
    /// Inputs of a unit, and the bytes they become.
    let unit: Int
    let unitBytes: Int
    let pack: Function
    /// Whether a unit of sixteen rows is a run of tiles of 16 x 64 bytes, a line of each tile for a row, and the first
    /// units of all rows stand before the second ones.
    var inTiles = false

    func units(inputs: Int) -> Int { (inputs + unit - 1) / unit }

    /// Bytes from a packed row to the next: whole cache lines, and one more so that the rows of a tile do not meet in
    /// one set of the first-level cache. In tiles: from a unit to the next.
    func stride(rows: Int, inputs: Int) -> Int {
        inTiles
            ? (rows + 15) / 16 * 16 * unitBytes
            : (units(inputs: inputs) * unitBytes + 63) / 64 * 64 + 64
    }

    /// Bytes of packed rows.
    func byteCount(rows: Int, inputs: Int) -> Int {
        stride(rows: rows, inputs: inputs) * (inTiles ? units(inputs: inputs) : rows)
    }
}

/// One way to multiply: the loops for a few rows, which read each weight row once as it lies, and those for many rows,
/// which lay out panels of weights for tiles of rows. Both give the same bits.
struct LinearKernel: Sendable {
    struct Loops: Sendable {
        typealias Function =
            @Sendable @convention(c) (
                UnsafePointer<monocle_weight>?, UnsafePointer<monocle_packed_rows>?, Int, Int,
                UnsafeMutablePointer<Float>?, UnsafeMutablePointer<UInt8>?
            ) -> Void

        let packing: ActivationPacking
        let multiply: Function
        /// Bytes of a thread's scratch: for every 16 inputs, and whatever the inputs.
        var scratch = 0
        var fixedScratch = 0
        /// Outputs that one call should have to be fast.
        var outputs = 16
    }

    let name: String
    let few: Loops
    let many: Loops
    /// From this number of rows on `many` is faster.
    let manyRows: Int

    func loops(rows: Int) -> Loops { rows < manyRows ? few : many }

    init(name: String, few: Loops, many: Loops, manyRows: Int) {
        self.name = name
        self.few = few
        self.many = many
        self.manyRows = manyRows
    }

    init(name: String, _ loops: Loops) {
        self.init(name: name, few: loops, many: loops, manyRows: 0)
    }
}

extension LinearKernel {
    /// float32 weights against float32 activations, or against bf16 activations held as float32.
    static func widened(_ isa: InstructionSet, roundingToBFloat16 rounding: Bool) -> LinearKernel {
        let packing =
            rounding
            ? ActivationPacking(name: "bf16 as f32", unit: 16, unitBytes: 64, pack: monocle_pack_bf16_as_f32)
            : ActivationPacking(name: "f32", unit: 16, unitBytes: 64, pack: monocle_pack_f32)
        let multiply: Loops.Function =
            switch isa {
            case .scalar: monocle_linear_widened_scalar
            #if arch(x86_64)
                case .avx2: monocle_linear_widened_avx2
                case .avx512, .amx: monocle_linear_widened_avx512
            #else
                case .avx2, .avx512, .amx: monocle_linear_widened_scalar
            #endif
            }
        return LinearKernel(
            name: "f32 products of \(packing.name), \(isa)",
            Loops(packing: packing, multiply: multiply, fixedScratch: Int(MONOCLE_WIDENED_SCRATCH)))
    }

    /// NVFP4 weights against int8 activations, or against NVFP4 activations.
    static func integer(_ isa: InstructionSet, nvfp4: Bool) -> LinearKernel {
        func packing(
            _ unit: Int, _ layout: String, _ int8: ActivationPacking.Function, _ e2m1: ActivationPacking.Function
        ) -> ActivationPacking {
            ActivationPacking(
                name: "\(nvfp4 ? "nvfp4" : "int8") \(layout)", unit: unit, unitBytes: unit / 16 * 24,
                pack: nvfp4 ? e2m1 : int8)
        }
        let name = "int8 products of \(nvfp4 ? "nvfp4" : "int8") blocks, \(isa)"
        switch isa {
        case .scalar:
            let packing = packing(16, "blocks", monocle_pack_int8_scalar, monocle_pack_nvfp4_scalar)
            return LinearKernel(name: name, Loops(packing: packing, multiply: monocle_linear_int8_scalar, scratch: 20))
        #if arch(x86_64)
            case .avx2:
                let packing = packing(128, "rows", monocle_pack_int8_avx2, monocle_pack_nvfp4_avx2)
                return LinearKernel(
                    name: name,
                    few: Loops(packing: packing, multiply: monocle_linear_int8_rows_avx2),
                    many: Loops(
                        packing: packing, multiply: monocle_linear_int8_panels_avx2,
                        fixedScratch: Int(MONOCLE_PANEL_SCRATCH)),
                    manyRows: 9)
            case .avx512, .amx:
                let rows = packing(256, "rows", monocle_pack_int8_rows_avx512, monocle_pack_nvfp4_rows_avx512)
                let panels = packing(256, "panels", monocle_pack_int8_panels_avx512, monocle_pack_nvfp4_panels_avx512)
                return LinearKernel(
                    name: name,
                    few: Loops(packing: rows, multiply: monocle_linear_int8_rows_avx512),
                    many: Loops(packing: panels, multiply: monocle_linear_int8_panels_avx512, scratch: 320),
                    manyRows: 12)
        #else
            case .avx2, .avx512, .amx: return integer(.scalar, nvfp4: nvfp4)
        #endif
        }
    }

    /// NVFP4 weights against 16-bit activations: bf16, or with AVX2, which does not multiply bf16, int16 blocks. `factor`
    /// belongs into the weight's `sum_factor`.
    static func blocks(_ isa: InstructionSet) -> (kernel: LinearKernel, factor: Float) {
        switch isa {
        case .scalar: return (widened(.scalar, roundingToBFloat16: true), 1)
        #if arch(x86_64)
            case .avx2:
                let rows = ActivationPacking(
                    name: "int16 rows", unit: 128, unitBytes: 320, pack: monocle_pack_int16_rows_avx2)
                let panels = ActivationPacking(
                    name: "int16 panels", unit: 128, unitBytes: 288, pack: monocle_pack_int16_panels_avx2)
                let kernel = LinearKernel(
                    name: "int16 products of nvfp4 blocks, avx2",
                    few: Loops(packing: rows, multiply: monocle_linear_int16_rows_avx2),
                    many: Loops(
                        packing: panels, multiply: monocle_linear_int16_panels_avx2,
                        fixedScratch: Int(MONOCLE_PANEL_SCRATCH)),
                    manyRows: 5)
                return (kernel, 0.5)
            case .avx512:
                let rows = ActivationPacking(
                    name: "bf16 blocks rows", unit: 256, unitBytes: 512, pack: monocle_pack_blocks_rows_avx512)
                let panels = ActivationPacking(
                    name: "bf16 blocks panels", unit: 256, unitBytes: 512, pack: monocle_pack_blocks_panels_avx512)
                let kernel = LinearKernel(
                    name: "bf16 products of nvfp4 blocks, avx512",
                    few: Loops(packing: rows, multiply: monocle_linear_blocks_rows_avx512),
                    many: Loops(packing: panels, multiply: monocle_linear_blocks_panels_avx512, scratch: 576),
                    manyRows: 12)
                return (kernel, 1)
            case .amx: return (tiles(nvfp4: true), 1)
        #else
            case .avx2, .avx512, .amx: return blocks(.scalar)
        #endif
        }
    }

    #if arch(x86_64)

        /// bf16 and fp8 weights against bf16 activations in vdpbf16ps.
        static let pairs = LinearKernel(
            name: "bf16 products, avx512",
            few: Loops(
                packing: ActivationPacking(
                    name: "bf16 rows", unit: 32, unitBytes: 64, pack: monocle_pack_bf16_rows_avx512),
                multiply: monocle_linear_bf16_rows_avx512),
            many: Loops(
                packing: ActivationPacking(
                    name: "bf16 panels", unit: 32, unitBytes: 64, pack: monocle_pack_bf16_panels_avx512),
                multiply: monocle_linear_bf16_panels_avx512, scratch: 512),
            manyRows: 10)

        /// bf16 and fp8 weights, or NVFP4 weights, against bf16 activations in AMX tiles.
        static func tiles(nvfp4: Bool) -> LinearKernel {
            let name = nvfp4 ? "bf16 blocks" : "bf16"
            return LinearKernel(
                name: nvfp4 ? "bf16 products of nvfp4 blocks, amx" : "bf16 products, amx",
                few: Loops(
                    packing: ActivationPacking(
                        name: "\(name) amx rows", unit: 512, unitBytes: 2048,
                        pack: nvfp4 ? monocle_pack_blocks_amx_rows : monocle_pack_bf16_amx_rows),
                    multiply: monocle_linear_amx_rows, scratch: 128),
                many: Loops(
                    packing: ActivationPacking(
                        name: "\(name) tiles", unit: 512, unitBytes: 1024,
                        pack: nvfp4 ? monocle_pack_blocks_amx : monocle_pack_bf16_amx, inTiles: true),
                    multiply: monocle_linear_amx, fixedScratch: Int(MONOCLE_AMX_SCRATCH),
                    outputs: Int(MONOCLE_AMX_OUTPUTS)),
                manyRows: 4)
        }
    #else
        static let pairs = widened(.scalar, roundingToBFloat16: true)

        static func tiles(nvfp4: Bool) -> LinearKernel { pairs }
    #endif

    /// Bytes of a thread's scratch: rows are filled up to the largest unit, 256 inputs; and one unit more.
    func scratchBytes(rows: Int, inputs: Int) -> Int {
        let loops = loops(rows: rows)
        return loops.fixedScratch + ((inputs + 255) / 256 + 1) * 16 * loops.scratch
    }
}
