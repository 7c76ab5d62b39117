// Two forms of one model side by side: the same answers through both, token by token. Knows no benchmark and no files.

import Checkpoint
package import Compute
package import Monocle

/// A reference in BF16 and a model made of it.
package final class FidelityPair: Sendable {
    /// Lays out the items: prompts are the same for both.
    package var preparer: VisionLanguageModel { reference.model }
    /// Encoder and projector are the same bytes under the same arithmetic, so that images are embedded once.
    package let sharesVision: Bool
    private let reference: FidelityReference
    private let model: FidelitySide

    /// Checks that the folders are two forms of one model.
    package init(reference: FidelityReference, model: VisionLanguageModel) throws {
        let (first, second) = (reference.model.folder, model.folder)
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
        self.reference = reference
        self.model = try FidelitySide(model)
        // Outside NVFP4 layers all precisions but f32 compute alike.
        let sameArithmetic = (reference.model.backend.precision == .f32) == (model.backend.precision == .f32)
        sharesVision = try sameArithmetic && Self.haveEqualVision(first, second)
    }

    /// Leads both models through the answers; several share one run through the decoder, which changes no bit.
    /// - Returns: for each answer its tokens' figures, or nil when a logit is not finite.
    package func measure(_ answers: [ForcedAnswer]) throws(ComputeError) -> [[TokenFidelity]?] {
        try Self.measure(answers, with: [self])[0]
    }

    /// The same for pairs of one reference, which runs once for all of them.
    package static func measure(
        _ answers: [ForcedAnswer], with pairs: [FidelityPair]
    ) throws(ComputeError) -> [[[TokenFidelity]?]] {
        var results: [[[TokenFidelity]?]] = pairs.map { _ in [] }
        var group: [ForcedAnswer] = []
        func run() throws(ComputeError) {
            guard let reference = pairs.first?.reference, !group.isEmpty else { return }
            let images = try reference.side.embeddings(group)
            let logits = try reference.side.logits(group, images)
            for (place, pair) in pairs.enumerated() {
                precondition(pair.reference === reference, "pairs that are measured together share a reference")
                results[place] += try pair.figures(group, images, logits)
            }
            group = []
        }
        for answer in answers {
            let rows = group.reduce(0) { $0 + $1.sequence.tokens.count }
            if rows + answer.sequence.tokens.count > FidelitySide.rowLimit { try run() }
            group.append(answer)
        }
        try run()
        return results
    }

    /// - Parameters:
    ///   - images, first: what the reference made of `answers`.
    private func figures(
        _ answers: [ForcedAnswer], _ images: [Float], _ first: Tensor
    ) throws(ComputeError) -> [[TokenFidelity]?] {
        let second = try model.logits(answers, sharesVision ? images : try model.embeddings(answers))
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
}
