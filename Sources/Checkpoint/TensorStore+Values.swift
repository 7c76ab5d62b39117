// Reading weights, vectors and scales out of a store, with every check that needs no more than headers and scalars.

package import Numerics

extension TensorStore {
    func fault(_ name: String, found: String, expected: String) -> CheckpointError {
        .tensor(name, file: file(of: name), found: found, expected: expected)
    }

    /// The dense floating-point tensor `name`, of exactly this shape.
    package func dense(_ name: String, shape: Shape) throws(CheckpointError) -> TensorView {
        let view = try tensor(name)
        guard [.bf16, .f16, .f32].contains(view.dtype) else {
            throw fault(name, found: "\(view.dtype.rawValue) \(view.shape)", expected: "BF16, F16 or F32 \(shape)")
        }
        guard view.shape == shape else { throw fault(name, found: "shape \(view.shape)", expected: "\(shape)") }
        return view
    }

    /// The dense tensor `name` `[count]`, as float32.
    package func vector(_ name: String, count: Int) throws(CheckpointError) -> [Float] {
        guard let values = try dense(name, shape: [count]).floats() else {
            throw fault(name, found: "a type without values", expected: "floating point")
        }
        return values
    }

    /// The float32 scalar `name` (shape [] or [1]), finite and above zero; nil when there is none.
    package func scale(_ name: String) throws(CheckpointError) -> Float? {
        guard has(name) else { return nil }
        let view = try tensor(name)
        guard view.shape == [] || view.shape == [1], [.f32, .bf16, .f16].contains(view.dtype),
            let value = view.floats()?.first
        else {
            throw fault(name, found: "\(view.dtype.rawValue) \(view.shape)", expected: "one F32 value")
        }
        guard value.isFinite, value > 0 else {
            throw fault(name, found: "\(value)", expected: "a finite value above 0")
        }
        return value
    }

    private func requiredScale(_ name: String) throws(CheckpointError) -> Float {
        guard let value = try scale(name) else {
            throw fault(name, found: "no such tensor", expected: "one F32 value above 0")
        }
        return value
    }

    /// Suffixes that the tensors of a linear layer may have in any of the dialects.
    static let linearSuffixes = [
        "weight", "weight_packed", "weight_scale", "weight_scale_2", "weight_global_scale", "weight_scale_inv",
        "input_scale", "input_global_scale", "pre_quant_scale",
    ]

    /// Names of the tensors that an entry of the layout consists of here.
    func tensors(of entry: Layout.Entry) -> [String] {
        switch entry.kind {
        case .dense: [entry.path]
        case .linear: (Self.linearSuffixes + ["bias"]).map { entry.path + "." + $0 }.filter(has)
        }
    }

    /// The weight matrix `path.weight` or `path.weight_packed`, in whichever format its tensors show.
    package func matrix(_ path: String, outputs: Int, inputs: Int) throws(CheckpointError) -> StoredMatrix {
        if has(path + ".pre_quant_scale") {
            throw fault(
                path + ".pre_quant_scale", found: "an AWQ input scale",
                expected: "none: NVFP4_AWQ checkpoints are not supported")
        }
        if has(path + ".weight_packed") { return try compressedNVFP4(path, outputs, inputs) }
        let name = path + ".weight"
        let weight = try tensor(name)
        switch weight.dtype {
        case .u8: return try modelOptNVFP4(path, weight, outputs, inputs)
        case .f8e4m3: return try fp8(path, weight, outputs, inputs)
        case .bf16, .f16, .f32:
            for suffix in [".weight_scale", ".weight_scale_2"] where has(path + suffix) {
                throw fault(
                    name, found: "\(weight.dtype.rawValue) \(weight.shape) beside '\(path + suffix)'",
                    expected: "U8 [\(outputs), \(inputs / 2)] (NVFP4) or F8_E4M3 [\(outputs), \(inputs)] (FP8)")
            }
            return .dense(try dense(name, shape: [outputs, inputs]))
        default:
            throw fault(
                name, found: weight.dtype.rawValue, expected: "BF16, F16, F32, F8_E4M3 (FP8) or U8 (NVFP4)")
        }
    }

