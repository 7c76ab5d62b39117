// `monocle eval fidelity`: how far a model's predictions are from its reference's. Knows its flags and its table.

import ArgumentParser
import Evaluation
import Foundation
import Monocle

struct EvalFidelity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fidelity",
        abstract: "Measure token by token how far a model is from its BF16 reference.",
        discussion: """
            Both models read the same prompts and true answers of synthetic documents. For each token of an answer, the \
            end of the turn included: KL(reference || model) in nats over the full vocabulary, the cross-entropy of both, \
            and whether both find the same token most likely. An answer is exact when every token of it, and the end, is \
            the model's first choice, which is when greedy decoding writes exactly the first accepted answer.

            The reference's weights are BF16; its arithmetic is w4a16 (bf16 activations) unless --reference-precision \
            says f32. How far w4a16 itself is from float32, the noise floor of the figures, is measured by naming the \
            reference twice: --reference DIR --reference-precision f32 --model DIR --precision w4a16.

            Several models and arithmetics share the reference's run and the images: -o is then a folder, with a file \
            for each.

            Example: monocle eval fidelity --reference small-bf16 --model small-nvfp4 --precision w4a4 -o ptq.jsonl
            """)

    enum ReferencePrecision: String, ExpressibleByArgument, CaseIterable {
        case f32, w4a16

        var arithmetic: ArithmeticPrecision { self == .f32 ? .f32 : .w4a16 }
    }

    @Option(help: ArgumentHelp("The BF16 folder the model was made of.", valueName: "dir"))
    var reference: String

    @Option(help: "Arithmetic of the reference.")
    var referencePrecision: ReferencePrecision = .w4a16

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Folders made of it. Default: $MONOCLE_MODEL, or the small model that ships with Monocle.", valueName: "dir"
        ))
    var model: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: "Arithmetics each model is run in: auto is w4a16, or w4a8 on AVX2; see docs/precision.md.")
    var precision: [ArithmeticPrecision] = [.auto]

    @Option(help: "Threads to compute with. Default: every usable core. Results do not depend on it.")
    var threads: Int?

    @Option(help: ArgumentHelp("Items that run together. Results do not depend on it.", valueName: "n"))
    var batch = 8

    @OptionGroup var items: ItemOptions

    @OptionGroup var result: ResultOptions

    func run() async throws {
        guard (1...1024).contains(batch) else { throw UsageError("--batch is \(batch); expected 1 to 1024") }
        let teacher = try VisionLanguageModel(
            loading: URL(filePath: reference, directoryHint: .isDirectory),
            options: LoadOptions(precision: referencePrecision.arithmetic, threads: threads))
        let shared = try FidelityReference(teacher)
        guard let vision = teacher.folder.configuration.vision else {
            throw UsageError("the model is text-only: it cannot be asked about documents")
        }
        let documents = try items.documents(tileSize: vision.tileSize)
        var pairs: [(pair: FidelityPair, header: FidelityHeader)] = []
        for folder in try model.isEmpty ? [ModelFolderOption.url(nil)] : model.map({ try ModelFolderOption.url($0) }) {
            for precision in precision {
                let model = try VisionLanguageModel(
                    loading: folder, options: LoadOptions(precision: precision, threads: threads))
                let pair = try FidelityPair(reference: shared, model: model)
                let header = FidelityHeader(
                    items: documents.settings, reference: try ModelIdentity(teacher.folder),
                    referencePrecision: "\(teacher.backend.precision)", model: try ModelIdentity(model.folder),
                    precision: "\(model.backend.precision)", instructionSet: model.backend.instructionSet.rawValue,
                    sharedVision: pair.sharesVision)
                pairs.append((pair, header))
            }
        }
        let results: [Results<FidelityHeader, FidelityOutcome>] = try await result.results(pairs.map(\.header)) {
            files, progress in
            try await FidelityRun(documents, pairs: pairs.map(\.pair), groupSize: batch)
                .run(items.count, into: files) { progress($0, $1, 0) }
        }
        let summaries = zip(pairs.map(\.header), results).map { ($0, FidelitySummary($1.lines, count: items.count)) }
        let text = summaries.count == 1 ? summaries[0].1.text(summaries[0].0) : FidelitySummary.text(summaries)
        try result.print(summaries, text: text)
    }
}

extension FidelityGroup {
    static let titles = [
        "", "items", "tokens", "KL mean", "p50", "p95", "p99", "max", "CE ref.", "CE", "agree", "exact ref.", "exact",
        "95 % interval",
    ]

    func row(_ name: String) -> [String] {
        let spread = divergence
        let nats = [
            spread?.mean, spread?.p50, spread?.p95, spread?.p99, spread?.max, referenceCrossEntropy, crossEntropy,
        ]
        return [name, "\(items)", "\(tokens)"] + nats.map { Figures.nats($0) } + [
            Figures.percent(agreement.value), Figures.percent(referenceExact.value), Figures.percent(exact.value),
            Figures.percent(exact.interval),
        ]
    }
}

extension FidelitySummary {
    /// A line for each of several models against one reference.
    static func text(_ summaries: [(FidelityHeader, FidelitySummary)]) -> String {
        var table = TextTable(FidelityGroup.titles)
        for (header, summary) in summaries {
            table.add(summary.overall.row("\(header.model.name), \(header.precision)"))
        }
        let title = summaries.first.map { header, _ in
            "\(Figures.title(header.items)): KL(\(header.reference.name), \(header.referencePrecision) || model), nats a token\n"
        }
        return (title ?? "") + table.text
            + summaries.map { Figures.errors($1.errors, $1.firstError) }.joined()
    }

    /// The table of a fidelity run.
    func text(_ header: FidelityHeader) -> String {
        var table = TextTable(FidelityGroup.titles)
        table.add(overall.row("all"))
        table.rule()
        for group in families { table.add(group.row(group.name)) }
        table.rule()
        for group in levels { table.add(group.row("level " + group.name)) }
        let vision = header.sharedVision ? "images embedded once for both" : "each embeds the images itself"
        return """
            \(Figures.title(header.items)): KL(\(header.reference.name), \(header.referencePrecision) || \
            \(header.model.name), \(header.precision)), nats a token; \(vision)

            """ + table.text + Figures.errors(errors, firstError)
    }
}
