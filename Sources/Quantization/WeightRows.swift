// The rows of a weight matrix as float32, run by run on all cores. Knows nothing of quantisation.

import Checkpoint
import Dispatch
import Numerics

/// Hands out the rows of a bf16, f16 or f32 matrix, widened exactly.
struct WeightRows: @unchecked Sendable {
    // Sendable: a view of bytes that nobody writes.
    private let weight: TensorView
    private let outputs: Int
    private let inputs: Int
    private let rowsOfRun: Int

    /// Weights one call takes at a time.
    private static let grain = 1 << 17

    /// - Precondition: a matrix of bf16, f16 or f32.
    init(_ weight: TensorView) {
        precondition([.bf16, .f16, .f32].contains(weight.dtype) && weight.shape.rank == 2, "a dense matrix")
        self.weight = weight
        outputs = weight.shape[0]
        inputs = weight.shape[1]
        rowsOfRun = max(1, Self.grain / max(1, inputs))
    }

    var runs: Int { (outputs + rowsOfRun - 1) / rowsOfRun }

    /// Calls `body` with every run of rows and its index, on all cores, in no order.
    func forEachRun(_ body: @Sendable (Run, Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: runs) { index in
            body(Run(rows: self, range: index * rowsOfRun..<min(outputs, (index + 1) * rowsOfRun)), index)
        }
    }

    /// Widens some columns of a row.
    @inline(__always) func widen(row: Int, columns: Range<Int>, into values: UnsafeMutablePointer<Float>) {
        let first = row * inputs + columns.lowerBound
        let bytes = weight.bytes
        switch weight.dtype {
        case .bf16:
            let stored = UnsafeRawBufferPointer(rebasing: bytes[first * 2..<(first + columns.count) * 2])
            for column in 0..<columns.count {
                let bits = stored.loadUnaligned(fromByteOffset: column * 2, as: UInt16.self)
                values[column] = Float(bitPattern: UInt32(bits) << 16)
            }
        case .f16:
            for column in 0..<columns.count {
                let bits = bytes.loadUnaligned(fromByteOffset: (first + column) * 2, as: UInt16.self)
                values[column] = Float(Float16(bitPattern: bits))
            }
        default:
            for column in 0..<columns.count {
                values[column] = bytes.loadUnaligned(fromByteOffset: (first + column) * 4, as: Float.self)
            }
        }
    }

    struct Run {
        fileprivate let rows: WeightRows
        fileprivate let range: Range<Int>

        /// Calls `body` with each row's index and its values, which are valid during the call.
        @inline(__always) func forEachRow(_ body: (Int, UnsafePointer<Float>) -> Void) {
            let inputs = rows.inputs
            withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, inputs)) { row in
                guard let values = row.baseAddress else { return }
                for index in range {
                    rows.widen(row: index, columns: 0..<inputs, into: values)
                    body(index, UnsafePointer(values))
                }
            }
        }
    }
}

extension WeightRows {
    /// The largest magnitude, or the place of the first value that is not finite.
    func largestMagnitude() -> Result<Float, NotFinite> {
        var found = [(largest: Float, fault: NotFinite?)](repeating: (0, nil), count: runs)
        found.withUnsafeMutableBufferPointer { found in
            // Each run writes its own element.
            nonisolated(unsafe) let found = found
            let inputs = self.inputs
            forEachRun { run, index in
                var largest: UInt32 = 0
                run.forEachRow { row, values in
                    var bits: UInt32 = 0
                    for column in 0..<inputs { bits = max(bits, values[column].bitPattern & 0x7FFF_FFFF) }
                    // The patterns of infinities and NaN are above those of all finite magnitudes.
                    if bits >= Float.infinity.bitPattern, found[index].fault == nil {
                        let column = (0..<inputs).first { !values[$0].isFinite } ?? 0
                        found[index].fault = NotFinite(row: row, column: column, value: values[column])
                    }
                    largest = max(largest, bits)
                }
                found[index].largest = Float(bitPattern: largest)
            }
        }
        if let fault = found.lazy.compactMap(\.fault).first { return .failure(fault) }
        return .success(found.reduce(0) { max($0, $1.largest) })
    }

    struct NotFinite: Error {
        let row: Int
        let column: Int
        let value: Float
    }
}
