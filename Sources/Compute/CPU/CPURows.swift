// Operations on single elements and single rows. Knows nothing of tokens' neighbours.

import Foundation
import Numerics
import Synchronization

extension CPUBackend {
    package func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try checkMatrix(x, operation: "rmsNorm")
        let columns = x.columns
        try check(weight, is: [columns], operation: "rmsNorm weight")
        let result = tensor(x.shape)
        team.forEach(x.rows, grain: Self.rowGrain(columns: columns)) { rows in
            let offset = rows.lowerBound * columns
            kernels.table.rms_norm(
                result.pointer + offset, x.pointer + offset, weight.pointer, rows.count, columns, epsilon)
        }
        return result
    }

    package func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try checkMatrix(x, operation: "layerNorm")
        let columns = x.columns
        try check(weight, is: [columns], operation: "layerNorm weight")
        try check(bias, is: [columns], operation: "layerNorm bias")
        let result = tensor(x.shape)
        team.forEach(x.rows, grain: Self.rowGrain(columns: columns)) { rows in
            let offset = rows.lowerBound * columns
            kernels.table.layer_norm(
                result.pointer + offset, x.pointer + offset, weight.pointer, bias.pointer, rows.count, columns, epsilon)
        }
        return result
    }

    package func gelu(_ x: Tensor) throws(ComputeError) -> Tensor {
        let result = tensor(x.shape)
        team.forEach(x.shape.count, grain: Self.elementGrain) { range in
            kernels.table.gelu(result.pointer + range.lowerBound, x.pointer + range.lowerBound, range.count)
        }
        return result
    }

    package func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        try check(up, is: gate.shape, operation: "swiGLU")
        let result = tensor(gate.shape)
        team.forEach(gate.shape.count, grain: Self.elementGrain) { range in
            let offset = range.lowerBound
            kernels.table.swiglu(result.pointer + offset, gate.pointer + offset, up.pointer + offset, range.count)
        }
        return result
    }

    package func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor {
        try check(y, is: x.shape, operation: "add")
        let result = tensor(x.shape)
        team.forEach(x.shape.count, grain: Self.elementGrain) { range in
            let offset = range.lowerBound
            kernels.table.add(result.pointer + offset, x.pointer + offset, y.pointer + offset, range.count)
        }
        return result
    }

    package func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        for id in ids where id < 0 || Int(id) >= table.outputs {
            throw .shape(
                operation: "embed", weight: table.name, found: [Int(id)], expected: "token ids below \(table.outputs)")
        }
        let width = table.inputs
        let result = tensor([ids.count, width])
        switch table.format {
        case .dense(let view), .fp8(let view, _, _):
            let scale: Float = if case .fp8(_, let scale, _) = table.format { scale } else { 1 }
            guard let format = view.dtype.kernelFormat, view.shape.count == table.outputs * width else {
                throw .unsupported(
                    operation: "embed with \(table.name)", reason: "elements \(view.dtype.rawValue) \(view.shape)")
            }
            let rowBytes = width * view.dtype.size
            forEachRow(ids.count, columns: width) { row in
                guard let base = view.bytes.baseAddress else { return }
                kernels.table.widen(
                    result.pointer + row * width, base + Int(ids[row]) * rowBytes, format, width, scale)
            }
        case .nvfp4(let packed, let blockScales, let globalScale, _):
            let blocks = width / NVFP4.blockSize
            guard width % NVFP4.blockSize == 0, packed.bytes.count == table.outputs * width / 2,
                blockScales.bytes.count == table.outputs * blocks
            else {
                throw .unsupported(operation: "embed with \(table.name)", reason: "packed elements \(packed.shape)")
            }
            forEachRow(ids.count, columns: width) { row in
                guard let codes = packed.bytes.baseAddress, let scales = blockScales.bytes.baseAddress else { return }
                let id = Int(ids[row])
                kernels.table.widen_nvfp4(
                    result.pointer + row * width, (codes + id * width / 2).assumingMemoryBound(to: UInt8.self),
                    (scales + id * blocks).assumingMemoryBound(to: UInt8.self), width, globalScale)
            }
        }
        return result
    }

    package func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try checkMatrix(x, operation: "replacingRows")
        let width = x.columns
        try check(replacement, is: [rows.count, width], operation: "replacingRows replacement")
        try check(rows, within: x, operation: "replacingRows")
        let result = tensor(x.shape)
        forEachRow(x.rows, columns: width) { row in
            (result.pointer + row * width).update(from: x.pointer + row * width, count: width)
        }
        for (source, row) in rows.enumerated() {
            (result.pointer + row * width).update(from: replacement.pointer + source * width, count: width)
        }
        return result
    }

    package func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor {
        try checkMatrix(x, operation: "rows")
        try check(rows, within: x, operation: "rows")
        let width = x.columns
        let result = tensor([rows.count, width])
        forEachRow(rows.count, columns: width) { row in
            (result.pointer + row * width).update(from: x.pointer + rows[row] * width, count: width)
        }
        return result
    }

    private func check(_ rows: [Int], within x: Tensor, operation: String) throws(ComputeError) {
        for row in rows where !(0..<x.rows).contains(row) {
            throw .shape(operation: operation, weight: nil, found: [row], expected: "rows below \(x.rows)")
        }
    }

    /// Calls `body` for each row, several at a time on different members.
    func forEachRow(_ rows: Int, columns: Int, _ body: @Sendable (Int) -> Void) {
        team.forEach(rows, grain: Self.rowGrain(columns: columns)) { range in
            for row in range { body(row) }
        }
    }
}
