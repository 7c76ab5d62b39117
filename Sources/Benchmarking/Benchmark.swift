// One benchmark run on a model folder: every part, and the machine's limits in between. Knows order, not arithmetic.

import Checkpoint
package import Compute
package import Foundation
import Imaging
import Model
import Numerics
import Tokenization

package struct Benchmark {
    package let folder: URL
    package let precision: Precision
    /// Nil for the cores this process may use.
    package let threads: Int?
    /// Prompt tokens run at once.
    package let prefillChunk: Int
    package let options: BenchmarkOptions

    package init(folder: URL, precision: Precision, threads: Int?, prefillChunk: Int, options: BenchmarkOptions) {
        self.folder = folder
        self.precision = precision
        self.threads = threads
        self.prefillChunk = prefillChunk
        self.options = options
    }

    /// Measures everything. Limits are measured at the start and after each part that is bounded by them, and a part's
    /// figures are set against those measured right before and right after it.
    /// - Parameter progress: called with what is measured next.
    /// - Throws: errors of the rooms that load and run the model.
    package func run(progress: (String) -> Void) throws -> BenchmarkReport {
        let loadAverage = Self.loadAverage()
        progress("load")
        let backend = try CPUBackend(threads: threads, precision: precision)
        let loaded = try Loading(folder, options.short)
        let measuring = Measuring(
            benchmark: self, backend: backend, clock: OperationClock(backend), loaded: loaded,
            keyValueType: precision == .f32 ? .f32 : .bf16,
            loadAverage: loadAverage)
        return try measuring.report(try measuring.figures(progress: progress))
    }

    /// The first number of `/proc/loadavg`.
    private static func loadAverage() -> Double? {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        return text.split(separator: " ").first.flatMap { Double($0) }
    }
}

/// A folder opened and timed.
private struct Loading {
    let folder: CheckpointFolder
    let model: NemotronNanoVL
    let tokenizer: Tokenizer
    let times: (folder: Measurements, model: Measurements, tokenizer: Measurements)

    init(_ url: URL, _ repetition: Repetition) throws {
        let folder = try CheckpointFolder(at: url)
        self.folder = folder
        model = try NemotronNanoVL(folder)
        tokenizer = try Tokenizer(contentsOf: folder.tokenizerURL)
        var few = repetition
        few.most = 5
        times = (
            try few.measure { _ = try CheckpointFolder(at: url) },
            try few.measure { _ = try NemotronNanoVL(folder) },
            try few.measure { _ = try Tokenizer(contentsOf: folder.tokenizerURL) }
        )
    }
}

/// Times as measured, before the limits are known.
private struct Figures {
    /// All limits measured, and those around each part that has some.
    var limits: MachineLimits
    var limitsOf: [BenchmarkOptions.Part: MachineLimits] = [:]
    var firstStep: Double?
    var decode: [(context: Int, sequences: Int, seconds: Measurements)] = []
    var overhead: (step: Measurements, region: Measurements)?
    var head: (all: Measurements, largest: Measurements, first: Double)?
    /// Seconds by operation of each part that runs the model.
    var operations: [BenchmarkOptions.Part: [String: Double]] = [:]
    var prefill: [(tokens: Int, seconds: Measurements)] = []
    var vision: [(tiles: Int, seconds: Measurements)] = []
    var text: (bytes: Int, tokens: Int, seconds: Measurements)?
    var image: (width: Int, height: Int, tiles: Int, seconds: Measurements)?
    var skipped: [BenchmarkReport.Skipped] = []
}

private struct Measuring {
    let benchmark: Benchmark
    let backend: CPUBackend
    /// The same backend, timed.
    let clock: OperationClock
    let loaded: Loading
    let keyValueType: DType
    let loadAverage: Double?

    private var options: BenchmarkOptions { benchmark.options }

    func figures(progress: (String) -> Void) throws -> Figures {
        var last = try limits(progress)
        var figures = Figures(limits: last)
        for part in BenchmarkOptions.Part.allCases where options.parts.contains(part) {
            _ = clock.take()
            switch part {
            case .load: figures.firstStep = try decoding.measureFirstStep()
            case .decode:
                figures.decode = try decode(progress)
                figures.operations[part] = clock.take()
                figures.overhead = try decoding.measureOverhead(team: backend.team, options.short)
                figures.head = try decoding.measureHead(options.short)
            case .prefill:
                figures.prefill = try prefill(progress)
                figures.operations[part] = clock.take()
            case .vision where loaded.model.vision == nil, .image where loaded.model.vision == nil:
                figures.skipped.append(.init(part: part.rawValue, reason: "the model is text-only"))
            case .vision:
                figures.vision = try vision(progress)
                figures.operations[part] = clock.take()
            case .tokenizer: figures.text = text(progress)
            case .image: figures.image = try image(progress)
            }
            guard part.isBoundedByTheMachine else { continue }
            let next = try limits(progress)
            figures.limitsOf[part] = last.merged(with: next)
            figures.limits = figures.limits.merged(with: next)
            last = next
        }
        return figures
    }

    private func limits(_ progress: (String) -> Void) throws -> MachineLimits {
        progress("limits of the machine")
        return try MachineLimits.measure(threads: backend.team.count, repeats: options.limitRepeats)
    }

    private var decoding: DecodeBenchmark {
        DecodeBenchmark(model: loaded.model, backend: clock, keyValueType: keyValueType)
    }

    private func decode(
        _ progress: (String) -> Void
    ) throws -> [(context: Int, sequences: Int, seconds: Measurements)] {
        let work = options.contexts.map { ($0, 1) } + options.batches.map { (BenchmarkOptions.batchContext, $0) }
        return try work.map { context, sequences in
            progress("decode at context \(context), \(sequences) at once")
            return (context, sequences, try decoding.measure(context: context, sequences: sequences, options.short))
        }
    }

