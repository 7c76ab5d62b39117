// Losses on logits, fused with their gradients. Knows nothing of tapes, tokens' meaning or models.

package import Compute
import Foundation
import Numerics

/// The value of a loss and its gradient with respect to the logits it was computed from.
package struct Loss: Sendable {
    /// Mean over the counted rows; nats for cross-entropy and KL.
    package let value: Double
    /// `[rows, vocabulary]`; zero in rows that do not count.
    package let gradient: Tensor
    /// Rows that count.
    package let rows: Int

    /// Softmax cross-entropy with one target for each row of logits.
    /// - Parameters:
    ///   - targets: token ids; nil for a row that does not count.
    ///   - total: what the sum is divided by, when the rows are part of a larger batch; nil for the rows that count.
    package static func crossEntropy(
        _ logits: Tensor, targets: [Int32?], total: Int? = nil
    ) throws(TrainingError) -> Loss {
        try check(logits, count: targets.count, what: "cross-entropy targets")
        let vocabulary = logits.columns
        for (row, target) in targets.enumerated() {
            if let target, !(0..<vocabulary).contains(Int(target)) {
                throw .target(target, row: row, vocabulary: vocabulary)
            }
        }
        return sum(logits, counted: targets.map { $0 != nil }, total: total) { row, x, scale, gradient in
            let target = targets[row].map { Int($0) } ?? 0
            let normalizer = logSumExp(x, vocabulary)
            for i in 0..<vocabulary { gradient[i] = Float(scale * exp(Double(x[i]) - normalizer)) }
            gradient[target] = Float(scale * (exp(Double(x[target]) - normalizer) - 1))
            return normalizer - Double(x[target])
        }
    }

    /// Forward Kullback-Leibler divergence D(teacher || student) over the full vocabulary at temperature 1.
    /// - Parameters:
    ///   - teacher: logits `[rows, vocabulary]`, or log-probabilities.
    ///   - counted: rows that count; nil for all.
    package static func forwardKL(
        _ student: Tensor, teacher: Tensor, counted: [Bool]? = nil, total: Int? = nil
    ) throws(TrainingError) -> Loss {
        let counted = try check(student, teacher, counted, what: "forward KL")
        let vocabulary = student.columns
        return sum(student, counted: counted, total: total) { row, x, scale, gradient in
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

    /// Mean over rows and vocabulary of (student - teacher)^2.
    package static func meanSquare(
        _ student: Tensor, teacher: Tensor, counted: [Bool]? = nil, total: Int? = nil
    ) throws(TrainingError) -> Loss {
        let counted = try check(student, teacher, counted, what: "mean square")
        let vocabulary = student.columns
        return sum(student, counted: counted, total: total) { row, x, scale, gradient in
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

    /// Adds up the rows that count; `body` returns a row's loss and writes `scale` times its gradient.
    private static func sum(
        _ logits: Tensor, counted: [Bool], total: Int?,
        _ body: (
            _ row: Int, _ x: UnsafePointer<Float>, _ scale: Double, _ gradient: UnsafeMutablePointer<Float>
        ) -> Double
    ) -> Loss {
        let rows = counted.count { $0 }
        let scale = 1 / Double(max(total ?? rows, 1))
        let gradient = Tensor.zeros(logits.shape)
        var value = 0.0
        for row in counted.indices where counted[row] {
            let offset = row * logits.columns
            value += body(row, UnsafePointer(logits.pointer + offset), scale, gradient.pointer + offset)
        }
        return Loss(value: value * scale, gradient: gradient, rows: rows)
    }

    private static func logSumExp(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
        var largest = x[0]
        for i in 1..<max(count, 1) { largest = max(largest, x[i]) }
        var total = 0.0
        for i in 0..<count { total += exp(Double(x[i]) - Double(largest)) }
        return Double(largest) + log(total)
    }

    private static func check(_ logits: Tensor, count: Int, what: String) throws(TrainingError) {
        guard logits.shape.rank == 2, logits.columns > 0, logits.rows == count else {
            throw .shape(what: what, found: [count], expected: "one for each row of the logits \(logits.shape)")
        }
    }

    private static func check(
        _ student: Tensor, _ teacher: Tensor, _ counted: [Bool]?, what: String
    ) throws(TrainingError) -> [Bool] {
        guard student.shape == teacher.shape else {
            throw .shape(what: what + ", teacher", found: teacher.shape, expected: "\(student.shape) as the student")
        }
        let rows = student.shape.rank == 2 ? student.rows : 0
        let counted = counted ?? Array(repeating: true, count: rows)
        try check(student, count: counted.count, what: what + " mask")
        return counted
    }
}
