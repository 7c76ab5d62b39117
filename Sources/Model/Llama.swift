// The Llama-3.1 decoder: embeddings in, hidden states and logits out. Knows nothing of images, sampling or requests.
// Source: transformers' modeling_llama; rope in half-split form.

package import Checkpoint
package import Compute

/// The tokens of one run through the decoder: which rows, at which positions, of which sequences.
package struct Step: Sendable {
    /// Position of each row.
    package let positions: [Int32]
    package let spans: [SequenceSpan]

    package init(spans: [SequenceSpan]) {
        self.spans = spans
        positions = spans.flatMap { span in span.rows.indices.map { Int32(span.start + $0 - span.rows.lowerBound) } }
    }
}

package struct Llama: Sendable {
    package let shape: LlamaShape
    package let normEpsilon: Float
    let embedTokens: Weight  // model.embed_tokens   [vocab, hidden]
    let layers: [LlamaLayer]  // model.layers.{i}
    package let norm: Tensor  // model.norm           [hidden]
    let lmHead: Weight  // lm_head              [vocab, hidden]; embed_tokens when tied
    package let frequencies: RotaryFrequencies

    /// - Parameter scope: where `model.` and `lm_head.` stand: `language_model`, or the root of a text-only folder.
    package init(
        _ scope: WeightScope, shape: LlamaShape, configuration: LlamaConfiguration
    ) throws(CheckpointError) {
        self.shape = shape
        normEpsilon = Float(configuration.normEpsilon)
        let model = scope / "model"
        embedTokens = try (model / "embed_tokens").linear(outputs: shape.vocabulary, inputs: shape.hidden)
        var layers: [LlamaLayer] = []
        for index in 0..<shape.layers { layers.append(try LlamaLayer(model / "layers.\(index)", shape: shape)) }
        self.layers = layers
        norm = try model.vector("norm.weight", count: shape.hidden)
        lmHead =
            shape.tiesEmbeddings
            ? embedTokens : try (scope / "lm_head").linear(outputs: shape.vocabulary, inputs: shape.hidden)
        frequencies = RotaryFrequencies(
            headDim: shape.headDimension, theta: configuration.ropeTheta, scaling: configuration.ropeScaling)
    }

    /// - Returns: `[ids.count, hidden]`.
    package func embed(_ ids: [Int32], on backend: any Backend) throws(ComputeError) -> Tensor {
        try backend.embed(ids, table: embedTokens)
    }

    /// Runs all layers and the final norm over the rows of `step`, writing their keys and values to `pages`.
    /// - Parameter x: `[rows, hidden]` embeddings.
    /// - Returns: `[rows, hidden]`, normalised.
    package func hidden(
        _ x: Tensor, _ step: Step, pages: KVPages, on backend: any Backend, trace: Trace? = nil
    ) throws(ComputeError) -> Tensor {
        var x = x.named("hidden0", trace)
        for (index, layer) in layers.enumerated() {
            let run = LayerRun(
                index: index, step: step, pages: pages, shape: shape, normEpsilon: normEpsilon,
                frequencies: frequencies.values, trace: trace)
            x = try backend.layer(x) { x, backend throws(ComputeError) in try layer.run(x, run, on: backend) }
            if index + 1 < layers.count { x = x.named("hidden\(index + 1)", trace) }
        }
        return try backend.rmsNorm(x, weight: norm, epsilon: normEpsilon).named("hidden\(layers.count)", trace)
    }

    /// - Parameter hidden: `[rows, hidden]` from `hidden(_:_:pages:on:trace:)`.
    /// - Returns: `[rows, vocab]` logits.
    package func logits(_ hidden: Tensor, on backend: any Backend) throws(ComputeError) -> Tensor {
        try backend.linear(hidden, [lmHead])[0]
    }

    /// The `count` largest logits of each row, the same numbers as in `logits`, largest first, the earlier token first
    /// among equals: all that greedy decoding and top-k sampling need, for fewer bytes.
    package func largestLogits(
        _ hidden: Tensor, count: Int, on backend: any Backend
    ) throws(ComputeError) -> [[RankedOutput]] { try backend.largest(hidden, lmHead, count: count) }
}

