// Float32 products for the backward pass on the thread team: any factor may lie transposed. Knows nothing of tapes.

import CKernels
import Numerics

/// Operands are rounded to bf16 first unless the precision is f32.
extension CPUBackend {
    /// Rows and columns of the result that one member makes at a time.
    static let productRows = 48
    private static let productColumns = 512
    /// Places of the sums for which one factor is packed at a time: what the second cache holds.
    private static let productDepth = 256

    /// Floats of scratch for a product of `productRows` rows.
    static var productScratch: Int { productRows / 6 * Int(MONOCLE_PRODUCT_SCRATCH) }

    /// x [rows, outputs] times the weight [outputs, inputs]: what `linear` does with the weight transposed.
    package func product(_ x: Tensor, _ weight: Weight) -> Tensor {
        let steps = (row: x.columns, depth: 1)
        if case .dense(let view) = weight.format, view.dtype == .bf16 || view.dtype == .f32,
            let elements = view.bytes.baseAddress, let format = view.dtype.kernelFormat
        {
            return withExtendedLifetime(weight) {
                product(
                    x.pointer, steps: steps, rows: x.rows, depth: weight.outputs, elements, format: format,
                    columns: weight.inputs)
            }
        }
        let values = widened(weight)
        return withExtendedLifetime(values) {
            product(
                x.pointer, steps: steps, rows: x.rows, depth: weight.outputs, values.pointer,
                format: Int32(MONOCLE_F32), columns: weight.inputs)
        }
    }

    /// The elements as float32, `[outputs, inputs]`.
    private func widened(_ weight: Weight) -> Tensor {
        let shape: Shape = [weight.outputs, weight.inputs]
        guard case .nvfp4(let packed, let scales, let globalScale, _) = weight.format,
            let codes = packed.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let blocks = scales.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else { return Tensor(weight.floats(), shape: shape) }
        let (result, inputs) = (tensor(shape), weight.inputs)
        // Sendable: the weight's bytes are only read.
        nonisolated(unsafe) let (source, factors) = (codes, blocks)
        team.forEach(weight.outputs, grain: Self.rowGrain(columns: inputs)) { rows in
            let start = rows.lowerBound * inputs
            kernels.table.widen_nvfp4(
                result.pointer + start, source + start / 2, factors + start / NVFP4.blockSize, rows.count * inputs,
                globalScale)
        }
        return result
    }

    /// a [rows, n] transposed, times b [rows, m]: `[n, m]`.
    package func product(transposing a: Tensor, _ b: Tensor) -> Tensor {
        product(
            a.pointer, steps: (row: 1, depth: a.columns), rows: a.columns, depth: a.rows, b.pointer,
            format: Int32(MONOCLE_F32), columns: b.columns)
    }

    /// - Parameters:
    ///   - steps: elements from a row of `a` to the next, and from a place of its depth to the next.
    ///   - b: `[depth, columns]`, f32 or bf16.
    private func product(
        _ a: UnsafePointer<Float>, steps: (row: Int, depth: Int), rows: Int, depth: Int,
        _ b: UnsafeRawPointer, format: Int32, columns: Int
    ) -> Tensor {
        let result = tensor([rows, columns])
        if depth == 0 { result.pointer.initialize(repeating: 0, count: rows * columns) }
        let packed = tensor([(columns + 15) / 16 * 16, min(depth, Self.productDepth)])
        let size = format == Int32(MONOCLE_F32) ? 4 : 2
        let (height, width, rounds) = (Self.productRows, Self.productColumns, precision == .f32 ? Int32(0) : 1)
        let across = (columns + width - 1) / width
        // Sendable: operands are only read, and each member writes its own panels, then its own part of the result.
        nonisolated(unsafe) let (left, right) = (a, b)
        for first in stride(from: 0, to: depth, by: Self.productDepth) {
            let run = min(Self.productDepth, depth - first)
            team.forEach(run, grain: Self.rowGrain(columns: columns)) { range in
                let place = range.lowerBound
                kernels.table.pack_panels(
                    packed.pointer + place * 16, 16 * run, right + (first + place) * columns * size, format, columns,
                    range.count, columns, rounds)
            }
            team.forEach((rows + height - 1) / height * across) { pieces in
                let scratch = tensor([Self.productScratch])
                for piece in pieces {
                    let (row, column) = (piece / across * height, piece % across * width)
                    kernels.table.multiply_panels(
                        result.pointer + row * columns + column, columns, min(height, rows - row),
                        min(width, columns - column), left + row * steps.row + first * steps.depth, steps.row,
                        steps.depth, run, packed.pointer + column * run, 16 * run, rounds, first > 0 ? 1 : 0,
                        scratch.pointer)
                }
            }
        }
        return result
    }
}
