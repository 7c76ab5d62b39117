// What a model takes of memory, from its shapes. Knows nothing of what the machine has.

package import Checkpoint
package import Compute
package import Numerics

/// Bytes a model needs to answer a question that fills its context.
package struct MemorySum: Sendable, Hashable {
    /// The mapped files: shared with the page cache, read again from disk when the system drops them.
    package let weights: Int
    /// Anonymous memory, taken page by page as a conversation grows.
    package let keyValueCache: Int
    /// Anonymous memory at most: a prefill chunk or a tile on its way through a layer, logits, tensors kept for reuse.
    package let activations: Int
    /// Anonymous memory of the int8 copy of `lm_head` that greedy answers read; 0 without it.
    package let headCopy: Int
    /// Anonymous memory of the images of earlier questions at most: their embeddings, and their tiles where a server keeps those;
    /// 0 for a model of text.
    package let imageEmbeddings: Int
    package let imageTiles: Int

    /// Rows of logits that are made at once at most: enough that lm_head is read for many, few enough to stay small.
    package static let logitRows = 64

    package var total: Int { weights + anonymous }
    /// What must fit whatever happens to the page cache.
    package var anonymous: Int { keyValueCache + activations + headCopy + imageEmbeddings + imageTiles }

    /// - Parameters:
    ///   - context: tokens of prompt and answer together.
    ///   - keyValueType: f32, bf16 or f8e4m3.
    ///   - prefillChunk: prompt tokens run at once.
    ///   - copiesHead: whether greedy answers read an int8 copy of `lm_head`.
    ///   - keptEmbeddings: bytes of embeddings that are kept.
    ///   - keptTiles: bytes of tiles that are kept.
    package init(
        _ folder: CheckpointFolder, context: Int, keyValueType: DType, prefillChunk: Int, copiesHead: Bool,
        keptEmbeddings: Int, keptTiles: Int
    ) {
        imageEmbeddings = folder.vision == nil ? 0 : keptEmbeddings
        imageTiles = folder.vision == nil ? 0 : keptTiles
        let shape = folder.language
        headCopy = copiesHead ? CPUBackend.screeningBytes(outputs: shape.vocabulary, inputs: shape.hidden) : 0
        weights = folder.store.files.reduce(0) { $0 + $1.mapping.byteCount }
        let pages = (context + KVPages.pageTokens - 1) / KVPages.pageTokens
        keyValueCache =
            pages * KVPages.pageTokens * shape.layers * 2 * shape.keyValueHeads * shape.headDimension
            * keyValueType.size
        let float = MemoryLayout<Float>.size
        let rows = min(prefillChunk, context)
        // The residual stream, its norm, and the widest layer: gate, up, their product and its packed form.
        let decoder =
            rows * (3 * shape.hidden + 4 * shape.feedForward) * float
            + min(rows, Self.logitRows) * shape.vocabulary * float
        var encoder = 0
        if let vision = folder.vision, let declared = folder.configuration.vision {
            let side = declared.tileSize / declared.patchSize
            let tokens = side * side + vision.prefixTokens
            // The same with mlp.fc1, its GELU and its packed form; the projector's rows are fewer and about as wide.
            encoder = tokens * (3 * vision.width + 3 * vision.mlpWidth) * float
            encoder += side * side / 4 * ((folder.projector?.inputs ?? 0) + 3 * (folder.projector?.hidden ?? 0)) * float
        }
        activations = max(decoder, encoder) + TensorPool.defaultLimit
    }
}

extension MemorySum {
    /// Why the model cannot run in `host`; nil when it can. Weights that do not fit are read from disk again and again,
    /// which is slow but works. What to do: a shorter context, or more memory.
    package func obstacle(in host: HostMemory) -> String? {
        guard anonymous > host.usable else { return nil }
        return """
            the model needs \(Bytes.text(anonymous)) of its own, \(Bytes.text(keyValueCache)) of it for the key-value cache of a \
            full context and \(Bytes.text(imageEmbeddings + imageTiles)) for images that it keeps, beside \(Bytes.text(weights)) of mapped weights; \(Bytes.text(host.usable)) can be had
            """
    }
}
