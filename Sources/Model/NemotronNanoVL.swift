// The whole model: encoder, projector, decoder, joined. Knows nothing of prompts, sampling or requests.

package import Checkpoint
package import Compute
package import Numerics

/// Llama Nemotron Nano VL, or a text-only Llama in the same formats (then `vision` is nil).
package struct NemotronNanoVL: Sendable {
    package struct Vision: Sendable {
        package let encoder: CRadio  // vision_model.radio_model
        package let projector: PixelShuffleProjector  // mlp1

        /// Embedding rows a tile becomes: (side / 2)^2.
        package var tokensPerTile: Int { (encoder.side / 2) * (encoder.side / 2) }
    }

    package let vision: Vision?
    package let language: Llama  // language_model
    private let keyValueScales: [(key: Float, value: Float)]  // one for each layer

    /// Maps the weights of a checked folder; no weight is copied.
    /// - Parameters:
    ///   - weights: where the tensors come from when not from the folder itself.
    ///   - alignCorners: how the position table is resampled; see `PositionTable`.
    package init(
        _ folder: CheckpointFolder, weights: (any WeightSource)? = nil, alignCorners: Bool = true
    ) throws(CheckpointError) {
        let root = WeightScope(weights ?? folder)
        if let shape = folder.vision, let projector = folder.projector, let declared = folder.configuration.vision {
            guard declared.shuffleFactor == 2 else {
                throw .key(
                    "downsample_ratio", file: "config.json", found: "1/\(declared.shuffleFactor)", expected: "0.5")
            }
            let encoder = try CRadio(
                root / "vision_model.radio_model", shape: shape, tileSide: declared.tileSize, alignCorners: alignCorners
            )
            vision = Vision(
                encoder: encoder,
                projector: try PixelShuffleProjector(
                    root / "mlp1", shape: projector, transposed: declared.pixelShuffle == .v1))
        } else {
            vision = nil
        }
        language = try Llama(
            folder.vision == nil ? root : root / "language_model", shape: folder.language,
            configuration: folder.configuration.language)
        var scales: [(key: Float, value: Float)] = []
        for layer in 0..<folder.language.layers { scales.append(try folder.keyValueScales(layer: layer) ?? (1, 1)) }
        keyValueScales = scales
    }

    /// Empty pages for this decoder.
    /// - Parameter dtype: f32, bf16, or f8e4m3 under the checkpoint's k_scale and v_scale.
    package func makePages(_ pages: Int, dtype: DType) throws(ComputeError) -> KVPages {
        let shape = language.shape
        return try KVPages(
            layers: shape.layers, kvHeads: shape.keyValueHeads, headDim: shape.headDimension, pages: pages,
            dtype: dtype,
            keyScales: dtype == .f8e4m3 ? keyValueScales.map(\.key) : nil,
            valueScales: dtype == .f8e4m3 ? keyValueScales.map(\.value) : nil)
    }

    /// Embeds tiles through encoder and projector.
    /// - Parameter pixels: `[tiles, 3, side, side]` bytes.
    /// - Returns: `[tiles * tokensPerTile, hidden]`.
    package func embed(
        tiles: Int, pixels: [UInt8], on backend: any Backend, trace: Trace? = nil
    ) throws(ComputeError) -> Tensor {
        guard let vision else {
            throw .unsupported(operation: "an image", reason: "the model is text-only: its folder has no vision_model")
        }
        let features = try vision.encoder.features(pixels, tiles: tiles, on: backend, trace: trace)
        return try vision.projector.run(
            features, prefix: vision.encoder.shape.prefixTokens, side: vision.encoder.side, on: backend, trace: trace)
    }

    /// Embeds tokens and puts image embeddings where they belong.
    /// - Parameter images: rows of the result, and the `[rows, hidden]` embeddings that replace them.
    package func embed(
        _ ids: [Int32], images: [(rows: [Int], embeddings: Tensor)], on backend: any Backend
    ) throws(ComputeError) -> Tensor {
        var x = try language.embed(ids, on: backend)
        for image in images { x = try backend.replacingRows(x, at: image.rows, with: image.embeddings) }
        return x
    }
}
