// A benchmark report as Markdown tables. Knows columns, not how anything was measured.

import Foundation

extension BenchmarkReport {
    package var markdown: String {
        var sections = [
            """
            # monocle bench

            \(machine.processor), \(machine.threads) threads, \(machine.instructionSet) kernels, \(model.precision); \
            model \(model.path). Medians [lowest-highest].
            """
        ]
        sections += doubts.map { "**Doubtful:** \($0)." } + [limitsTable]
        if let load { sections.append(Self.table("Load", ["step", "seconds"], load.rows)) }
        if !decode.isEmpty {
            sections.append(
                Self.table(
                    "Decode",
                    ["context", "at once", "tokens/s", "MB read a step", "GB/s", "of the read limit"], decode.map(\.row)
                ))
        }
        let rest = (overhead?.rows ?? []) + (head?.rows ?? [])
        if !rest.isEmpty { sections.append(Self.table("Decode, in parts", ["what", "time"], rest)) }
        let products = ["GFLOP", "GFLOP/s", "mostly", "of its peak"]
        if !prefill.isEmpty {
            sections.append(Self.table("Prefill", ["tokens", "tokens/s"] + products, prefill.map(\.row)))
        }
        if !vision.isEmpty {
            sections.append(Self.table("Vision", ["tiles", "tiles/s"] + products, vision.map(\.row)))
        }
        if !operations.isEmpty {
            sections.append(
                Self.table("Time of operations", ["part", "shares of at least 0.1 %"], operations.map(\.row)))
        }
        if tokenizer != nil || image != nil { sections.append(inputTable) }
        for part in skipped { sections.append("\(part.part): not measured, \(part.reason).") }
        return sections.joined(separator: "\n\n") + "\n"
    }

    private var limitsTable: String {
        var rows = limits.bandwidth.map {
            [
                "read, \(limits.bufferBytes >> 20) MiB, one stream a thread", "\($0.threads)",
                $0.gigabytesPerSecond.text(1) + " GB/s",
            ]
        }
        rows += limits.peaks.map { [$0.instruction, "\($0.threads)", $0.gigaOperationsPerSecond.text(0) + " GOP/s"] }
        return Self.table(
            "Limits of the machine, measured before and after each part below", ["what", "threads", "rate"], rows)
    }

    private var inputTable: String {
        var rows: [[String]] = []
        if let tokenizer {
            rows.append(
                ["tokenizer, \(tokenizer.bytes) bytes of English", tokenizer.megabytesPerSecond.text(1) + " MB/s"])
        }
        if let image {
            rows.append(
                [
                    "\(image.width) x \(image.height) pixels to \(image.tiles) tiles, decoding not counted",
                    image.milliseconds.text(1) + " ms",
                ])
        }
        return Self.table("Text and images, one thread", ["what", "rate or time"], rows)
    }

    /// A heading and a table whose cells are padded to equal width.
    package static func table(_ title: String, _ header: [String], _ rows: [[String]]) -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            "| " + zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
                + " |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
        return (["## \(title)", "", line(header), rule] + rows.map(line)).joined(separator: "\n")
    }
}

/// A number with a fixed count of decimals.
private func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

private func percent(_ fraction: Double?) -> String { fraction.map { fixed($0 * 100, 0) + " %" } ?? "unknown" }

extension BenchmarkReport.Spread {
    fileprivate func text(_ decimals: Int) -> String {
        repeats == 1
            ? fixed(median, decimals) + " (once)"
            : "\(fixed(median, decimals)) [\(fixed(min, decimals))-\(fixed(max, decimals))]"
    }
}

extension BenchmarkReport.Load {
    fileprivate var rows: [[String]] {
        [
            ["map and check", mapAndCheckSeconds.text(4)],
            ["layers", modelSeconds.text(4)],
            ["tokenizer", tokenizerSeconds.text(4)],
            ["first decode step", fixed(firstStepSeconds, 4)],
        ]
    }
}

extension BenchmarkReport.Decode {
    fileprivate var row: [String] {
        [
            "\(context)", "\(sequences)", tokensPerSecond.text(2), fixed(Double(bytesPerStep) / 1e6, 1),
            fixed(gigabytesPerSecond, 1), percent(fractionOfReadLimit),
        ]
    }
}

extension BenchmarkReport.Overhead {
    fileprivate var rows: [[String]] {
        let share = fractionOfStep.map { ", " + fixed($0 * 100, 2) + " % of a step" } ?? ""
        return [
            ["a step with no work in its operations", stepMilliseconds.text(3) + " ms" + share],
            ["an empty parallel region", regionMicroseconds.text(2) + " us"],
        ]
    }
}

extension BenchmarkReport.Head {
    fileprivate var rows: [[String]] {
        [
            ["output projection, all logits", allMilliseconds.text(2) + " ms"],
            ["output projection, the largest logit", largestMilliseconds.text(2) + " ms"],
            ["the same the first time", fixed(firstMilliseconds, 1) + " ms"],
        ]
    }
}

extension BenchmarkReport.Products {
    fileprivate var cells: [String] {
        [fixed(Double(operations) / 1e9, 1), fixed(gigaOperationsPerSecond, 1), instruction, percent(fractionOfPeak)]
    }
}

extension BenchmarkReport.Prefill {
    fileprivate var row: [String] { ["\(tokens)", tokensPerSecond.text(1)] + products.cells }
}

extension BenchmarkReport.Operations {
    fileprivate var row: [String] {
        let shown = shares.filter { $0.fraction >= 0.001 }
        return [part, shown.map { "\($0.operation) \(fixed($0.fraction * 100, 1))" }.joined(separator: ", ")]
    }
}

extension BenchmarkReport.Vision {
    fileprivate var row: [String] { ["\(tiles)", tilesPerSecond.text(3)] + products.cells }
}
