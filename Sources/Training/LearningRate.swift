// The learning rate over the steps of a run. Pure.

import Foundation

/// Linear warm-up to a peak, then a decay to the end of the run.
package struct LearningRate: Sendable, Hashable, Codable {
    package enum Decay: String, Sendable, Hashable, Codable, CaseIterable {
        case constant, linear, cosine
    }

    package var peak: Double
    /// Steps until the peak; the first step already moves.
    package var warmup: Int
    /// Steps of the run; the rate stays at `floor` after it.
    package var steps: Int
    package var decay: Decay
    /// What linear and cosine decay to.
    package var floor: Double

    package init(peak: Double, warmup: Int = 0, steps: Int, decay: Decay, floor: Double = 0) {
        self.peak = peak
        self.warmup = warmup
        self.steps = steps
        self.decay = decay
        self.floor = floor
    }

    /// - Parameter step: updates made before this one.
    package func callAsFunction(_ step: Int) -> Double {
        if step < warmup { return peak * Double(step + 1) / Double(warmup) }
        let progress = min(1, Double(step - warmup) / Double(max(steps - warmup, 1)))
        return switch decay {
        case .constant: peak
        case .linear: floor + (peak - floor) * (1 - progress)
        case .cosine: floor + (peak - floor) * (1 + cos(.pi * progress)) / 2
        }
    }
}
