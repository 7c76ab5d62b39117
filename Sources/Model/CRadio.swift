// C-RADIO, the vision encoder: tiles in, patch features out. Knows nothing of text, prompts or the projector.
// Source: NVlabs/RADIO (vit_patch_generator, input_conditioner), timm's VisionTransformer block.

package import Checkpoint
package import Compute

/// A ViT over each tile by itself: no final norm unless the checkpoint has one, no LayerScale, exact GELU.
package struct CRadio: Sendable {
    package let shape: VisionShape
    /// Pixels along a tile's edge.
    package let tileSide: Int
    let embedder: Weight  // patch_generator.embedder            [width, 3 * patch^2], no bias
    package let positions: Tensor  // patch_generator.pos_embed   resampled to [patches, width]
    let prefix: Tensor  // patch_generator.cls_token.token     [prefixTokens, width]
    package let blocks: [CRadioBlock]  // blocks.{i}
    let norm: LayerNorm?  // norm                                absent in Nemotron Nano VL V1
    let featureNormalizer: Weight?  // (x - mean) . tx^T                   absent in Nemotron Nano VL V1

    /// CLIP's constants (OpenAI), which vLLM and RADIO apply in the model; the processor only divides by 255.
    static let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    static let std: [Float] = [0.26862954, 0.26130258, 0.27577711]
    static let epsilon: Float = 1e-6

    package init(
        _ scope: WeightScope, shape: VisionShape, tileSide: Int, alignCorners: Bool
    ) throws(CheckpointError) {
        guard !shape.hasLayerScale else {
            throw .tensor(
                "\(scope.path).model.blocks.0.ls1.gamma", file: scope.source.place,
                found: "LayerScale",
                expected: "none: C-RADIOv2-H has no LayerScale, and other encoders are not supported")
        }
        self.shape = shape
        self.tileSide = tileSide
        let model = scope / "model"
        let generator = model / "patch_generator"
        let width = shape.width
        embedder = try (generator / "embedder").linear(outputs: width, inputs: 3 * shape.patch * shape.patch)
        let grid = shape.positionGrid
        let table = try generator.table("pos_embed", [1, grid * grid, width])
        let side = tileSide / shape.patch
        let resampled = PositionTable(
            resampling: table.array(), grid: grid, width: width, to: side, alignCorners: alignCorners)
        positions = Tensor(resampled.values, shape: [side * side, width])
        prefix = try generator.table("cls_token.token", [shape.prefixTokens, width])
        var blocks: [CRadioBlock] = []
        for index in 0..<shape.depth { blocks.append(try CRadioBlock(model / "blocks.\(index)", shape: shape)) }
        self.blocks = blocks
        norm = model.has("norm.weight") ? try LayerNorm(model / "norm", width: width, epsilon: Self.epsilon) : nil
        featureNormalizer = try Self.featureNormalizer(scope / "feature_normalizer", width: width)
    }

    /// Patches along a tile's edge.
    package var side: Int { tileSide / shape.patch }

    /// - Parameter pixels: `[tiles, 3, tileSide, tileSide]` bytes.
    /// - Returns: `[tiles * (prefixTokens + side^2), width]`; each tile's prefix rows come first.
    package func features(
        _ pixels: [UInt8], tiles: Int, on backend: any Backend, trace: Trace? = nil
    ) throws(ComputeError) -> Tensor {
        let patches = try backend.patchify(
            pixels, tiles: tiles, side: tileSide, patch: shape.patch, mean: Self.mean, std: Self.std
        ).named("im2patches", trace)
        let embedded = try backend.linear(patches, [embedder])[0].named("patch_embed", trace)
        var x = try backend.assembleTokens(patches: embedded, positions: positions, prefix: prefix)
            .named("block_in", trace)
        for (index, block) in blocks.enumerated() {
            x = try backend.layer(x) { x, backend throws(ComputeError) in
                try block.run(x, tiles: tiles, on: backend, trace: trace, name: "block\(index)")
            }
        }
        if let norm { x = try norm.input(x).rows(on: backend) }
        if let featureNormalizer { x = try backend.linear(x, [featureNormalizer])[0] }
        return x.named("features", trace)
    }

    /// `(x - mean) . tx^T` as a linear layer: weight tx, bias `-tx . mean`.
    private static func featureNormalizer(_ scope: WeightScope, width: Int) throws(CheckpointError) -> Weight? {
        guard scope.has("tx") else { return nil }
        let tx = try scope.table("tx", [width, width]).array()
        let mean = try scope.vector("mean", count: width).array()
        let bias = (0..<width).map { row in
            Float(-mean.indices.reduce(0.0) { $0 + Double(tx[row * width + $1]) * Double(mean[$1]) })
        }
        return Weight(
            name: scope.path + ".tx", outputs: width, inputs: width,
            format: .dense(TensorView(copying: tx, dtype: .f32, shape: [width, width])),
            bias: Tensor(bias, shape: [width]))
    }
}

/// One pre-norm transformer block.
package struct CRadioBlock: Sendable {
    package let norm1: LayerNorm  // norm1.{weight,bias}
    let qkv: Weight  // attn.qkv    [3 * width, width]
    let proj: Weight  // attn.proj   [width, width]
    let norm2: LayerNorm  // norm2.{weight,bias}
    let fc1: Weight  // mlp.fc1     [mlpWidth, width]
    let fc2: Weight  // mlp.fc2     [width, mlpWidth]
    let heads: Int

    init(_ scope: WeightScope, shape: VisionShape) throws(CheckpointError) {
        let width = shape.width
        norm1 = try LayerNorm(scope / "norm1", width: width, epsilon: CRadio.epsilon)
        qkv = try (scope / "attn.qkv").linear(outputs: 3 * width, inputs: width, bias: true)
        proj = try (scope / "attn.proj").linear(outputs: width, inputs: width, bias: true)
        norm2 = try LayerNorm(scope / "norm2", width: width, epsilon: CRadio.epsilon)
        fc1 = try (scope / "mlp.fc1").linear(outputs: shape.mlpWidth, inputs: width, bias: true)
        fc2 = try (scope / "mlp.fc2").linear(outputs: width, inputs: shape.mlpWidth, bias: true)
        heads = shape.heads
    }

    func run(
        _ x: Tensor, tiles: Int, on backend: any Backend, trace: Trace?, name: String
    ) throws(ComputeError) -> Tensor {
        let normed = try norm1.input(x).named(name + ".norm1", trace, on: backend)
        let mixed = try backend.attention(
            qkv: try backend.linear(normed, [qkv])[0], heads: heads, segments: tiles)
        let attended = try backend.add(x, try backend.linear(mixed, [proj])[0].named(name + ".attn", trace))
        let inner = try backend.linear(norm2.input(attended), [fc1])[0]
        let out = try backend.linear(.gelu(inner), [fc2])[0]
        return try backend.add(attended, out).named(name + ".out", trace)
    }
}

/// Layer normalisation with its affine parameters.
package struct LayerNorm: Sendable {
    let weight: Tensor
    let bias: Tensor
    let epsilon: Float

    init(_ scope: WeightScope, width: Int, epsilon: Float) throws(CheckpointError) {
        weight = try scope.vector("weight", count: width)
        bias = try scope.vector("bias", count: width)
        self.epsilon = epsilon
    }

    package func input(_ x: Tensor) -> LinearInput { .layerNorm(x, weight: weight, bias: bias, epsilon: epsilon) }
}