    private func prefill(_ progress: (String) -> Void) throws -> [(tokens: Int, seconds: Measurements)] {
        let prefilling = PrefillBenchmark(
            model: loaded.model, backend: clock, keyValueType: keyValueType, chunk: benchmark.prefillChunk)
        return try options.prompts.map { tokens in
            progress("prefill of \(tokens) tokens")
            return (tokens, try prefilling.measure(tokens: tokens, options.long))
        }
    }

    private func vision(_ progress: (String) -> Void) throws -> [(tiles: Int, seconds: Measurements)] {
        let embedding = VisionBenchmark(model: loaded.model, backend: clock)
        return try options.tiles.map { tiles in
            progress("vision, \(tiles) tiles")
            return (tiles, try embedding.measure(tiles: tiles, options.long))
        }
    }

    private func text(_ progress: (String) -> Void) -> (bytes: Int, tokens: Int, seconds: Measurements) {
        progress("tokenizer")
        let text = SyntheticText.english(bytes: options.textBytes, seed: 6)
        let tokens = loaded.tokenizer.encode(text, controlTokens: false).count
        return (text.utf8.count, tokens, InputBenchmark.measure(loaded.tokenizer, encoding: text, options.short))
    }

    private func image(
        _ progress: (String) -> Void
    ) throws -> (width: Int, height: Int, tiles: Int, seconds: Measurements)? {
        guard let vision = loaded.folder.configuration.vision else { return nil }
        progress("image preprocessing")
        let image = InputBenchmark.image(width: 1920, height: 1080)
        let plan = try TilePlan(
            width: image.width, height: image.height, tileSize: vision.tileSize, maxTiles: vision.maxTiles,
            useThumbnail: vision.usesThumbnail)
        return (image.width, image.height, plan.tiles, InputBenchmark.measure(image, plan, options.short))
    }

    func report(_ figures: Figures) throws -> BenchmarkReport {
        func limits(of part: BenchmarkOptions.Part) -> MachineLimits { figures.limitsOf[part] ?? figures.limits }
        let cost = try ModelCost(loaded.folder, precision: benchmark.precision, isa: backend.instructionSet)
        var report = BenchmarkReport(
            machine: .init(
                processor: CPUFeatures.current.model, threads: backend.team.count,
                instructionSet: backend.instructionSet.rawValue, loadAverage: loadAverage),
            model: .init(
                path: loaded.folder.url.path(percentEncoded: false), precision: benchmark.precision.rawValue,
                weightBytesPerToken: cost.decoderBytes + cost.largestLogitBytes,
                keyValueBytesPerToken: cost.tokenBytes(keyValueType)),
            limits: figures.limits)
        report.load = figures.firstStep.map {
            .init(
                mapAndCheckSeconds: .init(loaded.times.folder), modelSeconds: .init(loaded.times.model),
                tokenizerSeconds: .init(loaded.times.tokenizer), firstStepSeconds: $0)
        }
        report.decode = figures.decode.map { figure in
            let bytes = cost.decodeBytes(
                context: figure.context, sequences: figure.sequences, keyValueType: keyValueType)
            let rate = Double(bytes) / figure.seconds.median
            return .init(
                context: figure.context, sequences: figure.sequences,
                tokensPerSecond: .init(figure.seconds.map { Double(figure.sequences) / $0 }), bytesPerStep: bytes,
                gigabytesPerSecond: rate / 1e9, fractionOfReadLimit: rate / limits(of: .decode).bytesPerSecond)
        }
        report.overhead = figures.overhead.map { overhead in
            .init(
                stepMilliseconds: .init(overhead.step.map { $0 * 1e3 }),
                regionMicroseconds: .init(overhead.region.map { $0 * 1e6 }),
                fractionOfStep: figures.decode.first.map { overhead.step.median / $0.seconds.median })
        }
        report.head = figures.head.map {
            .init(
                allMilliseconds: .init($0.all.map { $0 * 1e3 }),
                largestMilliseconds: .init($0.largest.map { $0 * 1e3 }),
                firstMilliseconds: $0.first * 1e3)
        }
        report.prefill = figures.prefill.map { figure in
            .init(
                tokens: figure.tokens, tokensPerSecond: .init(figure.seconds.map { Double(figure.tokens) / $0 }),
                products: .init(
                    cost.prefillOperations(tokens: figure.tokens), seconds: figure.seconds.median,
                    limits(of: .prefill)))
        }
        if let tile = cost.tileOperations {
            report.vision = figures.vision.map { figure in
                .init(
                    tiles: figure.tiles, tilesPerSecond: .init(figure.seconds.map { Double(figure.tiles) / $0 }),
                    products: .init(tile.times(figure.tiles), seconds: figure.seconds.median, limits(of: .vision)))
            }
        }
        report.tokenizer = figures.text.map { figure in
            .init(
                bytes: figure.bytes, tokens: figure.tokens,
                megabytesPerSecond: .init(figure.seconds.map { Double(figure.bytes) / $0 / 1e6 }))
        }
        report.image = figures.image.map {
            .init(
                width: $0.width, height: $0.height, tiles: $0.tiles,
                milliseconds: .init($0.seconds.map { $0 * 1000 }))
        }
        report.operations = BenchmarkOptions.Part.allCases.compactMap { part in
            figures.operations[part].map { .init(part: part.rawValue, seconds: $0) }
        }
        report.skipped = figures.skipped
        return report
    }
}
