// Losses on logits and their gradients on the host, in double. Knows nothing of batches or models.

package import Compute
import Foundation
import Numerics

extension HostBackend {
    package func crossEntropy(
        _ logits: Tensor, targets: [Int32?], scale: Double
    ) -> (sum: Double, gradient: Tensor) {
        let vocabulary = logits.columns
        return sum(logits, counted: targets.map { $0 != nil }) { row, x, gradient in
            let target = targets[row].map { Int($0) } ?? 0
            let normalizer = logSumExp(x, vocabulary)
            for i in 0..<vocabulary { gradient[i] = Float(scale * exp(Double(x[i]) - normalizer)) }
            gradient[target] = Float(scale * (exp(Double(x[target]) - normalizer) - 1))
            return normalizer - Double(x[target])
        }
    }

    package func forwardKL(
        _ student: Tensor, teacher: Tensor, counted: [Bool], scale: Double
    ) -> (sum: Double, gradient: Tensor) {
        let vocabulary = student.columns
        return sum(student, counted: counted) { row, x, gradient in
            let reference = teacher.pointer + row * vocabulary
            let (own, other) = (logSumExp(x, vocabulary), logSumExp(reference, vocabulary))
            var divergence = 0.0
            for i in 0..<vocabulary {
                let (student, teacher) = (Double(x[i]) - own, Double(reference[i]) - other)
                let probability = exp(teacher)
                if probability > 0 { divergence += probability * (teacher - student) }
                gradient[i] = Float(scale * (exp(student) - probability))
            }
            return divergence
        }
    }

    package func meanSquare(
        _ student: Tensor, teacher: Tensor, counted: [Bool], scale: Double
    ) -> (sum: Double, gradient: Tensor) {
        let vocabulary = student.columns
        return sum(student, counted: counted) { row, x, gradient in
            let reference = teacher.pointer + row * vocabulary
            var square = 0.0
            for i in 0..<vocabulary {
                let difference = Double(x[i]) - Double(reference[i])
                square += difference * difference
                gradient[i] = Float(scale * 2 * difference / Double(vocabulary))
            }
            return square / Double(vocabulary)
        }
    }

    /// Adds up the rows that count, in their order; `body` returns a row's loss and writes its gradient.
    private func sum(
        _ logits: Tensor, counted: [Bool],
        _ body: @Sendable (_ row: Int, _ x: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) -> Double
    ) -> (sum: Double, gradient: Tensor) {
        let gradient = Tensor.zeros(logits.shape)
        let columns = logits.columns
        var losses = [Double](repeating: 0, count: counted.count)
        losses.withUnsafeMutableBufferPointer { losses in
            // Sendable: each row is written by one call.
            nonisolated(unsafe) let (losses, x, dx) = (losses, logits.pointer, gradient.pointer)
            forEach(counted.count) { row in
                guard counted[row] else { return }
                losses[row] = body(row, UnsafePointer(x + row * columns), dx + row * columns)
            }
        }
        return (losses.reduce(0, +), gradient)
    }
}

private func logSumExp(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var largest = x[0]
    for i in 1..<max(count, 1) { largest = max(largest, x[i]) }
    var total = 0.0
    for i in 0..<count { total += exp(Double(x[i]) - Double(largest)) }
    return Double(largest) + log(total)
}
