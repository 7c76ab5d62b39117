import BenchmarkData
import Checkpoint
import Documents
import Evaluation
import Foundation
import Monocle
import Prompting
import TestSupport
import Testing

struct FidelityTests {
    private typealias FidelityFile = FidelityRun.File

    private func model(_ name: String, _ precision: ArithmeticPrecision) throws -> VisionLanguageModel {
        try VisionLanguageModel(
            loading: Goldens.checkpoint(name), options: LoadOptions(precision: precision, threads: 2))
    }

    private func reference(_ precision: ArithmeticPrecision) throws -> FidelityReference {
        try FidelityReference(model("bf16", precision))
    }

    private func documents() throws -> SyntheticDocuments {
        try SyntheticDocuments(seed: 5, split: .test, levels: 0...1)
    }

    private func header(_ pair: FidelityPair) throws -> FidelityHeader {
        FidelityHeader(
            items: try documents().settings, reference: ModelIdentity(name: "a", fingerprint: "0"),
            referencePrecision: "w4a16", model: ModelIdentity(name: "b", fingerprint: "0"), precision: "w4a4",
            instructionSet: "avx2", sharedVision: pair.sharesVision)
    }

    /// The bytes of a fidelity file of `count` items.
    private func bytes(_ pair: FidelityPair, count: Int, groupSize: Int) async throws -> Data {
        try await bytes([pair], count: count, groupSize: groupSize)[0]
    }

    private func bytes(_ pairs: [FidelityPair], count: Int, groupSize: Int) async throws -> [Data] {
        let place = try TemporaryFolder()
        let paths = pairs.indices.map { place.url.appending(path: "\($0).jsonl").path }
        let files = try zip(paths, pairs).map { try FidelityFile(continuing: $0, header: header($1)) }
        try await FidelityRun(documents(), pairs: pairs, groupSize: groupSize).run(count, into: files) { _, _ in }
        return try paths.map { try Data(contentsOf: URL(filePath: $0)) }
    }

    @Test func batchesChangeNoBit() async throws {
        let pair = try FidelityPair(reference: reference(.w4a16), model: model("nvfp4", .w4a4))
        #expect(pair.sharesVision)
        let alone = try await bytes(pair, count: 10, groupSize: 1)
        #expect(try await bytes(pair, count: 10, groupSize: 8) == alone)
        #expect(try await bytes(pair, count: 10, groupSize: 3) == alone)
    }

    @Test func modelsOfOneReferenceMeasureTogetherAsAlone() async throws {
        let reference = try self.reference(.w4a16)
        let pairs = try [("nvfp4", ArithmeticPrecision.w4a4), ("nvfp4", .w4a8), ("bf16", .f32)].map {
            try FidelityPair(reference: reference, model: model($0, $1))
        }
        #expect(!pairs[2].sharesVision)
        let together = try await bytes(pairs, count: 5, groupSize: 3)
        #expect(together[0] != together[1])
        for (pair, data) in zip(pairs, together) {
            #expect(try await bytes(pair, count: 5, groupSize: 3) == data)
        }
    }

