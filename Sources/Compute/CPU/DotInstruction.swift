// The multiply-add instructions that bound the kernels, and which one a layer uses. Knows nothing of measuring.

import CKernels
package import Checkpoint

/// A multiply-add instruction (or the shortest run of instructions that makes one) in its widest form.
package enum DotInstruction: String, Sendable, CaseIterable {
    case baselineFloat = "f32 multiply, add"
    case fma256 = "vfmadd 256"
    case maddwd256 = "vpmaddwd 256"
    case maddubs256 = "vpmaddubsw, vpmaddwd 256"
    case fma512 = "vfmadd 512"
    case bfloat512 = "vdpbf16ps 512"
    case int8512 = "vpdpbusd 512"
    case bfloatTile = "tdpbf16ps 16x16x32"

    package var instructionSet: InstructionSet {
        switch self {
        case .baselineFloat: .scalar
        case .fma256, .maddwd256, .maddubs256: .avx2
        case .fma512, .bfloat512, .int8512: .avx512
        case .bfloatTile: .amx
        }
    }

    /// The fastest instruction for activations that are not quantised.
    package static func float(precision: Precision, isa: InstructionSet) -> DotInstruction {
        switch isa {
        case .scalar: .baselineFloat
        case .avx2: .fma256
        case .avx512: precision == .f32 ? .fma512 : .bfloat512
        case .amx: precision == .f32 ? .fma512 : .bfloatTile
        }
    }

    /// The instruction that a linear layer's products are made of.
    package static func used(for format: StoredMatrix, precision: Precision, isa: InstructionSet) -> DotInstruction {
        switch format {
        case .nvfp4 where precision == .w4a8 || precision == .w4a4:
            switch isa {
            case .scalar: .baselineFloat
            case .avx2: .maddubs256
            case .avx512, .amx: .int8512
            }
        case .nvfp4 where precision == .w4a16 && isa == .avx2: .maddwd256
        case .dense(let view) where view.dtype != .bf16: float(precision: .f32, isa: isa)
        default: float(precision: precision, isa: isa)
        }
    }

    /// Runs on registers alone for `rounds` rounds. Returns multiply-adds.
    func run(rounds: Int) -> Int {
        switch self {
        case .baselineFloat: monocle_peak_f32_scalar(rounds)
        case .fma256: monocle_peak_f32_avx2(rounds)
        case .maddwd256: monocle_peak_int16_avx2(rounds)
        case .maddubs256: monocle_peak_int8_avx2(rounds)
        case .fma512: monocle_peak_f32_avx512(rounds)
        case .bfloat512: monocle_peak_bf16_avx512(rounds)
        case .int8512: monocle_peak_int8_avx512(rounds)
        case .bfloatTile: monocle_peak_bf16_amx(rounds)
        }
    }
}
