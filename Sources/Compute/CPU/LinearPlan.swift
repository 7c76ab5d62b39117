// What the linear layer of one weight does under a precision and an instruction set: its kernel, its factors, and the
// checks that make reading the weight safe. Knows nothing of activations' values, threads or memory.

import CKernels
import Checkpoint
import Numerics

/// The kernel of a weight and the operands that do not depend on the activations.
struct LinearPlan {
    let kernel: LinearKernel
    /// The weight as the kernels take it; its pointers live as long as the `Weight`.
    let operand: monocle_weight
    /// Set for activations in NVFP4.
    let inputScale: Float?
    /// Why no faster kernel of the same precision took the weight.
    let fastest: Support

    init(_ weight: Weight, precision: Precision, isa: InstructionSet) throws(ComputeError) {
        try Self.check(weight)
        let bfloat: LinearKernel? = isa == .amx ? .tiles(nvfp4: false) : isa == .avx512 ? .pairs : nil
        let widenedBFloat = LinearKernel.widened(isa, roundingToBFloat16: true)
        let widened = LinearKernel.widened(isa, roundingToBFloat16: false)
        let slower = Support.no(reason: "\(isa) has no bf16 products")
        var factors: (element: Float, sum: Float) = (1, 1)
        let format: monocle_weight_format
        let elements: UnsafeRawBufferPointer
        var blockScales: UnsafeRawBufferPointer?
        var inputScale: Float?

        switch weight.format {
        case .dense(let view):
            elements = view.bytes
            switch view.dtype {
            case .bf16:
                format = MONOCLE_WEIGHT_BF16
                kernel = precision == .f32 ? widened : bfloat ?? widenedBFloat
                fastest = precision == .f32 || bfloat != nil ? .yes : slower
            case .f16:
                format = MONOCLE_WEIGHT_F16
                kernel = widened
                fastest = precision == .f32 ? .yes : .no(reason: "f16 weights are not exact in bf16")
            default:
                format = MONOCLE_WEIGHT_F32
                kernel = widened
                fastest = precision == .f32 ? .yes : .no(reason: "f32 weights are not exact in bf16")
            }
        case .fp8(let view, let scale, _):
            format = MONOCLE_WEIGHT_FP8
            elements = view.bytes
            if precision == .f32 {
                factors.element = scale
                (kernel, fastest) = (widened, .yes)
            } else {
                factors.sum = scale
                kernel = bfloat ?? widenedBFloat
                fastest = bfloat != nil ? .yes : slower
            }
        case .nvfp4(let packed, let scales, let globalScale, let calibrated):
            format = MONOCLE_WEIGHT_NVFP4
            elements = packed.bytes
            blockScales = scales.bytes
            switch precision {
            case .f32:
                factors.element = globalScale
                (kernel, fastest) = (widened, .yes)
            case .w4a16:
                let blocks = LinearKernel.blocks(isa)
                kernel = blocks.kernel
                factors.sum = globalScale * blocks.factor
                fastest = isa == .scalar ? slower : .yes
            case .w4a8:
                factors.sum = globalScale * 0.5  // codes are e2m1 values times two
                (kernel, fastest) = (.integer(isa, nvfp4: false), .yes)
            case .w4a4:
                let scale = try Self.calibrated(calibrated, weight)
                inputScale = scale
                factors.sum = globalScale * scale * 0.25
                (kernel, fastest) = (.integer(isa, nvfp4: true), .yes)
            }
        }
        self.inputScale = inputScale
        operand = monocle_weight(
            format: format, outputs: weight.outputs, inputs: weight.inputs,
            elements: elements.baseAddress?.assumingMemoryBound(to: UInt8.self),
            block_scales: blockScales?.baseAddress?.assumingMemoryBound(to: UInt8.self),
            element_factor: factors.element, sum_factor: factors.sum,
            bias: weight.bias.map { UnsafePointer($0.pointer) })
    }

    private static func calibrated(_ inputScale: Float?, _ weight: Weight) throws(ComputeError) -> Float {
        guard let inputScale else {
            throw .unsupported(
                operation: "w4a4 for \(weight.name)",
                reason: "the checkpoint has no \(weight.name).input_scale; use w4a16 or w4a8")
        }
        guard inputScale.isNormal, inputScale > 0 else {
            throw .unsupported(
                operation: "w4a4 for \(weight.name)",
                reason: "\(weight.name).input_scale is \(inputScale), expected a positive number; use w4a16 or w4a8")
        }
        return inputScale
    }

    /// The kernels read exactly the bytes of these shapes.
    private static func check(_ weight: Weight) throws(ComputeError) {
        func expect(_ part: String, _ view: TensorView, _ types: [DType], columns: Int) throws(ComputeError) {
            let expected = Shape([weight.outputs, columns])
            guard view.shape == expected else {
                throw .shape(operation: "linear", weight: part, found: view.shape, expected: "\(expected)")
            }
            guard types.contains(view.dtype) else {
                let names = types.map(\.rawValue).joined(separator: ", ")
                throw .unsupported(
                    operation: "linear with \(part)", reason: "its type is \(view.dtype.rawValue), expected \(names)")
            }
        }
        let key = "\(weight.name).weight"
        switch weight.format {
        case .dense(let view): try expect(key, view, [.bf16, .f16, .f32], columns: weight.inputs)
        case .fp8(let view, _, _): try expect(key, view, [.f8e4m3], columns: weight.inputs)
        case .nvfp4(let packed, let scales, _, _):
            guard weight.inputs % NVFP4.blockSize == 0 else {
                throw .unsupported(
                    operation: "linear with \(key)",
                    reason: "it has \(weight.inputs) inputs, expected a multiple of \(NVFP4.blockSize)")
            }
            try expect(key, packed, [.u8], columns: weight.inputs / 2)
            try expect("\(key)_scale", scales, [.f8e4m3, .u8], columns: weight.inputs / NVFP4.blockSize)
        }
        if let bias = weight.bias, bias.shape.count != weight.outputs {
            throw .shape(
                operation: "linear", weight: "\(weight.name).bias", found: bias.shape, expected: "[\(weight.outputs)]")
        }
    }
}
