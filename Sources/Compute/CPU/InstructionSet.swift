// Which vector instructions the kernels of a process use. Knows nothing of what the kernels compute.

import CKernels
import Foundation

/// A family of kernels, compiled side by side and chosen at run time.
package enum InstructionSet: String, Sendable, CaseIterable, Comparable {
    /// Portable C without processor features beyond the platform's baseline.
    case scalar
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, BW, VL, DQ with VNNI and BF16.
    case avx512
    /// AVX-512 as above, and AMX tiles for products of bf16.
    case amx

    /// The environment variable that forces a choice.
    package static let variable = "MONOCLE_ISA"

    /// The sets of this machine, slowest first; `scalar` is always among them.
    package static let available: [InstructionSet] = allCases.filter { set in
        switch set {
        case .scalar: true
        case .avx2: monocle_has_avx2()
        case .avx512: monocle_has_avx512()
        case .amx: monocle_has_amx()
        }
    }

    /// The fastest set of this machine.
    package static var best: InstructionSet { available.last ?? .scalar }

    /// The set `name` asks for, or the best one when nothing is asked for.
    /// - Throws: `.instructionSet` for an unknown name and for a set this machine lacks.
    package static func named(_ name: String?) throws(ComputeError) -> InstructionSet {
        guard let name, !name.isEmpty else { return best }
        guard let set = InstructionSet(rawValue: name.lowercased()), available.contains(set) else {
            throw .instructionSet(requested: name, available: available.map(\.rawValue))
        }
        return set
    }

    /// The set `$MONOCLE_ISA` asks for, or the best one.
    package static func fromEnvironment() throws(ComputeError) -> InstructionSet {
        try named(ProcessInfo.processInfo.environment[variable])
    }

    package static func < (left: InstructionSet, right: InstructionSet) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}
