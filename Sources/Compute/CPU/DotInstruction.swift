// The multiply-add instructions that bound the kernels, and which one a layer uses. Knows nothing of measuring.

import CKernels
package import Checkpoint

/// A multiply-add instruction (or the shortest run of instructions that makes one) in its widest form.
package enum DotInstruction: String, Sendable, CaseIterable {
    case baselineFloat = "f32 multiply, add"
    case fma256 = "vfmadd 256"
    case maddubs256 = "vpmaddubsw, vpmaddwd 256"
    case fma512 = "vfmadd 512"
    case bfloat512 = "vdpbf16ps 512"
    case int8512 = "vpdpbusd 512"

    package var instructionSet: InstructionSet {
        switch self {
        case .baselineFloat: .scalar
        case .fma256, .maddubs256: .avx2
        case .fma512, .bfloat512, .int8512: .avx512
        }
    }

    /// The instruction that a linear layer's products are made of.
    package static func used(for format: StoredMatrix, precision: Precision, isa: InstructionSet) -> DotInstruction {
        let isNarrow = if case .nvfp4 = format { precision == .w4a8 || precision == .w4a4 } else { false }
        switch isa {
        case .scalar: return .baselineFloat
        case .avx2: return isNarrow ? .maddubs256 : .fma256
        case .avx512:
            if isNarrow { return .int8512 }
            if case .dense(let view) = format, view.dtype != .bf16 { return .fma512 }
            return precision == .f32 ? .fma512 : .bfloat512
        }
    }

    /// Runs on registers alone for `rounds` rounds. Returns multiply-adds.
    func run(rounds: Int) -> Int {
        switch self {
        case .baselineFloat: monocle_peak_f32_scalar(rounds)
        case .fma256: monocle_peak_f32_avx2(rounds)
        case .maddubs256: monocle_peak_int8_avx2(rounds)
        case .fma512: monocle_peak_f32_avx512(rounds)
        case .bfloat512: monocle_peak_bf16_avx512(rounds)
        case .int8512: monocle_peak_int8_avx512(rounds)
        }
    }
}
