// What a model must read and compute, from its folder's shapes and formats. Knows nothing of time or machines.

package import Checkpoint
package import Compute
package import Numerics

/// Bytes and operations of a model's parts under a precision and an instruction set.
///
/// Counted are linear layers and attention; norms, activations and rotary embedding are less than a hundredth. Attention
/// counts as done by the fastest float instruction.
package struct ModelCost: Sendable {
    /// Weights and block scales of the decoder's linear layers, bytes.
    package let decoderBytes: Int
    /// Of the output projection, bytes.
    package let headBytes: Int
    /// What the largest logit alone reads of it: the int8 copy of a bf16 projection, where there is one.
    package let largestLogitBytes: Int
    /// One row of the embedding, bytes.
    package let embeddingRowBytes: Int
    /// Of the decoder's linear layers, for each token.
    package let decoderOperations: OperationCount
    /// Of the output projection, for each row of logits.
    package let headOperations: OperationCount
    /// Of encoder and projector, for each tile; nil for a text-only model.
    package let tileOperations: OperationCount?

    private let language: LlamaShape
    private let attention: DotInstruction

    package init(
        _ folder: CheckpointFolder, precision: Precision, isa: InstructionSet
    ) throws(CheckpointError) {
        language = folder.language
        attention = .float(precision: precision, isa: isa)
        var bytes: [Layout.Part: Int] = [:]
        var operations: [Layout.Part: OperationCount] = [:]
        var screened: [Layout.Part: Int] = [:]
        // Rows each layer multiplies for one token, one row of logits, or one tile.
        let tile = TileRows(folder)
        for entry in folder.layout.entries {
            guard case .linear(let outputs, let inputs, _, _) = entry.kind else { continue }
            let format = try folder.matrix(entry.path, outputs: outputs, inputs: inputs)
            let instruction = DotInstruction.used(for: format, precision: precision, isa: isa)
            bytes[entry.part, default: 0] += format.byteCount
            if case .dense(let view) = format, view.dtype == .bf16 {
                screened[entry.part] = CPUBackend.screeningBytes(outputs: outputs, inputs: inputs)
            }
            operations[entry.part, default: OperationCount()].add(
                2 * outputs * inputs * (tile?.rows(of: entry) ?? 1), by: instruction)
        }
        let embeddings = bytes[.embeddings] ?? 0
        let head: Layout.Part = folder.language.tiesEmbeddings ? .embeddings : .head
        decoderBytes = bytes[.decoder] ?? 0
        headBytes = bytes[head] ?? 0
        largestLogitBytes = screened[head].flatMap { $0 > 0 ? $0 : nil } ?? headBytes
        embeddingRowBytes = embeddings / max(1, folder.language.vocabulary)
        decoderOperations = operations[.decoder] ?? OperationCount()
        headOperations = operations[head] ?? OperationCount()
        if let tile, let vision = folder.vision {
            var count = (operations[.vision] ?? OperationCount()) + (operations[.projector] ?? OperationCount())
            // Scores and weighted sums of every token with every token.
            count.add(vision.depth * 4 * tile.tokens * tile.tokens * vision.width, by: attention)
            if vision.hasFeatureNormalizer {
                count.add(
                    2 * tile.tokens * vision.width * vision.width, by: .float(precision: .f32, isa: isa))
            }
            tileOperations = count
        } else {
            tileOperations = nil
        }
    }

    /// Keys and values of one token in all layers, bytes.
    package func tokenBytes(_ keyValueType: DType) -> Int {
        2 * language.layers * language.keyValueHeads * language.headDimension * keyValueType.size
    }

    /// Bytes that a decode step must read: every weight once, of the output projection of a single sequence what its largest
    /// logit needs, and each sequence's keys and values.
    /// - Parameter context: tokens in the cache of each sequence before the step.
    package func decodeBytes(context: Int, sequences: Int, keyValueType: DType) -> Int {
        let head = sequences == 1 ? largestLogitBytes : headBytes
        return decoderBytes + head + sequences * (embeddingRowBytes + context * tokenBytes(keyValueType))
    }

    /// Operations that turn a prompt into one row of logits.
    package func prefillOperations(tokens: Int) -> OperationCount {
        var count = decoderOperations.times(tokens) + headOperations
        // Token i attends to i + 1 positions: a score and a weighted sum for each query head.
        let pairs = tokens * (tokens + 1) / 2
        count.add(4 * pairs * language.layers * language.heads * language.headDimension, by: attention)
        return count
    }
}

/// Rows that a tile has in the layers of encoder and projector.
private struct TileRows {
    let patches: Int
    let tokens: Int
    let merged: Int

    /// Nil for a text-only model.
    init?(_ folder: CheckpointFolder) {
        guard let vision = folder.vision, let declared = folder.configuration.vision else { return nil }
        let side = declared.tileSize / declared.patchSize
        patches = side * side
        tokens = patches + vision.prefixTokens
        merged = declared.tokensPerTile
    }

    func rows(of entry: Layout.Entry) -> Int {
        switch entry.part {
        case .vision: entry.path.hasSuffix("patch_generator.embedder") ? patches : tokens
        case .projector: merged
        default: 1
        }
    }
}
