import Compute
import Foundation
import Numerics
import Testing
import Training

struct LossTests {
    private func tensor(_ shape: Shape, _ seed: UInt64) -> Tensor {
        var numbers = Numbers(seed)
        return numbers.tensor(shape, in: -4...4)
    }

    @Test func crossEntropyOfEqualLogitsIsTheLogarithmOfTheVocabulary() throws {
        let loss = try Loss.crossEntropy(Tensor([7, 7, 7, 7], shape: [1, 4]), targets: [2], on: ReferenceBackend())
        #expect(abs(loss.value - log(4)) < 1e-12)
        #expect(loss.gradient.array() == [0.25, 0.25, -0.75, 0.25])
    }

    @Test func largeLogitsDoNotOverflow() throws {
        let loss = try Loss.crossEntropy(Tensor([3e4, 0, -3e4], shape: [1, 3]), targets: [1], on: ReferenceBackend())
        #expect(loss.value == 3e4)
        #expect(loss.gradient.array() == [1, -1, 0])
    }

    @Test func divergenceFromItselfIsZero() throws {
        let logits = tensor([3, 9], 1)
        let loss = try Loss.forwardKL(logits, teacher: logits, on: ReferenceBackend())
        #expect(loss.value == 0 && loss.gradient.values.allSatisfy { $0 == 0 })
        // Logits and log-probabilities are the same teacher.
        let shifted = Tensor(logits.array().map { $0 + 8 }, shape: logits.shape)
        #expect(abs(try Loss.forwardKL(logits, teacher: shifted, on: ReferenceBackend()).value) < 1e-6)
    }

    /// p = (3/4, 1/4), q = (1/2, 1/2): 3/4 log 3/2 + 1/4 log 1/2.
    @Test func divergenceByHand() throws {
        let teacher = Tensor([Float(log(3.0)), 0], shape: [1, 2])
        let loss = try Loss.forwardKL(Tensor([0, 0], shape: [1, 2]), teacher: teacher, on: ReferenceBackend())
        #expect(abs(loss.value - (0.75 * log(1.5) + 0.25 * log(0.5))) < 1e-7)
        #expect(relativeError(loss.gradient.array(), [-0.25, 0.25]) < 1e-6)
    }

    @Test(arguments: ["cross-entropy", "forward KL", "mean square"])
    func gradientsMatchCentralDifferences(name: String) throws {
        let (logits, teacher) = (tensor([3, 7], 2), tensor([3, 7], 3))
        func loss(_ x: Tensor) throws -> Loss {
            switch name {
            case "cross-entropy": try Loss.crossEntropy(x, targets: [4, nil, 0], on: ReferenceBackend())
            case "forward KL":
                try Loss.forwardKL(x, teacher: teacher, counted: [true, false, true], on: ReferenceBackend())
            default: try Loss.meanSquare(x, teacher: teacher, counted: [true, false, true], on: ReferenceBackend())
            }
        }
        let gradient = try loss(logits).gradient.array()
        for place in 0..<21 {
            var (above, below) = (logits.array(), logits.array())
            above[place] += 0x1p-8
            below[place] -= 0x1p-8
            let difference =
                try (loss(Tensor(above, shape: [3, 7])).value - loss(Tensor(below, shape: [3, 7])).value) / 0x1p-7
            #expect(abs(difference - Double(gradient[place])) < 1e-5)
        }
        #expect(gradient[7..<14].allSatisfy { $0 == 0 }, "a row that does not count")
    }

    /// Two halves divided by the rows of the whole add up to the whole.
    @Test func partsOfABatchAddUp() throws {
        let logits = tensor([4, 5], 4)
        let whole = try Loss.crossEntropy(logits, targets: [0, 1, 2, 3], on: ReferenceBackend())
        let parts = try [0, 2].map { first in
            let rows = Tensor(Array(logits.array()[first * 5..<(first + 2) * 5]), shape: [2, 5])
            return try Loss.crossEntropy(
                rows, targets: [Int32(first), Int32(first + 1)], total: 4, on: ReferenceBackend())
        }
        #expect(abs(parts[0].value + parts[1].value - whole.value) < 1e-12)
        #expect(parts.flatMap { $0.gradient.array() } == whole.gradient.array())
    }

    @Test func whatDoesNotFitIsRefused() {
        let logits = tensor([2, 3], 5)
        #expect(throws: TrainingError.target(3, row: 1, vocabulary: 3)) {
            try Loss.crossEntropy(logits, targets: [nil, 3], on: ReferenceBackend())
        }
        #expect(throws: TrainingError.self) { try Loss.crossEntropy(logits, targets: [0], on: ReferenceBackend()) }
        #expect(throws: TrainingError.self) {
            try Loss.forwardKL(logits, teacher: tensor([3, 2], 5), on: ReferenceBackend())
        }
        #expect(throws: TrainingError.self) {
            try Loss.meanSquare(logits, teacher: logits, counted: [true], on: ReferenceBackend())
        }
    }
}
