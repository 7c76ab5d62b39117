// Runs with invented replies, written as files of monocle eval run. Knows no expectations.

import BenchmarkData
import Evaluation
import Foundation
import Imaging
import TestSupport

/// A folder that is removed with its owner.
final class Scratch {
    let url = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

enum Invented {
    /// A reply that would do harm as markup, and characters that have broken pages before.
    static let hostile =
        "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&lt;b&gt; \u{2028}\u{202E}\0 ok"

    static func outcome(
        _ reply: String?, answers: [String], prompt: String, images: [AnswerOutcome.Image], score: Double? = nil
    ) -> AnswerOutcome {
        var outcome = AnswerOutcome(
            prompt: images.indices.map { .init(image: $0) } + [.init(text: prompt)], images: images, answers: answers,
            seconds: 0.5)
        outcome.reply = reply
        (outcome.tokens, outcome.promptTokens, outcome.finishReason) = (4, 300, "stop")
        let right = reply.map { answers.contains($0) } ?? false
        outcome.verdict = RunVerdict(score: score ?? (right ? 1 : 0), rule: "exact match")
        return outcome
    }

    static func header(_ items: ItemSettings, _ precision: String, dataPath: String? = nil) -> RunHeader {
        RunHeader(
            items: items, model: ModelIdentity(name: "tiny", fingerprint: "00ff"), precision: precision,
            instructionSet: "avx2", maxTokens: 64, rule: "exact match", dataPath: dataPath)
    }

    static func write(_ header: RunHeader, _ lines: [ResultLine<AnswerOutcome>], to path: String) throws {
        let file = try ResultFile<RunHeader, AnswerOutcome>(continuing: path, header: header)
        for line in lines { try file.append(line) }
    }

    /// Two runs over drawn documents. The second is wrong where `index % 4 == 1`, right where the first is wrong
    /// (`index % 6 == 2`), has an error at 5, a reply that was cut at 7 and a hostile one at 3.
    static func documents(_ count: Int, in scratch: Scratch) throws -> [String] {
        let benchmark = try SyntheticDocuments(seed: 3, split: .test, levels: 2...2)
        var runs: [[ResultLine<AnswerOutcome>]] = [[], []]
        for index in 0..<count {
            let item = try benchmark.item(at: index)
            let images = item.images.compactMap { image -> AnswerOutcome.Image? in
                guard case .pixels(let pixels, let name) = image.source else { return nil }
                let grid = [pixels.width / 128, pixels.height / 128]
                let tiles = grid == [1, 1] ? 1 : grid[0] * grid[1] + 1
                return AnswerOutcome.Image(
                    reference: name, digest: FNV1a.digits(pixels.pixels.span.bytes), width: pixels.width,
                    height: pixels.height, grid: grid, tiles: tiles, tokens: 16 * tiles)
            }
            let right = item.answers[0]
            for run in 0..<2 {
                let isRight = run == 0 ? index % 6 != 2 : index % 4 != 1
                var outcome = outcome(
                    isRight ? right : right + " or so", answers: item.answers, prompt: item.text, images: images)
                if run == 1, index == 3 { outcome.reply = hostile }
                if run == 1, index == 5 {
                    (outcome.reply, outcome.verdict) = (nil, nil)
                    outcome.error = .init(.endpoint, "status 500 <b>", status: 500)
                }
                if run == 1, index == 7 { outcome.finishReason = "length" }
                runs[run].append(ResultLine(item.facts, outcome))
            }
        }
        let paths = ["bf16.jsonl", "fp4.jsonl"].map(scratch.path)
        for (run, precision) in ["bf16", "w4a4"].enumerated() {
            try write(header(benchmark.settings, precision), runs[run], to: paths[run])
        }
        return paths
    }

