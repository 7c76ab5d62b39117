// Which tensors a model of given sizes consists of, by their checkpoint keys. The one place these names are listed;
// knows nothing of files or of stored formats.

package import Numerics

/// The published layout of a checkpoint.
package struct Layout: Sendable {
    package enum Part: String, Sendable, CaseIterable, Encodable {
        case vision, projector, embeddings, decoder, norms, head
    }

    package enum Kind: Sendable, Hashable {
        /// A weight matrix `path.weight`, `[outputs, inputs]`, with `path.bias` `[outputs]` if `bias`. Only matrices
        /// that are `quantizable` may be stored in fewer bits.
        case linear(outputs: Int, inputs: Int, bias: Bool, quantizable: Bool)
        /// A dense floating-point tensor called exactly `path`.
        case dense(Shape)
    }

    package struct Entry: Sendable, Hashable {
        package let path: String
        package let part: Part
        package let kind: Kind
        /// Roughly how large its values are in a fresh model, for synthetic checkpoints.
        package let initial: Initial
    }

    /// How a fresh model fills a tensor.
    package enum Initial: Sendable, Hashable {
        /// Around one.
        case gain
        /// Around zero.
        case offset
        /// Products keep the size of their input: deviation 1/sqrt(inputs).
        case projection
        /// Unit deviation times this.
        case deviation(Float)
    }

    /// What precedes every language name: `language_model.` or nothing.
    package let languagePrefix: String
    package let entries: [Entry]

    /// What precedes every vision name.
    package static let visionPrefix = "vision_model.radio_model."
    package static let visionLanguagePrefix = "language_model."

    package init(
        language: LlamaShape, languagePrefix: String, vision: VisionShape? = nil, projector: ProjectorShape? = nil
    ) {
        self.languagePrefix = languagePrefix
        var entries = Self.decoder(language, languagePrefix)
        if let vision { entries += Self.encoder(vision, Self.visionPrefix) }
        if let projector { entries += Self.projector(projector) }
        self.entries = entries
    }

    private static func decoder(_ shape: LlamaShape, _ prefix: String) -> [Entry] {
        func norm(_ path: String) -> Entry {
            Entry(path: prefix + path, part: .norms, kind: .dense([shape.hidden]), initial: .gain)
        }
        func linear(_ path: String, _ outputs: Int, _ inputs: Int) -> Entry {
            Entry(
                path: prefix + path, part: .decoder,
                kind: .linear(outputs: outputs, inputs: inputs, bias: false, quantizable: true), initial: .projection)
        }
        let queries = shape.heads * shape.headDimension
        let keys = shape.keyValueHeads * shape.headDimension
        var entries = [
            Entry(
                path: prefix + "model.embed_tokens", part: .embeddings,
                kind: .linear(outputs: shape.vocabulary, inputs: shape.hidden, bias: false, quantizable: false),
                initial: .deviation(1))
        ]
        for layer in 0..<shape.layers {
            let block = "model.layers.\(layer)."
            entries += [
                norm(block + "input_layernorm.weight"),
                linear(block + "self_attn.q_proj", queries, shape.hidden),
                linear(block + "self_attn.k_proj", keys, shape.hidden),
                linear(block + "self_attn.v_proj", keys, shape.hidden),
                linear(block + "self_attn.o_proj", shape.hidden, queries),
                norm(block + "post_attention_layernorm.weight"),
                linear(block + "mlp.gate_proj", shape.feedForward, shape.hidden),
                linear(block + "mlp.up_proj", shape.feedForward, shape.hidden),
                linear(block + "mlp.down_proj", shape.hidden, shape.feedForward),
            ]
        }
        entries.append(norm("model.norm.weight"))
        if !shape.tiesEmbeddings {
            entries.append(
                Entry(
                    path: prefix + "lm_head", part: .head,
                    kind: .linear(outputs: shape.vocabulary, inputs: shape.hidden, bias: false, quantizable: true),
                    initial: .projection))
        }
        return entries
    }

    private static func encoder(_ shape: VisionShape, _ prefix: String) -> [Entry] {
        let width = shape.width
        func dense(_ path: String, _ extents: Shape, _ initial: Initial) -> Entry {
            Entry(path: prefix + path, part: .vision, kind: .dense(extents), initial: initial)
        }
        func norm(_ path: String) -> [Entry] {
            [dense(path + ".weight", [width], .gain), dense(path + ".bias", [width], .offset)]
        }
        func linear(_ path: String, _ outputs: Int, _ inputs: Int, bias: Bool = true) -> Entry {
            Entry(
                path: prefix + path, part: .vision,
                kind: .linear(outputs: outputs, inputs: inputs, bias: bias, quantizable: false), initial: .projection)
        }
        var entries = [
            linear("model.patch_generator.embedder", width, 3 * shape.patch * shape.patch, bias: false),
            dense(
                "model.patch_generator.pos_embed", [1, shape.positionGrid * shape.positionGrid, width],
                .deviation(0.3)),
            dense("model.patch_generator.cls_token.token", [shape.prefixTokens, width], .deviation(0.3)),
        ]
        for index in 0..<shape.depth {
            let block = "model.blocks.\(index)."
            entries += norm(block + "norm1")
            entries += [linear(block + "attn.qkv", 3 * width, width), linear(block + "attn.proj", width, width)]
            if shape.hasLayerScale { entries.append(dense(block + "ls1.gamma", [width], .gain)) }
            entries += norm(block + "norm2")
            entries += [
                linear(block + "mlp.fc1", shape.mlpWidth, width), linear(block + "mlp.fc2", width, shape.mlpWidth),
            ]
            if shape.hasLayerScale { entries.append(dense(block + "ls2.gamma", [width], .gain)) }
        }
        if shape.hasFinalNorm { entries += norm("model.norm") }
        if shape.hasFeatureNormalizer {
            entries += [
                dense("feature_normalizer.mean", [width], .offset),
                dense("feature_normalizer.tx", [width, width], .projection),
            ]
        }
        return entries
    }

    private static func projector(_ shape: ProjectorShape) -> [Entry] {
        func linear(_ path: String, _ outputs: Int, _ inputs: Int) -> Entry {
            Entry(
                path: path, part: .projector,
                kind: .linear(outputs: outputs, inputs: inputs, bias: true, quantizable: false), initial: .projection)
        }
        return [
            Entry(path: "mlp1.0.weight", part: .projector, kind: .dense([shape.inputs]), initial: .gain),
            Entry(path: "mlp1.0.bias", part: .projector, kind: .dense([shape.inputs]), initial: .offset),
            linear("mlp1.1", shape.hidden, shape.inputs),
            linear("mlp1.3", shape.outputs, shape.hidden),
        ]
    }
}
