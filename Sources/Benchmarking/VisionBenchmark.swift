// Times tiles on their way through encoder and projector. Knows nothing of images.

package import Compute
package import Model
import Numerics

package struct VisionBenchmark: Sendable {
    package let model: NemotronNanoVL
    package let backend: any Backend

    package init(model: NemotronNanoVL, backend: any Backend) {
        self.model = model
        self.backend = backend
    }

    /// Seconds in which `tiles` tiles of random pixels become embeddings, one after the other, as the engine takes them: one
    /// has rows enough for every weight that is read, and its activations stay in the caches.
    /// - Throws: `ComputeError.unsupported` for a text-only model.
    package func measure(tiles: Int, _ repetition: Repetition) throws(ComputeError) -> Measurements {
        let side = model.vision?.encoder.tileSide ?? 0
        var random = SplitMix64(seed: 4)
        let pixels = random.bytes(3 * side * side)
        // Touches every weight.
        _ = try model.embed(tiles: 1, pixels: pixels, on: backend)
        return try repetition.measure { () throws(ComputeError) in
            for _ in 0..<tiles { _ = try model.embed(tiles: 1, pixels: pixels, on: backend) }
        }
    }
}
