import Compute
import Foundation
import Numerics
import Testing
import Training

struct OptimizerTests {
    private func parameters(_ values: [Float]) throws -> Parameters {
        let entry = Parameters.Entry(name: "w", shape: [values.count], isMatrix: true)
        return try Parameters(entries: [entry], values: [Tensor(values, shape: [values.count])])
    }

    private func gradient(step t: Int) -> Tensor {
        let size: Double = t % 2 == 1 ? 2 : 0.2
        let values = (0..<6).map { (i: Int) -> Float in
            let angle = Double(1 + 2 * t + 3 * i)
            return Float(sin(angle) * size)
        }
        return Tensor(values, shape: [6])
    }

    /// Six steps with decay, clipping (which takes effect in every other step) and a falling rate.
    @Test func matchesPyTorch() throws {
        var parameters = try parameters([0.5, -0.25, 1, -2, 0.125, 3])
        var settings = AdamW.Settings()
        settings.beta2 = 0.98
        settings.weightDecay = 0.1
        var optimizer = AdamW(settings, for: parameters)
        for (t, expected) in try Oracle.load().adamw.enumerated() {
            try optimizer.update(&parameters, [gradient(step: t)], rate: 1e-2 / Double(t + 1), on: ReferenceBackend())
            #expect(relativeError(parameters.values[0].array(), expected) < 3e-7, "step \(t)")
        }
    }

    @Test func firstStepByHand() throws {
        var parameters = try parameters([1, 1])
        var settings = AdamW.Settings()
        settings.clip = nil
        settings.epsilon = 0
        var optimizer = AdamW(settings, for: parameters)
        let norm = try optimizer.update(&parameters, [Tensor([3, -4], shape: [2])], rate: 0.25, on: ReferenceBackend())
        #expect(norm == 5)
        #expect(relativeError(parameters.values[0].array(), [0.75, 1.25]) < 1e-6, "one rate against the sign")
    }

    @Test func aParameterWithoutGradientStays() throws {
        var parameters = try parameters([1, 2])
        var optimizer = AdamW(.init(), for: parameters)
        try optimizer.update(&parameters, [nil], rate: 1, on: ReferenceBackend())
        #expect(parameters.values[0].array() == [1, 2] && optimizer.step == 1)
    }

    @Test func whatIsNotFiniteChangesNothing() throws {
        var parameters = try parameters([1, 2])
        var optimizer = AdamW(.init(), for: parameters)
        #expect(throws: TrainingError.notFinite(what: "the gradient of w")) {
            try optimizer.update(&parameters, [Tensor([.nan, 1], shape: [2])], rate: 1, on: ReferenceBackend())
        }
        #expect(throws: TrainingError.self) {
            try optimizer.update(&parameters, [Tensor([1], shape: [1])], rate: 1, on: ReferenceBackend())
        }
        #expect(parameters.values[0].array() == [1, 2] && optimizer.step == 0)
        #expect(optimizer.first[0].array() == [0, 0])
    }

    @Test func schedulesRiseAndFall() {
        let cosine = LearningRate(peak: 1, warmup: 4, steps: 12, decay: .cosine, floor: 0.2)
        #expect((0..<4).map { cosine($0) } == [0.25, 0.5, 0.75, 1])
        #expect(cosine(4) == 1 && abs(cosine(8) - 0.6) < 1e-12 && abs(cosine(12) - 0.2) < 1e-12)
        #expect(cosine(99) == cosine(12))
        let linear = LearningRate(peak: 2, steps: 4, decay: .linear)
        #expect((0..<5).map { linear($0) } == [2, 1.5, 1, 0.5, 0])
        #expect(LearningRate(peak: 3, warmup: 1, steps: 2, decay: .constant)(50) == 3)
    }
}
