// Times what happens before the model: text to ids, pixels to tiles. One thread each.

package import Compute
package import Imaging
import Numerics
package import Tokenization

package enum InputBenchmark {
    /// Seconds in which `tokenizer` encodes `text`.
    package static func measure(
        _ tokenizer: Tokenizer, encoding text: String, _ repetition: Repetition
    ) -> Measurements {
        repetition.measure { _ = tokenizer.encode(text, controlTokens: false) }
    }

    /// Seconds in which a decoded image is resized and cut by `plan`.
    package static func measure(_ image: PixelImage, _ plan: TilePlan, _ repetition: Repetition) -> Measurements {
        repetition.measure { _ = Tiles(image, plan: plan) }
    }

    /// A decoded image of random pixels.
    package static func image(width: Int, height: Int) -> PixelImage {
        var random = SplitMix64(seed: 5)
        return PixelImage(width: width, height: height, pixels: random.bytes(3 * width * height))
    }
}