/// What a layer needs to know of the run it is part of.
struct LayerRun {
    let index: Int
    let step: Step
    let pages: KVPages
    let shape: LlamaShape
    let normEpsilon: Float
    let frequencies: [Float]
    let trace: Trace?
}

package struct LlamaLayer: Sendable {
    package let inputNorm: Tensor  // input_layernorm.weight            [hidden]
    let query: Weight  // self_attn.q_proj                  [heads * headDim, hidden]
    let key: Weight  // self_attn.k_proj                  [kvHeads * headDim, hidden]
    let value: Weight  // self_attn.v_proj                  [kvHeads * headDim, hidden]
    let output: Weight  // self_attn.o_proj                  [hidden, heads * headDim]
    package let postNorm: Tensor  // post_attention_layernorm.weight   [hidden]
    let gate: Weight  // mlp.gate_proj                     [intermediate, hidden]
    let up: Weight  // mlp.up_proj                       [intermediate, hidden]
    let down: Weight  // mlp.down_proj                     [hidden, intermediate]

    init(_ scope: WeightScope, shape: LlamaShape) throws(CheckpointError) {
        let (hidden, inner) = (shape.hidden, shape.feedForward)
        let (queryWidth, kvWidth) = (shape.heads * shape.headDimension, shape.keyValueHeads * shape.headDimension)
        let (attention, mlp) = (scope / "self_attn", scope / "mlp")
        inputNorm = try scope.vector("input_layernorm.weight", count: hidden)
        query = try (attention / "q_proj").linear(outputs: queryWidth, inputs: hidden)
        key = try (attention / "k_proj").linear(outputs: kvWidth, inputs: hidden)
        value = try (attention / "v_proj").linear(outputs: kvWidth, inputs: hidden)
        output = try (attention / "o_proj").linear(outputs: hidden, inputs: queryWidth)
        postNorm = try scope.vector("post_attention_layernorm.weight", count: hidden)
        gate = try (mlp / "gate_proj").linear(outputs: inner, inputs: hidden)
        up = try (mlp / "up_proj").linear(outputs: inner, inputs: hidden)
        down = try (mlp / "down_proj").linear(outputs: hidden, inputs: inner)
    }

    func run(_ x: Tensor, _ run: LayerRun, on backend: any Backend) throws(ComputeError) -> Tensor {
        let attended = try backend.add(x, try attention(x, run, on: backend))
        return try backend.add(attended, try mlp(attended, run, on: backend))
    }

    private func attention(_ x: Tensor, _ run: LayerRun, on backend: any Backend) throws(ComputeError) -> Tensor {
        let shape = run.shape
        let name = "layer\(run.index)"
        let normed = try LinearInput.rmsNorm(x, weight: inputNorm, epsilon: run.normEpsilon)
            .named(name + ".input_layernorm", run.trace, on: backend)
        let qkv = try backend.linear(normed, [query, key, value])
        let rotated = try [qkv[0], qkv[1]].map { (x: Tensor) throws(ComputeError) in
            try backend.rope(
                x, headDim: shape.headDimension, positions: run.step.positions, frequencies: run.frequencies)
        }
        let mixed = try backend.cachedAttention(
            q: rotated[0], k: rotated[1], v: qkv[2].named(name + ".self_attn.v_proj", run.trace), heads: shape.heads,
            pages: run.pages, layer: run.index, spans: run.step.spans)
        return try backend.linear(mixed, [output])[0].named(name + ".self_attn", run.trace)
    }

    private func mlp(_ x: Tensor, _ run: LayerRun, on backend: any Backend) throws(ComputeError) -> Tensor {
        let normed = try LinearInput.rmsNorm(x, weight: postNorm, epsilon: run.normEpsilon)
            .named("layer\(run.index).post_attention_layernorm", run.trace, on: backend)
        let inner = try backend.linear(normed, [gate, up])
        return try backend.linear(.swiGLU(gate: inner[0], up: inner[1]), [down])[0].named(
            "layer\(run.index).mlp", run.trace)
    }
}
