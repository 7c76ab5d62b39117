// The sizes a synthetic checkpoint can have. Numbers only.

/// A model size by name.
package enum SyntheticShape: String, Sendable, CaseIterable {
    /// Small enough to run anywhere within a second.
    case tiny
    /// Small enough to be trained on a desk: 6.5 M parameters, patches of 8 in tiles of 128.
    case mini
    /// The decoder of Llama-3.2-1B under a ViT-B.
    case billion = "1b"
    /// Every shape of Llama-3.1-Nemotron-Nano-VL-8B-V1.
    case eightBillion = "8b"

    package var language: LlamaShape {
        switch self {
        case .tiny:
            LlamaShape(
                hidden: 128, layers: 2, heads: 4, keyValueHeads: 2, headDimension: 32, feedForward: 256,
                vocabulary: 512, tiesEmbeddings: false)
        case .mini:
            LlamaShape(
                hidden: 256, layers: 4, heads: 4, keyValueHeads: 2, headDimension: 64, feedForward: 704,
                vocabulary: 512, tiesEmbeddings: false)
        case .billion:
            LlamaShape(
                hidden: 2048, layers: 16, heads: 32, keyValueHeads: 8, headDimension: 64, feedForward: 8192,
                vocabulary: 128_512, tiesEmbeddings: true)
        case .eightBillion:
            LlamaShape(
                hidden: 4096, layers: 32, heads: 32, keyValueHeads: 8, headDimension: 128, feedForward: 14_336,
                vocabulary: 128_512, tiesEmbeddings: false)
        }
    }

    package var vision: VisionShape {
        switch self {
        case .tiny:
            VisionShape(width: 64, depth: 2, heads: 4, mlpWidth: 256, prefixTokens: 8, positionGrid: 16, patch: 16)
        case .mini:
            VisionShape(width: 192, depth: 6, heads: 3, mlpWidth: 768, prefixTokens: 8, positionGrid: 16, patch: 8)
        case .billion:
            VisionShape(width: 768, depth: 12, heads: 12, mlpWidth: 3072, prefixTokens: 8, positionGrid: 128, patch: 16)
        case .eightBillion:
            VisionShape(
                width: 1280, depth: 32, heads: 16, mlpWidth: 5120, prefixTokens: 8, positionGrid: 128, patch: 16)
        }
    }

    package var projector: ProjectorShape {
        let inputs = vision.width * 4
        return switch self {
        case .tiny: ProjectorShape(inputs: inputs, hidden: 160, outputs: language.hidden)
        case .mini: ProjectorShape(inputs: inputs, hidden: 384, outputs: language.hidden)
        case .billion, .eightBillion: ProjectorShape(inputs: inputs, hidden: language.hidden, outputs: language.hidden)
        }
    }

    /// Side of a tile in pixels.
    package var tileSize: Int {
        switch self {
        case .tiny: 64
        case .mini: 128
        case .billion, .eightBillion: 512
        }
    }

    var maxPositions: Int { self == .mini ? 16_384 : 131_072 }

    var rope: (factor: Double, originalContext: Int) { self == .billion ? (32, 8192) : (8, 8192) }

    /// Tokens of the byte-level vocabulary, and Llama's special tokens after it.
    var tokens: (base: Int, special: Int) {
        switch self {
        case .tiny: (447, 24)
        case .mini: (479, 24)
        case .billion, .eightBillion: (128_000, 256)
        }
    }

    var layout: Layout {
        Layout(language: language, languagePrefix: Layout.visionLanguagePrefix, vision: vision, projector: projector)
    }
}

/// How a synthetic checkpoint stores the decoder's linear layers.
package enum SyntheticFormat: String, Sendable, CaseIterable {
    case bf16, nvfp4, fp8
}