    @Test func sharedEmbeddingsChangeNoBit() throws {
        let reference = try self.reference(.w4a16)
        let shared = try FidelityPair(reference: reference, model: model("nvfp4", .w4a4))
        // Another byte in a tensor that nothing reads: each embeds the images itself, to the same embeddings.
        let copy = try TemporaryFolder(copying: Goldens.checkpoint("nvfp4"))
        let file = copy.url.appending(path: "model.safetensors")
        let tensor = try CheckpointFolder(at: copy.url).tensor(
            "vision_model.radio_model.input_conditioner.norm_mean")
        var weights = try Data(contentsOf: file)
        weights[try #require(weights.range(of: Data(tensor.bytes))).lowerBound] ^= 1
        try weights.write(to: file, options: .atomic)
        let other = try FidelityPair(
            reference: reference,
            model: VisionLanguageModel(loading: copy.url, options: LoadOptions(precision: .w4a4, threads: 2)))
        #expect(!other.sharesVision)
        let floats = try FidelityPair(reference: self.reference(.f32), model: model("bf16", .w4a16))
        #expect(!floats.sharesVision)

        let item = try documents().item(at: 2)
        let forced = try ForcedAnswer(item, for: reference.model)
        #expect(try shared.measure([forced]) == other.measure([forced]))
    }

    @Test func aModelDoesNotDivergeFromItself() async throws {
        let pair = try FidelityPair(reference: reference(.w4a16), model: model("bf16", .w4a16))
        let forced = try (0..<4).map { try ForcedAnswer(documents().item(at: $0), for: pair.preparer) }
        for tokens in try pair.measure(forced) {
            #expect(try #require(tokens).allSatisfy { $0.divergence == 0 && $0.agrees })
        }
        let floor = try FidelityPair(reference: reference(.f32), model: model("bf16", .w4a16))
        let tokens = try floor.measure(forced).flatMap { $0 ?? [] }
        #expect(tokens.allSatisfy { $0.divergence > 0 && $0.divergence < 0.01 })
    }

    /// What greedy decoding writes through the engine is exact when it is taken for the true answer, and nothing else is.
    @Test(arguments: [ArithmeticPrecision.w4a16, .w4a4])
    func exactIsWhatGreedyDecodingWrites(precision: ArithmeticPrecision) async throws {
        let reference = try self.reference(.w4a16)
        let student = try model("nvfp4", precision)
        let pair = try FidelityPair(reference: reference, model: student)
        let item = try documents().item(at: 1)
        let prepared = try ForcedAnswer(item, for: student)
        let sources = item.images.map { Inquiry.Source($0.source, detail: $0.detail) }
        let inquiry = Inquiry(
            .question(item.text, system: nil), sources: sources,
            answer: AnswerOptions(temperature: 0, repetitionPenalty: 1, maxTokens: 6, ignoresEnd: true))
        var written: [Int32] = []
        for try await event in student.stream(inquiry) {
            if case .finished(let answer) = event {
                written = answer.tokenIDs
                #expect(answer.promptTokenIDs == prepared.sequence.prompt)
            }
        }
        #expect(written.count == 6)
        func forced(_ answer: [Int32]) -> ForcedAnswer {
            ForcedAnswer(
                AnsweredPrompt(prompt: prepared.sequence.prompt, answer: answer), images: prepared.images,
                endTokens: [written[5]])
        }
        var other = written
        other[2] = (other[2] + 1) % 400
        let answers = [forced(written), forced(other)]
        let choices = try pair.measure(answers).map { try #require($0).map(\.choice) }
        #expect(choices[0] == written)
        #expect(answers[0].isWritten(by: choices[0]) && !answers[1].isWritten(by: choices[1]))
    }

    @Test func summaryIsOverTokensAndItems() async throws {
        let pair = try FidelityPair(reference: reference(.w4a16), model: model("nvfp4", .w4a4))
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "f.jsonl").path
        let file = try FidelityFile(continuing: path, header: header(pair))
        try await FidelityRun(documents(), pairs: [pair]).run(9, into: [file]) { _, _ in }
        let summary = FidelitySummary(file.results.lines, count: 9)
        let tokens = file.results.lines.values.flatMap { $0.outcome.divergence ?? [] }
        #expect(summary.overall.items == 9 && summary.overall.tokens == tokens.count)
        let spread = try #require(summary.overall.divergence)
        #expect(abs(spread.mean - tokens.reduce(0, +) / Double(tokens.count)) < 1e-12)
        #expect(spread.max == tokens.max() && spread.p50 <= spread.p95 && spread.p95 <= spread.p99)
        #expect(summary.families.count == 8 && summary.levels.map(\.items) == [8, 1] && summary.errors == 0)
        let scored = try ScoredItems(reading: path)
        let comparison = try Comparison(
            scored, scored, baseline: scored, bootstrap: PairedBootstrap(resamples: 200))
        #expect(comparison.overall.divergence?.difference == 0)
        #expect(comparison.divergenceClosure?.closure == nil)
    }

    @Test func refusesWhatIsNotOneModel() throws {
        let quantized = try model("nvfp4", .w4a16)
        #expect(throws: EvaluationError.self) { try FidelityReference(quantized) }
        let copy = try TemporaryFolder(copying: Goldens.checkpoint("nvfp4"))
        let tokenizer = copy.url.appending(path: "tokenizer.json")
        try (Data(contentsOf: tokenizer) + Data("\n".utf8)).write(to: tokenizer)
        let other = try VisionLanguageModel(loading: copy.url)
        let reference = try self.reference(.w4a16)
        #expect(
            throws: EvaluationError.otherModel(what: "tokenizer.json", reference: "one file", model: "another")
        ) { try FidelityPair(reference: reference, model: other) }
    }

    @Test func fingerprintsTellCheckpointsApart() throws {
        let first = try ModelIdentity(CheckpointFolder(at: Goldens.checkpoint("bf16")))
        #expect(first == (try ModelIdentity(CheckpointFolder(at: Goldens.checkpoint("bf16")))))
        #expect(first.fingerprint != (try ModelIdentity(CheckpointFolder(at: Goldens.checkpoint("nvfp4")))).fingerprint)
    }
}
