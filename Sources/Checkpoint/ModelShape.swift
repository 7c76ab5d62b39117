// The sizes of the three parts of a model. Knows numbers only: no names, no tensors.

/// Sizes of a Llama decoder.
package struct LlamaShape: Sendable, Hashable, Encodable {
    package var hidden: Int
    package var layers: Int
    package var heads: Int
    package var keyValueHeads: Int
    package var headDimension: Int
    package var feedForward: Int
    /// Rows of the embedding, padding included.
    package var vocabulary: Int
    package var tiesEmbeddings: Bool

    package init(
        hidden: Int, layers: Int, heads: Int, keyValueHeads: Int, headDimension: Int, feedForward: Int,
        vocabulary: Int, tiesEmbeddings: Bool
    ) {
        self.hidden = hidden
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.feedForward = feedForward
        self.vocabulary = vocabulary
        self.tiesEmbeddings = tiesEmbeddings
    }
}

/// Sizes of a C-RADIO vision encoder.
package struct VisionShape: Sendable, Hashable, Encodable {
    package var width: Int
    package var depth: Int
    package var heads: Int
    package var mlpWidth: Int
    /// Class and register tokens in front of the patches.
    package var prefixTokens: Int
    /// Side of the square position table, in patches.
    package var positionGrid: Int
    /// Side of a patch in pixels.
    package var patch: Int
    /// `model.norm` follows the last block.
    package var hasFinalNorm: Bool
    /// `ls1.gamma` and `ls2.gamma` scale the branches of every block.
    package var hasLayerScale: Bool
    /// `feature_normalizer` whitens the features: (x - mean) * tx^T.
    package var hasFeatureNormalizer: Bool

    package init(
        width: Int, depth: Int, heads: Int, mlpWidth: Int, prefixTokens: Int, positionGrid: Int, patch: Int,
        hasFinalNorm: Bool = false, hasLayerScale: Bool = false, hasFeatureNormalizer: Bool = false
    ) {
        self.width = width
        self.depth = depth
        self.heads = heads
        self.mlpWidth = mlpWidth
        self.prefixTokens = prefixTokens
        self.positionGrid = positionGrid
        self.patch = patch
        self.hasFinalNorm = hasFinalNorm
        self.hasLayerScale = hasLayerScale
        self.hasFeatureNormalizer = hasFeatureNormalizer
    }
}

/// Sizes of `mlp1`: LayerNorm(inputs), Linear(inputs, hidden), GELU, Linear(hidden, outputs).
package struct ProjectorShape: Sendable, Hashable, Encodable {
    package var inputs: Int
    package var hidden: Int
    package var outputs: Int

    package init(
        inputs: Int, hidden: Int, outputs: Int
    ) {
        self.inputs = inputs
        self.hidden = hidden
        self.outputs = outputs
    }
}