    private func modelOptNVFP4(
        _ path: String, _ packed: TensorView, _ outputs: Int, _ inputs: Int
    ) throws(CheckpointError) -> StoredMatrix {
        let scales = try blocks(path, path + ".weight", packed, outputs, inputs)
        return .nvfp4(
            packed: packed, blockScales: scales, globalScale: try requiredScale(path + ".weight_scale_2"),
            inputScale: try scale(path + ".input_scale"))
    }

    /// compressed-tensors stores the reciprocals of ModelOpt's scales: 2688 / largest magnitude.
    private func compressedNVFP4(
        _ path: String, _ outputs: Int, _ inputs: Int
    ) throws(CheckpointError) -> StoredMatrix {
        let name = path + ".weight_packed"
        let packed = try tensor(name)
        guard !has(path + ".weight") else {
            throw fault(name, found: "both it and '\(path).weight'", expected: "one of the two")
        }
        let scales = try blocks(path, name, packed, outputs, inputs)
        let global = try reciprocal(path + ".weight_global_scale", requiredScale(path + ".weight_global_scale"))
        var input: Float?
        if let stored = try scale(path + ".input_global_scale") {
            input = try reciprocal(path + ".input_global_scale", stored)
        }
        return .nvfp4(packed: packed, blockScales: scales, globalScale: global, inputScale: input)
    }

    private func reciprocal(_ name: String, _ value: Float) throws(CheckpointError) -> Float {
        let result = 1 / value
        guard result.isFinite, result > 0 else {
            throw fault(name, found: "\(value)", expected: "a value with a finite reciprocal above 0")
        }
        return result
    }

    /// Checks packed codes and returns their block scales.
    private func blocks(
        _ path: String, _ name: String, _ packed: TensorView, _ outputs: Int, _ inputs: Int
    ) throws(CheckpointError) -> TensorView {
        guard inputs % NVFP4.blockSize == 0 else {
            throw fault(name, found: "\(inputs) inputs", expected: "a multiple of \(NVFP4.blockSize)")
        }
        guard packed.dtype == .u8 else {
            throw fault(name, found: packed.dtype.rawValue, expected: "U8, two e2m1 codes a byte")
        }
        let expected: Shape = [outputs, inputs / 2]
        guard packed.shape == expected else {
            throw fault(name, found: "shape \(packed.shape)", expected: "\(expected), two e2m1 codes a byte")
        }
        let scaleName = path + ".weight_scale"
        let expectedScales: Shape = [outputs, inputs / NVFP4.blockSize]
        guard has(scaleName) else {
            throw fault(scaleName, found: "no such tensor", expected: "F8_E4M3 \(expectedScales), the block scales")
        }
        let scales = try tensor(scaleName)
        guard scales.dtype == .f8e4m3, scales.shape == expectedScales else {
            throw fault(
                scaleName, found: "\(scales.dtype.rawValue) \(scales.shape)",
                expected: "F8_E4M3 \(expectedScales), one scale for \(NVFP4.blockSize) inputs")
        }
        return scales
    }

    private func fp8(
        _ path: String, _ weight: TensorView, _ outputs: Int, _ inputs: Int
    ) throws(CheckpointError) -> StoredMatrix {
        guard weight.shape == [outputs, inputs] else {
            throw fault(path + ".weight", found: "shape \(weight.shape)", expected: "[\(outputs), \(inputs)]")
        }
        if has(path + ".weight_scale_inv") {
            throw fault(
                path + ".weight_scale_inv", found: "block-wise FP8 scales",
                expected: "one 'weight_scale' for the whole weight")
        }
        return .fp8(
            weight, scale: try requiredScale(path + ".weight_scale"), inputScale: try scale(path + ".input_scale"))
    }
}
