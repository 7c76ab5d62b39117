// Operations on elements and rows, forward.

package import Compute
import Numerics

extension CUDABackend {
    package func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try check(weight, is: [x.columns], "rmsNorm")
        try checkCount(x.shape, "rmsNorm")
        return try computing { () throws(CUDAError) in
            let kernel = try library.norm(columns: x.columns).rmsNorm
            let (y, target) = try make(x.shape)
            try device.launch(
                kernel, grid: (Self.blocks(of: NormKernels.rowsPerBlock, x.rows), 1), block: 256,
                [.memory(try memory(x)), .memory(try memory(weight)), .memory(target), .int(x.rows), .float(epsilon)])
            return y
        }
    }

    package func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try check(weight, is: [x.columns], "layerNorm")
        try check(bias, is: [x.columns], "layerNorm")
        try checkCount(x.shape, "layerNorm")
        return try computing { () throws(CUDAError) in
            let kernel = try library.norm(columns: x.columns).layerNorm
            let (y, target) = try make(x.shape)
            try device.launch(
                kernel, grid: (Self.blocks(of: NormKernels.rowsPerBlock, x.rows), 1), block: 256,
                [
                    .memory(try memory(x)), .memory(try memory(weight)), .memory(try memory(bias)), .memory(target),
                    .int(x.rows), .float(epsilon),
                ])
            return y
        }
    }

    package func gelu(_ x: Tensor) throws(ComputeError) -> Tensor { try elements(common.gelu, [x], "gelu") }

    package func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        try check(up, is: gate.shape, "swiGLU")
        return try elements(common.swiGLU, [gate, up], "swiGLU")
    }

    package func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor {
        try check(y, is: x.shape, "add")
        return try elements(common.add, [x, y], "add")
    }

    /// An element of the result from the same element of each argument.
    func elements(_ kernel: Kernel, _ arguments: [Tensor], _ operation: String) throws(ComputeError) -> Tensor {
        let shape = arguments[0].shape
        guard shape.count < 1 << 31 else {
            throw .shape(operation: operation, weight: nil, found: shape, expected: "below 2^31 elements")
        }
        return try computing { () throws(CUDAError) in
            let (y, target) = try make(shape)
            var list: [KernelArgument] = []
            for argument in arguments { list.append(.memory(try memory(argument))) }
            let count = Self.fours(shape.count)
            try launch(kernel, count: count, list + [.memory(target), .int(count)])
            return y
        }
    }

    package func rope(
        _ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]
    ) throws(ComputeError) -> Tensor {
        try checkCount(x.shape, "rope")
        guard headDim > 0, headDim % 2 == 0, x.columns % headDim == 0, positions.count == x.rows,
            frequencies.count * 2 == headDim
        else {
            throw .shape(
                operation: "rope", weight: nil, found: x.shape,
                expected: "[\(positions.count), heads * \(headDim)] with \(headDim / 2) frequencies")
        }
        return try computing { () throws(CUDAError) in
            let (y, target) = try make(x.shape)
            let count = x.shape.count / 2
            try launch(
                common.rope, count: count,
                [
                    .memory(try memory(x)), .memory(target), .memory(try uploadedPositions(positions)),
                    .memory(try uploadedFrequencies(frequencies)), .int(count), .int(x.columns), .int(headDim / 2),
                ])
            return y
        }
    }

    package func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try check(replacement, is: [rows.count, x.columns], "replacingRows")
        try checkCount(x.shape, "replacingRows")
        try checkRows(rows, below: x.rows, "replacingRows")
        var sources = [Int32](repeating: -1, count: x.rows)
        for (index, row) in rows.enumerated() { sources[row] = Int32(index) }
        return try computing { () throws(CUDAError) in
            let (y, target) = try make(x.shape)
            let (old, new, map) = (try memory(x), try memory(replacement), try uploadedPositions(sources))
            try launch(common.replace, count: x.shape.count, columns: x.columns) { count, columns in
                [.memory(old), .memory(new), .memory(map), .memory(target), .int(count), .int(columns)]
            }
            return y
        }
    }

    package func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor {
        try checkCount(x.shape, "rows")
        try checkRows(rows, below: x.rows, "rows")
        return try computing { () throws(CUDAError) in
            let (y, target) = try make([rows.count, x.columns])
            let (source, index) = (try memory(x), try uploadedRows(rows))
            try launch(common.gather, count: y.shape.count, columns: x.columns) { count, columns in
                [.memory(source), .memory(index), .memory(target), .int(count), .int(columns)]
            }
            return y
        }
    }

    func checkRows(_ rows: [Int], below count: Int, _ operation: String) throws(ComputeError) {
        for row in rows where row < 0 || row >= count {
            throw .shape(operation: operation, weight: nil, found: [row], expected: "rows below \(count)")
        }
    }

    /// Pieces of at most `size` that cover `count`.
    static func blocks(of size: Int, _ count: Int) -> Int { (count + size - 1) / size }
}
