// The BF16 side of comparisons token by token: what several models made of it are measured against. Knows no figures.

import Checkpoint
package import Compute
import Model
package import Monocle
import Numerics

/// A BF16 folder as it is run. Pairs of one reference share its work.
package final class FidelityReference: Sendable {
    package let model: VisionLanguageModel
    let side: FidelitySide

    /// - Throws: `EvaluationError.reference` for a quantised folder.
    package init(_ model: VisionLanguageModel) throws {
        if let format = try FidelityPair.quantizedFormat(model.folder) {
            throw EvaluationError.reference(folder: model.folder.url.lastPathComponent, found: format)
        }
        self.model = model
        side = try FidelitySide(model)
    }
}

/// How one folder is run.
struct FidelitySide: Sendable {
    private let network: NemotronNanoVL
    private let backend: CPUBackend
    private let keyValueType: DType

    /// Rows of one run through encoder or decoder, at most, unless one sequence alone is longer.
    static let rowLimit = 4096

    init(_ model: VisionLanguageModel) throws(CheckpointError) {
        network = try NemotronNanoVL(model.folder)
        backend = model.backend
        keyValueType = model.backend.precision == .f32 ? .f32 : .bf16
    }

    /// Embeddings of all images in order, a bounded number of tiles at a time.
    func embeddings(_ answers: [ForcedAnswer]) throws(ComputeError) -> [Float] {
        guard let vision = network.vision else { return [] }
        let atOnce = max(1, Self.rowLimit / (vision.encoder.side * vision.encoder.side))
        let tileBytes = 3 * vision.encoder.tileSide * vision.encoder.tileSide
        let pixels = answers.flatMap { $0.images.flatMap(\.pixels) }
        let tiles = pixels.count / tileBytes
        var rows: [Float] = []
        for start in stride(from: 0, to: tiles, by: atOnce) {
            let end = min(tiles, start + atOnce)
            let part = Array(pixels[start * tileBytes..<end * tileBytes])
            rows += try network.embed(tiles: end - start, pixels: part, on: backend).array()
        }
        return rows
    }

    /// Logits of the rows that predict answers, `[answer tokens of all, vocabulary]`.
    func logits(_ answers: [ForcedAnswer], _ images: [Float]) throws(ComputeError) -> Tensor {
        var pack = SequencePack()
        for answer in answers {
            pack.append(
                answer.sequence.tokens, imageRows: answer.images.flatMap(\.rows),
                wantedRows: answer.sequence.predictingRows)
        }
        let hiddenSize = network.language.shape.hidden
        let embeddings = images.isEmpty ? nil : Tensor(images, shape: [images.count / hiddenSize, hiddenSize])
        return try pack.logits(
            of: network, images: embeddings, keysAndValuesIn: keyValueType, on: backend)
    }
}
