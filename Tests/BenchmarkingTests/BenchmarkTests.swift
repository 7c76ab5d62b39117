// Structure of a run and its arithmetic; never speeds.

import Benchmarking
import Compute
import Foundation
import Numerics
import TestSupport
import Testing

struct BenchmarkTests {
    private var smallest: BenchmarkOptions {
        var options = BenchmarkOptions.quick
        options.contexts = [1, 40]
        options.batches = [3]
        options.prompts = [20]
        options.tiles = [2]
        options.textBytes = 20_000
        options.limitRepeats = 1
        options.short = Repetition(least: 1, most: 1, seconds: 0)
        options.long = Repetition(least: 1, most: 1, seconds: 0)
        return options
    }

    @Test func measuresEveryPart() throws {
        var stages: [String] = []
        let benchmark = Benchmark(
            folder: Goldens.checkpoint("nvfp4"), precision: .w4a16, threads: 2, prefillChunk: 8, options: smallest)
        let report = try benchmark.run { stages.append($0) }
        #expect(stages.first == "load")
        // At the start, and after decode, prefill and vision.
        #expect(stages.filter { $0 == "limits of the machine" }.count == 4)
        #expect(report.machine.threads == 2)
        #expect(report.limits.bandwidth.allSatisfy { $0.gigabytesPerSecond.repeats == 4 })
        #expect(report.decode.map(\.context) == [1, 40, 512])
        #expect(report.decode.map(\.sequences) == [1, 1, 3])
        #expect(report.prefill.map(\.tokens) == [20])
        #expect(report.vision.map(\.tiles) == [2])
        #expect(report.image?.tiles == 13)
        #expect(report.skipped.isEmpty)
        let load = try #require(report.load)
        #expect(load.firstStepSeconds > 0)

        // A rate, its bytes and its fraction are one figure in three forms.
        let limits = report.limits.bandwidth.map(\.gigabytesPerSecond)
        let highest = try #require(limits.map(\.max).max())
        let lowest = try #require(limits.map(\.min).min())
        for figure in report.decode {
            let steps = figure.tokensPerSecond.median / Double(figure.sequences)
            #expect(abs(figure.gigabytesPerSecond * 1e9 / Double(figure.bytesPerStep) / steps - 1) < 1e-9)
            let limit = figure.gigabytesPerSecond / figure.fractionOfReadLimit
            #expect(limit <= highest * 1.000001 && limit >= lowest * 0.999999)
        }
        let prompt = try #require(report.prefill.first)
        let seconds = 20 / prompt.tokensPerSecond.median
        #expect(
            abs(prompt.products.gigaOperationsPerSecond * 1e9 * seconds / Double(prompt.products.operations) - 1) < 1e-9
        )

        let overhead = try #require(report.overhead)
        let step = Double(try #require(report.decode.first).sequences) / report.decode[0].tokensPerSecond.median
        #expect(abs((overhead.fractionOfStep ?? 0) * step * 1e3 / overhead.stepMilliseconds.median - 1) < 1e-9)
        #expect(try #require(report.head).allMilliseconds.median > 0)

        #expect(report.operations.map(\.part) == ["decode", "prefill", "vision"])
        for part in report.operations {
            #expect(abs(part.shares.reduce(0) { $0 + $1.fraction } - 1) < 1e-9)
            #expect(part.shares.contains { $0.operation == "linear" && $0.fraction > 0 })
        }
        let tiles = try #require(report.operations.last).shares.map(\.operation)
        #expect(tiles.contains("attention") && !tiles.contains("cachedAttention"))

        let text = report.markdown
        for heading in [
            "## Limits", "## Load", "## Decode", "## Decode, in parts", "## Prefill", "## Vision",
            "## Time of operations",
            "## Text and images",
        ] {
            #expect(text.contains(heading))
        }
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        #expect((object?["decode"] as? [Any])?.count == 3)
    }

    @Test func measuresOnlyWhatIsAskedFor() throws {
        var options = smallest
        options.parts = [.tokenizer]
        let report = try Benchmark(
            folder: Goldens.checkpoint("bf16"), precision: .f32, threads: 1, prefillChunk: 8, options: options
        ).run { _ in }
        #expect(report.load == nil && report.image == nil)
        #expect(report.decode.isEmpty && report.prefill.isEmpty && report.vision.isEmpty)
        let text = try #require(report.tokenizer)
        #expect(text.bytes >= 20_000 && text.tokens > 0 && text.tokens <= text.bytes)
    }

    @Test func repetitionKeepsItsBounds() {
        var calls = 0
        #expect(Repetition(least: 3, most: 9, seconds: 0).measure { calls += 1 }.count == 3)
        #expect(calls == 3)
        #expect(Repetition(least: 1, most: 4, seconds: 1e9).measure {}.count == 4)
    }

    @Test func tablesAlign() {
        let lines = report(rows: [["a", "1"], ["long name", "22"]]).split(separator: "\n")
        #expect(lines.count == 5)
        #expect(Set(lines.dropFirst().map(\.count)).count == 1)
    }

    private func report(rows: [[String]]) -> String { BenchmarkReport.table("Title", ["name", "n"], rows) }
}

struct SyntheticInputTests {
    @Test func textIsReproducibleAndEnglishLike() {
        let text = SyntheticText.english(bytes: 50_000, seed: 1)
        #expect(text == SyntheticText.english(bytes: 50_000, seed: 1))
        #expect(text != SyntheticText.english(bytes: 50_000, seed: 2))
        #expect(text.utf8.count >= 50_000 && text.utf8.allSatisfy { $0 < 128 })
        let words = text.split(whereSeparator: \.isWhitespace)
        let mean = Double(words.map(\.count).reduce(0, +)) / Double(words.count)
        #expect(mean > 3.5 && mean < 6.5)
    }

    @Test func tokensStayInTheVocabulary() {
        var random = SplitMix64(seed: 9)
        let tokens = random.tokens(1000, below: 7)
        #expect(Set(tokens) == Set(0..<7))
    }
}
