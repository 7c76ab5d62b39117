// Losses on logits, fused with their gradients. Knows nothing of tapes, tokens' meaning or models.

package import Compute
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
        _ logits: Tensor, targets: [Int32?], total: Int? = nil, on backend: any DifferentiableBackend
    ) throws(TrainingError) -> Loss {
        try check(logits, count: targets.count, what: "cross-entropy targets")
        let vocabulary = logits.columns
        for (row, target) in targets.enumerated() {
            if let target, !(0..<vocabulary).contains(Int(target)) {
                throw .target(target, row: row, vocabulary: vocabulary)
            }
        }
        return try mean(counted: targets.count { $0 != nil }, total: total) { scale throws(ComputeError) in
            try backend.crossEntropy(logits, targets: targets, scale: scale)
        }
    }

    /// Forward Kullback-Leibler divergence D(teacher || student) over the full vocabulary at temperature 1.
    /// - Parameters:
    ///   - teacher: logits `[rows, vocabulary]`, or log-probabilities.
    ///   - counted: rows that count; nil for all.
    package static func forwardKL(
        _ student: Tensor, teacher: Tensor, counted: [Bool]? = nil, total: Int? = nil,
        on backend: any DifferentiableBackend
    ) throws(TrainingError) -> Loss {
        let counted = try check(student, teacher, counted, what: "forward KL")
        return try mean(counted: counted.count { $0 }, total: total) { scale throws(ComputeError) in
            try backend.forwardKL(student, teacher: teacher, counted: counted, scale: scale)
        }
    }

    /// Mean over rows and vocabulary of (student - teacher)^2.
    package static func meanSquare(
        _ student: Tensor, teacher: Tensor, counted: [Bool]? = nil, total: Int? = nil,
        on backend: any DifferentiableBackend
    ) throws(TrainingError) -> Loss {
        let counted = try check(student, teacher, counted, what: "mean square")
        return try mean(counted: counted.count { $0 }, total: total) { scale throws(ComputeError) in
            try backend.meanSquare(student, teacher: teacher, counted: counted, scale: scale)
        }
    }

    private static func mean(
        counted: Int, total: Int?,
        _ body: (_ scale: Double) throws(ComputeError) -> (sum: Double, gradient: Tensor)
    ) throws(TrainingError) -> Loss {
        let scale = 1 / Double(max(total ?? counted, 1))
        let (sum, gradient) = try TrainingError.computing { () throws(ComputeError) in try body(scale) }
        return Loss(value: sum * scale, gradient: gradient, rows: counted)
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
