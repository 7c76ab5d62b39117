// `monocle bench model`, or `monocle bench`: how fast a model runs here, beside what the machine can do at best.

import ArgumentParser
import Benchmarking
import Monocle

struct BenchModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract:
            "Measure load, decode, prefill, vision, tokenizer and image preprocessing against the machine's limits.",
        discussion: """
            Read bandwidth and the peak rates of multiply-add instructions are measured in the same run, before and after \
            each part. Random tokens and pixels stand in for a question: speed does not depend on them. Close other \
            programs first.
            """)

    @OptionGroup var folder: ModelFolderOption

    @Option(help: "Arithmetic of linear layers: auto is w4a16, or w4a8 on AVX2; see docs/precision.md.")
    var precision: ArithmeticPrecision = .auto

    @Option(help: "Threads to compute with. Default: every usable core.")
    var threads: Int?

    @Option(help: ArgumentHelp("Prompt tokens run at once.", valueName: "tokens"))
    var prefillChunk = 512

    @Option(
        help: ArgumentHelp(
            "Measure these parts only: \(BenchmarkOptions.Part.allCases.map(\.rawValue).joined(separator: ",")).",
            valueName: "parts"))
    var only: PartList?

    @Option(help: ArgumentHelp("Decode at these numbers of cached tokens.", valueName: "n,n,..."))
    var contexts: CountList?

    @Option(
        help: ArgumentHelp(
            "Decode these numbers of sequences at once, at 512 cached tokens each.", valueName: "n,n,..."))
    var batches: CountList?

    @Option(help: ArgumentHelp("Prefill prompts of these lengths.", valueName: "n,n,..."))
    var prompts: CountList?

    @Option(help: ArgumentHelp("Embed these numbers of tiles.", valueName: "n,n,..."))
    var tiles: CountList?

    @Flag(help: "Fewer sizes and repeats: a few minutes for 8 billion parameters.")
    var quick = false

    @Flag(help: "Print one JSON object instead of Markdown.")
    var json = false

    func run() throws {
        var options = quick ? BenchmarkOptions.quick : .full
        if let only { options.parts = Set(only.parts) }
        if let contexts { options.contexts = contexts.counts }
        if let batches { options.batches = batches.counts }
        if let prompts { options.prompts = prompts.counts }
        if let tiles { options.tiles = tiles.counts }
        if let threads, !(1...1024).contains(threads) { throw UsageError("--threads \(threads): expected 1 to 1024") }
        guard (1...65_536).contains(prefillChunk) else {
            throw UsageError("--prefill-chunk \(prefillChunk): expected 1 to 65536 tokens")
        }
        let benchmark = Benchmark(
            folder: try folder.url(), precision: precision.resolved(on: try .fromEnvironment()), threads: threads,
            prefillChunk: prefillChunk,
            options: options)
        let bar = ProgressBar()
        defer { bar.clear() }
        let report = try benchmark.run { bar.show("Measuring \($0) ...") }
        bar.clear()
        if json { try Output.json(report) } else { try Output.write(report.markdown) }
    }
}

/// `decode,prefill`.
struct PartList: ExpressibleByArgument {
    let parts: [BenchmarkOptions.Part]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
            .map { BenchmarkOptions.Part(rawValue: String($0)) }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        self.parts = parts.compactMap(\.self)
    }
}

/// `128,512`: each 1 to 131072.
struct CountList: ExpressibleByArgument {
    let counts: [Int]

    init?(argument: String) {
        let counts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard counts.allSatisfy((1...131_072).contains) else { return nil }
        self.counts = counts
    }
}
