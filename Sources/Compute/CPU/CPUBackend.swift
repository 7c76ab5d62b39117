// The processor as a backend: what it owns and how it starts. The operations stand in the files beside it.

import CKernels
import Numerics
import Synchronization

/// Runs the model's operations on a thread team with kernels for the processor's instruction set.
///
/// AVX2, AVX-512 and AMX give the same bits for every operation but `linear` and, with AMX and any precision but f32,
/// attention, whose factors are rounded to bf16; the scalar kernels have no fused multiply-add and differ from them by
/// rounding.
package final class CPUBackend: Backend {
    package let precision: Precision
    package let instructionSet: InstructionSet
    package let team: ThreadTeam
    let kernels: CPUKernels
    /// Linear layers, and what they say about the kernel each weight gets.
    package let linearKernels: LinearKernels
    let pool: TensorPool
    let angles = Mutex<RotaryAngles?>(nil)
    let screens = Mutex<[ScreenedWeight]>([])

    /// - Parameters:
    ///   - threads: members of the team; nil for the cores this process may use.
    ///   - isa: nil for what `$MONOCLE_ISA` names, or else the best this machine has.
    package init(threads: Int? = nil, isa: InstructionSet? = nil, precision: Precision) throws(ComputeError) {
        instructionSet = if let isa { try InstructionSet.named(isa.rawValue) } else { try .fromEnvironment() }
        team = ThreadTeam(threads: threads)
        pool = TensorPool()
        kernels = CPUKernels(instructionSet, precision)
        linearKernels = LinearKernels(team: team, isa: instructionSet, precision: precision, pool: pool)
        self.precision = precision
    }

    /// A tensor of the backend's pool with undefined elements.
    func tensor(_ shape: Shape) -> Tensor {
        Tensor(shape: shape, storage: TensorStorage(count: shape.count, pool: pool))
    }

    /// Elements one member takes at a time in an element-by-element operation; fewer than this stay on the caller.
    static let elementGrain = 1 << 14

    /// Rows of `columns` elements one member takes at a time.
    static func rowGrain(columns: Int) -> Int { max(1, elementGrain / max(columns, 1)) }

    func check(_ tensor: Tensor, is shape: Shape, operation: String) throws(ComputeError) {
        guard tensor.shape == shape else {
            throw .shape(operation: operation, weight: nil, found: tensor.shape, expected: shape.description)
        }
    }

    /// Refuses what has no rows and columns.
    func checkMatrix(_ tensor: Tensor, operation: String) throws(ComputeError) {
        guard tensor.shape.rank >= 2 else {
            throw .shape(operation: operation, weight: nil, found: tensor.shape, expected: "[rows, columns]")
        }
    }
}

/// The C kernels of one instruction set.
struct CPUKernels: @unchecked Sendable {
    // Sendable: a table of pointers to functions without state, never written.
    let table: monocle_kernels

    init(_ set: InstructionSet, _ precision: Precision) {
        let table: UnsafePointer<monocle_kernels>? =
            switch set {
            case .scalar: nil
            case .avx2: monocle_kernels_avx2()
            case .avx512, .amx: monocle_kernels_avx512()
            }
        var kernels = (table ?? monocle_kernels_scalar()).pointee
        #if arch(x86_64)
            if set == .amx, precision != .f32 { kernels.attend = monocle_attend_amx }
        #endif
        self.table = kernels
    }
}

extension DType {
    /// The C kernels' name of an element type they can widen.
    var kernelFormat: Int32? {
        switch self {
        case .f32: Int32(MONOCLE_F32)
        case .bf16: Int32(MONOCLE_BF16)
        case .f16: Int32(MONOCLE_F16)
        case .f8e4m3: Int32(MONOCLE_E4M3)
        default: nil
        }
    }
}