    /// A run over a table of two DocVQA questions about one image, which lies beside it.
    static func table(in scratch: Scratch) throws -> (run: String, data: URL) {
        let folder = scratch.url.appending(path: "docvqa")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let image = Goldens.fixtures.appending(path: "images/gray.png")
        try FileManager.default.copyItem(at: image, to: folder.appending(path: "page.png"))
        let rows = [
            #"{"questionId": "q1", "question": "Which <b>?", "image": "page.png", "answers": ["one"]}"#,
            #"{"questionId": "q2", "question": "Which?", "image": "page.png", "answers": ["two", "2"]}"#,
        ]
        let data = folder.appending(path: "docvqa.jsonl")
        try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: data)
        let benchmark = try TableBenchmark(.docvqa, profile: .vlmevalkit, table: DataSource.table(data))
        var lines: [ResultLine<AnswerOutcome>] = []
        for index in 0..<2 {
            let item = try benchmark.item(at: index)
            let digest = FNV1a.digits(try Data(contentsOf: image).bytes)
            lines.append(
                ResultLine(
                    item.facts,
                    outcome(
                        "one", answers: item.answers, prompt: item.text,
                        images: [.init(reference: "page.png", digest: digest)], score: index == 0 ? 1 : 0.5)))
        }
        let path = scratch.path("docvqa.jsonl")
        try write(header(benchmark.settings, "w4a4", dataPath: data.path), lines, to: path)
        return (path, data)
    }

    /// Two runs over a question of OCRBench v2 about a box, one about words in places and one about a table. The second
    /// run's table differs in one cell and would do harm as markup.
    static func suite(in scratch: Scratch) throws -> [String] {
        let folder = scratch.url.appending(path: "suite")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Goldens.fixtures.appending(path: "images/gray.png"), to: folder.appending(path: "page.png"))
        let rows = [
            #"{"id": 1, "type": "text grounding en", "question": "Where?", "image_path": "page.png", "answers": ["100", "200", "300", "400"]}"#,
            #"{"id": 2, "type": "text spotting en", "question": "Spot.", "image_path": "page.png", "answers": [], "bbox": [[0, 0, 500, 0, 500, 90, 0, 90]], "content": ["OPEN"]}"#,
            #"{"id": 3, "type": "table parsing en", "question": "As HTML.", "image_path": "page.png", "answers": ["<table><tr><th>Year</th><td>2020</td></tr><tr><td colspan=2>5</td></tr></table>"]}"#,
        ]
        let data = folder.appending(path: "OCRBench_v2.json")
        try Data(("[" + rows.joined(separator: ",") + "]").utf8).write(to: data)
        let replies = [
            [
                "(100, 200, 300, 390)", #"[(0, 0, 490, 90, "OPEN")]"#,
                "<table><tr><th>Year</th><td>2020</td></tr></table>",
            ],
            [
                "[1, 2, 3, 4]", "none",
                "<table><tr><th>Year</th><td onclick=\"document.title='owned'\"><script>1</script><b>2021</b></td></tr></table>",
            ],
        ]
        let benchmark = try TableBenchmark(.ocrbenchV2, profile: .vlmevalkit, table: DataSource.table(data))
        let digest = FNV1a.digits(try Data(contentsOf: folder.appending(path: "page.png")).bytes)
        return try replies.enumerated().map { run, replies in
            var lines: [ResultLine<AnswerOutcome>] = []
            for (index, reply) in replies.enumerated() {
                let item = try benchmark.item(at: index)
                var outcome = outcome(
                    reply, answers: item.answers, prompt: item.text,
                    images: [.init(reference: "page.png", digest: digest)], score: run == 0 ? 0.9 : 0.1)
                outcome.item = item.gold?.text
                lines.append(ResultLine(item.facts, outcome))
            }
            let path = scratch.path("suite-\(run).jsonl")
            try write(header(benchmark.settings, ["bf16", "w4a4"][run], dataPath: data.path), lines, to: path)
            return path
        }
    }

    /// A value that a script of a report hands to its page.
    static func value(_ url: URL, _ name: String) throws -> Any {
        let text = try Data(contentsOf: url)
        let (start, end) = (Data("report.\(name)(".utf8), Data(");\n".utf8))
        guard text.starts(with: start), text.suffix(end.count) == end else { throw CocoaError(.fileReadCorruptFile) }
        return try JSONSerialization.jsonObject(with: text.dropFirst(start.count).dropLast(end.count))
    }
}
