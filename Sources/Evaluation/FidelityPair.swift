// Two forms of one model side by side: the same answers through both, token by token. Knows no benchmark and no files.

import Checkpoint
package import Compute
import Model
package import Monocle
import Numerics

/// A reference in BF16 and a model made of it.
package final class FidelityPair: Sendable {
    /// How a folder is run.
    private struct Side: Sendable {
        let network: NemotronNanoVL
        let backend: CPUBackend
        let keyValueType: DType

        init(_ model: VisionLanguageModel) throws(CheckpointError) {
            network = try NemotronNanoVL(model.folder)
            backend = model.backend
            keyValueType = model.backend.precision == .f32 ? .f32 : .bf16
        }
    }

    /// Lays out the items: prompts are the same for both.
    package let preparer: VisionLanguageModel
    /// Encoder and projector are the same bytes under the same arithmetic, so that images are embedded once.
    package let sharesVision: Bool
    private let reference: Side
    private let model: Side

    /// Rows of one run through the decoder, at most, unless one sequence alone is longer.
    private static let rowLimit = 4096

    /// Checks that the folders are two forms of one model.
    package init(reference: VisionLanguageModel, model: VisionLanguageModel) throws {
        let (first, second) = (reference.folder, model.folder)
        if let format = try Self.quantizedFormat(first) {
            throw EvaluationError.reference(folder: first.url.lastPathComponent, found: format)
        }
        if let difference = try ResultText.difference(first.language, second.language) {
            throw EvaluationError.otherModel(
                what: "the decoder's \(difference.field)", reference: difference.first, model: difference.second)
        }
        guard first.vision == second.vision, first.configuration.vision == second.configuration.vision,
            first.projector == second.projector
        else {
            throw EvaluationError.otherModel(what: "the vision encoder", reference: "one shape", model: "another")
        }
        guard try Self.bytes(first.tokenizerURL) == Self.bytes(second.tokenizerURL) else {
            throw EvaluationError.otherModel(what: "tokenizer.json", reference: "one file", model: "another")
        }
        preparer = reference
        self.reference = try Side(reference)
        self.model = try Side(model)
        // Outside NVFP4 layers all precisions but f32 compute alike.
        let sameArithmetic = (reference.backend.precision == .f32) == (model.backend.precision == .f32)
        sharesVision = try sameArithmetic && Self.haveEqualVision(first, second)
    }

    /// Leads both models through the answers; several share one run through the decoder, which changes no bit.
    /// - Returns: for each answer its tokens' figures, or nil when a logit is not finite.
    package func measure(_ answers: [ForcedAnswer]) throws(ComputeError) -> [[TokenFidelity]?] {
        var results: [[TokenFidelity]?] = []
        var group: [ForcedAnswer] = []
        for answer in answers {
            let rows = group.reduce(0) { $0 + $1.sequence.tokens.count }
            if !group.isEmpty, rows + answer.sequence.tokens.count > Self.rowLimit {
                results += try run(group)
                group = []
            }
            group.append(answer)
        }
        return group.isEmpty ? results : results + (try run(group))
    }

    private func run(_ answers: [ForcedAnswer]) throws(ComputeError) -> [[TokenFidelity]?] {
        let images = try embeddings(answers, reference)
        let first = try logits(answers, images, reference)
        let second = try logits(answers, sharesVision ? images : try embeddings(answers, model), model)
        let vocabulary = first.columns
        var row = 0
        return answers.map { answer in
            defer { row += answer.answer.count }
            let figures = answer.answer.enumerated().compactMap { place, target in
                let range = (row + place) * vocabulary..<(row + place + 1) * vocabulary
                return withExtendedLifetime((first.storage, second.storage)) {
                    TokenFidelity(
                        reference: UnsafeBufferPointer(rebasing: first.values[range]),
                        model: UnsafeBufferPointer(rebasing: second.values[range]), target: target)
                }
            }
            return figures.count == answer.answer.count ? figures : nil
        }
    }

    /// Embeddings of all images in order, a bounded number of tiles at a time.
    private func embeddings(_ answers: [ForcedAnswer], _ side: Side) throws(ComputeError) -> [Float] {
        guard let vision = side.network.vision else { return [] }
        let atOnce = max(1, Self.rowLimit / (vision.encoder.side * vision.encoder.side))
        let tileBytes = 3 * vision.encoder.tileSide * vision.encoder.tileSide
        let pixels = answers.flatMap { $0.images.flatMap(\.pixels) }
        let tiles = pixels.count / tileBytes
        var rows: [Float] = []
        for start in stride(from: 0, to: tiles, by: atOnce) {
            let end = min(tiles, start + atOnce)
            let part = Array(pixels[start * tileBytes..<end * tileBytes])
            rows += try side.network.embed(tiles: end - start, pixels: part, on: side.backend).array()
        }
        return rows
    }

    /// Logits of the rows that predict answers, `[answer tokens of all, vocabulary]`.
    private func logits(_ answers: [ForcedAnswer], _ images: [Float], _ side: Side) throws(ComputeError) -> Tensor {
        var pack = SequencePack()
        for answer in answers {
            pack.append(
                answer.sequence.tokens, imageRows: answer.images.flatMap(\.rows),
                wantedRows: answer.sequence.predictingRows)
        }
        let hiddenSize = side.network.language.shape.hidden
        let embeddings = images.isEmpty ? nil : Tensor(images, shape: [images.count / hiddenSize, hiddenSize])
        return try pack.logits(
            of: side.network, images: embeddings, keysAndValuesIn: side.keyValueType, on: side.backend)
    }
}
