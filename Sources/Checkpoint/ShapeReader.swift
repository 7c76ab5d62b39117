// Finds the sizes of a model in its tensors, with the configuration for what tensors do not show.

import Numerics

/// Derives shapes from a store; names are those of ``Layout``.
struct ShapeReader {
    let store: TensorStore
    let configuration: ModelConfiguration
    let configurationFile: String

    private func extents(_ name: String, rank: Int) throws(CheckpointError) -> Shape {
        let shape = try store.tensor(name).shape
        guard shape.rank == rank, !shape.extents.contains(0) else {
            throw store.fault(name, found: "shape \(shape)", expected: "\(rank) extents above 0")
        }
        return shape
    }

    /// `language_model.` in a vision-language model, otherwise nothing.
    var languagePrefix: String {
        configuration.vision == nil ? "" : Layout.visionLanguagePrefix
    }

    func llama() throws(CheckpointError) -> LlamaShape {
        let language = configuration.language
        let embedding = try extents(languagePrefix + "model.embed_tokens.weight", rank: 2)
        guard embedding[1] == language.hiddenSize else {
            throw store.fault(
                languagePrefix + "model.embed_tokens.weight", found: "shape \(embedding)",
                expected: "[vocabulary, \(language.hiddenSize)], hidden_size of \(configurationFile)")
        }
        let head = languagePrefix + "lm_head.weight"
        if !language.tiesEmbeddings, store.has(head) {
            let rows = try extents(head, rank: 2)[0]
            guard rows == embedding[0] else {
                throw store.fault(
                    head, found: "\(rows) rows", expected: "\(embedding[0]), as many as the embedding has")
            }
        }
        return LlamaShape(
            hidden: language.hiddenSize, layers: language.layers, heads: language.heads,
            keyValueHeads: language.keyValueHeads, headDimension: language.headDimension,
            feedForward: language.feedForwardSize, vocabulary: embedding[0], tiesEmbeddings: language.tiesEmbeddings)
    }

    func vision(_ declared: VisionConfiguration) throws(CheckpointError) -> VisionShape {
        let prefix = Layout.visionPrefix
        let embedderName = prefix + "model.patch_generator.embedder.weight"
        let embedder = try extents(embedderName, rank: 2)
        let width = embedder[0]
        let patch = declared.patchSize
        guard embedder[1] == 3 * patch * patch else {
            throw store.fault(
                embedderName, found: "shape \(embedder)",
                expected:
                    "[width, \(3 * patch * patch)], 3 x \(patch) x \(patch) pixels a patch"
            )
        }
        let positionName = prefix + "model.patch_generator.pos_embed"
        let position = try extents(positionName, rank: 3)
        let grid = Int(Double(position[1]).squareRoot().rounded())
        guard position[0] == 1, position[2] == width,
            grid.multipliedReportingOverflow(by: grid).partialValue == position[1]
        else {
            throw store.fault(positionName, found: "shape \(position)", expected: "[1, a square number, \(width)]")
        }
        let prefixTokens = try extents(prefix + "model.patch_generator.cls_token.token", rank: 2)[0]
        let depth = try self.depth(prefix)
        let mlp = try extents(prefix + "model.blocks.0.mlp.fc1.weight", rank: 2)[0]
        return VisionShape(
            width: width, depth: depth, heads: try declared.heads(width: width, file: configurationFile), mlpWidth: mlp,
            prefixTokens: prefixTokens, positionGrid: grid, patch: declared.patchSize,
            hasFinalNorm: store.has(prefix + "model.norm.weight"),
            hasLayerScale: store.has(prefix + "model.blocks.0.ls1.gamma"),
            hasFeatureNormalizer: store.has(prefix + "feature_normalizer.tx"))
    }

    /// Blocks are counted by their names, so that a block in the middle that is missing is found by the layout's check.
    private func depth(_ prefix: String) throws(CheckpointError) -> Int {
        let stem = prefix + "model.blocks."
        var last = -1
        for name in store.names where name.hasPrefix(stem) {
            let index = name.dropFirst(stem.count).prefix { $0 != "." }
            if let number = Int(index), (0..<4096).contains(number) { last = max(last, number) }
        }
        guard last >= 0 else {
            throw store.fault(
                stem + "0.norm1.weight", found: "no such tensor", expected: "the blocks of the vision encoder")
        }
        return last + 1
    }

    func projector(_ vision: VisionShape, _ declared: VisionConfiguration, hidden: Int) throws(CheckpointError)
        -> ProjectorShape
    {
        let inputs = vision.width * declared.shuffleFactor * declared.shuffleFactor
        let middle = try extents("mlp1.1.weight", rank: 2)[0]
        return ProjectorShape(inputs: inputs, hidden: middle, outputs: hidden)
    }
}
