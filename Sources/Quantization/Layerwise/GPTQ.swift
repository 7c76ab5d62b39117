// gptq: column after column is rounded, and what it loses is made up for by the columns that follow. Knows one matrix and
// the factor of its inputs, not where they come from.

import Checkpoint
import Compute
import Dispatch
import Numerics

/// Rounds one weight under given scales, so that the error of its output on the calibration inputs is small.
struct GPTQ {
    let factor: InputFactor
    let products: Products

    struct Result {
        var packed: [UInt8]
        var loss: WeightQuantizer.Loss
        /// Sum over calibration rows and outputs of the squared error of the output.
        var outputError: Double
    }

    /// Columns that are rounded one after the other before others are corrected, by vectors and by matrix products.
    private static let block = 128
    private static let outerBlock = 1024
    /// Rows that are corrected at once.
    private static let panel = 512

    /// - Parameters:
    ///   - weight: finite, dense `[outputs, inputs]`.
    ///   - blockScales: e4m3 `[outputs, inputs / 16]`; they stay as they are.
    func round(_ weight: TensorView, blockScales: [UInt8], globalScale: Float) throws(ComputeError) -> Result {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let corrected = Tensor.matrix(outputs, inputs)
        WeightRows(weight).forEachRun { run, _ in
            run.forEachRow { row, values in
                (corrected.pointer + row * inputs).update(from: values, count: inputs)
            }
        }
        var packed = [UInt8](repeating: 0, count: outputs * inputs / 2)
        var rows = [RowLoss](repeating: RowLoss(), count: outputs)
        for outer in stride(from: 0, to: inputs, by: Self.outerBlock) {
            let outerEnd = min(outer + Self.outerBlock, inputs)
            let errors = Tensor.matrix(outputs, outerEnd - outer)
            for start in stride(from: outer, to: outerEnd, by: Self.block) {
                let columns = start..<min(start + Self.block, outerEnd)
                if start > outer {
                    let change = try products.multiply(
                        errors.part(rows: 0..<outputs, columns: 0..<start - outer),
                        byTransposeOf: factor.matrix.transposed(rows: outer..<start, columns: columns))
                    Self.add(change, to: corrected, row: 0, column: start)
                }
                packed.withUnsafeMutableBufferPointer { packed in
                    rows.withUnsafeMutableBufferPointer { rows in
                        let block = Block(
                            weight: WeightRows(weight), factor: factor, scales: blockScales, globalScale: globalScale,
                            columns: columns, corrected: corrected, errors: errors, firstError: start - outer,
                            packed: packed, losses: rows)
                        DispatchQueue.concurrentPerform(iterations: (outputs + 15) / 16) { run in
                            for row in run * 16..<min(run * 16 + 16, outputs) { block.round(row: row) }
                        }
                    }
                }
            }
            guard outerEnd < inputs else { break }
            let rest = factor.matrix.transposed(rows: outer..<outerEnd, columns: outerEnd..<inputs)
            for start in stride(from: 0, to: outputs, by: Self.panel) {
                let range = start..<min(start + Self.panel, outputs)
                let change = try products.multiply(
                    errors.part(rows: range, columns: 0..<outerEnd - outer), byTransposeOf: rest)
                Self.add(change, to: corrected, row: start, column: outerEnd)
            }
        }
        var loss = WeightQuantizer.Loss()
        for row in rows { loss.add(row.loss) }
        // The sum of D (v - q)^2 is that of the damped H.
        let damped = rows.reduce(0) { $0 + $1.weighted } - factor.damping * loss.squaredError
        return Result(packed: packed, loss: loss, outputError: max(0, damped) * Double(factor.rows) / 2)
    }

    private static func add(_ change: Tensor, to target: Tensor, row: Int, column: Int) {
        for index in 0..<change.rows {
            let values = target.pointer + (row + index) * target.columns + column
            let source = change.pointer + index * change.columns
            for place in 0..<change.columns { values[place] += source[place] }
        }
        withExtendedLifetime((change, target)) {}
    }
}

/// What one row lost.
private struct RowLoss {
    var loss = WeightQuantizer.Loss()
    /// Sum of D (v - q)^2, v being the corrected weight.
    var weighted = 0.0
}

/// The columns that are rounded one after the other.
private struct Block: @unchecked Sendable {
    // Sendable: each row's memory is written by the one call that rounds it.
    let weight: WeightRows
    let factor: InputFactor
    let scales: [UInt8]
    let globalScale: Float
    let columns: Range<Int>
    let corrected: Tensor
    let errors: Tensor
    let firstError: Int
    let packed: UnsafeMutableBufferPointer<UInt8>
    let losses: UnsafeMutableBufferPointer<RowLoss>

    func round(row: Int) {
        let inputs = corrected.columns
        let matrix = factor.matrix.pointer
        let values = corrected.pointer + row * inputs
        let errors = self.errors.pointer + row * self.errors.columns + firstError
        var lost = losses[row]
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.count) { original in
            guard let original = original.baseAddress else { return }
            weight.widen(row: row, columns: columns, into: original)
            for block in stride(from: columns.lowerBound, to: columns.upperBound, by: NVFP4.blockSize) {
                let place = (row * inputs + block) / NVFP4.blockSize
                let step = E4M3(bits: scales[place]).float * globalScale
                var (error, energy) = (Float(0), Float(0))
                for column in block..<block + NVFP4.blockSize {
                    let value = values[column]
                    let code = E2M1(saturating: value / step)
                    let rounded = code.float * step
                    lost.weighted += factor.pivots[column] * Double(value - rounded) * Double(value - rounded)
                    let weight = original[column - columns.lowerBound]
                    let difference = weight - rounded
                    errors[column - columns.lowerBound] = difference
                    error += difference * difference
                    energy += weight * weight
                    let shift = UInt8(truncatingIfNeeded: (column & 1) * 4)
                    packed[(row * inputs + column) / 2] |= code.code << shift
                    let neighbours = matrix + column * inputs
                    for next in column + 1..<max(columns.upperBound, column + 1) {
                        values[next] += difference * neighbours[next]
                    }
                }
                lost.loss.squaredError += Double(error)
                lost.loss.energy += Double(energy)
                if step == 0, energy > 0 { lost.loss.lostBlocks += 1 }
                if energy > 0, error / energy > lost.loss.worst.relativeError {
                    lost.loss.worst = WeightQuantizer.WorstBlock(
                        row: row, block: block / NVFP4.blockSize, relativeError: error / energy)
                }
            }
        }
        losses[row] = lost
    }
}
