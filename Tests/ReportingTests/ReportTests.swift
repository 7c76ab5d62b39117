import BenchmarkData
import Evaluation
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Reporting

@Suite struct ReportTests {
    private func write(
        _ runs: [String], _ scratch: Scratch, data: URL? = nil, withImages: Bool = true, margin: Double? = nil
    )
        throws -> (folder: URL, warnings: [String])
    {
        let folder = scratch.url.appending(path: "report")
        let writer = ReportWriter(
            version: "test", data: data, withImages: withImages, margin: margin,
            bootstrap: PairedBootstrap(resamples: 200))
        return (folder, try writer.write(runs.map { try ReportRun(reading: $0) }, to: folder))
    }

    private func summary(_ folder: URL) throws -> [String: Any] {
        try #require(Invented.value(folder.appending(path: "data/summary.js"), "summary") as? [String: Any])
    }

    @Test func theSummaryHoldsWhatTheRunsSay() throws {
        let scratch = try Scratch()
        let (folder, warnings) = try write(Invented.documents(60, in: scratch), scratch, margin: 0.01)
        #expect(warnings.isEmpty)
        let summary = try summary(folder)
        let row = try #require((summary["rows"] as? [[String: Any]])?.first)
        let figures = try #require(row["figures"] as? [[String: Any]])
        #expect(row["title"] as? String == "Synthetic documents" && row["card"] == nil)
        #expect(figures.map { $0["count"] as? Int } == [60, 59])
        #expect(figures[0]["mean"] as? Double == 50.0 / 60)
        let benchmark = try #require((summary["benchmarks"] as? [[String: Any]])?.first)
        let runs = try #require(benchmark["runs"] as? [[String: Any]])
        #expect(runs.map { $0["label"] as? String } == ["tiny, bf16", "tiny, w4a4"])
        let second = try #require(runs[1]["summary"] as? [String: Any])
        #expect(second["errors"] as? [String: Int] == ["endpoint": 1] && second["cutReplies"] as? Int == 1)
        let pairs = try #require(benchmark["pairs"] as? [[String: Any]])
        let comparison = try #require(pairs.first?["comparison"] as? [String: Any])
        #expect(comparison["items"] as? Int == 59)
        #expect((comparison["nonInferiority"] as? [String: Any])?["margin"] as? Double == 0.01)
        // An entry for each item: scores that differ are the comparison's flips.
        let entries = try #require(benchmark["entries"] as? [[String: Any]])
        #expect(entries.count == 60)
        let scores = entries.map { ($0["r"] as? [[String: Any]])?.map { $0["s"] as? Double } ?? [] }
        let flips = ["gained", "lost"].compactMap { (comparison[$0] as? [Any])?.count }.reduce(0, +)
        #expect(scores.count { $0[0] != nil && $0[1] != nil && $0[0] != $0[1] } == flips && flips > 10)
        #expect((entries[5]["r"] as? [[String: Any]])?[1]["e"] as? String == "endpoint")
        #expect((entries[7]["r"] as? [[String: Any]])?[1]["c"] as? Int == 1)
    }

    @Test func samplesHaveTheirImagesAndReplies() throws {
        let scratch = try Scratch()
        let (folder, _) = try write(Invented.documents(60, in: scratch), scratch)
        let parts = try ["samples-0-0.js", "samples-0-1.js"].map { name in
            try #require(
                Invented.value(folder.appending(path: "data/\(name)"), "samples") as? [[String: Any]])
        }
        #expect(parts.map(\.count) == [50, 10])
        let benchmark = try SyntheticDocuments(seed: 3, split: .test, levels: 2...2)
        for index in [0, 7, 55] {
            let sample = parts[index / 50][index % 50]
            let item = try benchmark.item(at: index)
            #expect(sample["gold"] as? [String] == item.answers)
            let pictures = try #require(sample["pictures"] as? [[String: Any]])
            #expect(pictures.count == item.images.count)
            for (picture, image) in zip(pictures, item.images) {
                let file = try #require(picture["file"] as? String)
                let data = try Data(contentsOf: folder.appending(path: file))
                guard case .pixels(let pixels, _) = image.source else { continue }
                #expect(try PixelImage(decoding: data.bytes) == pixels)
            }
        }
        let hostile = (parts[0][3]["answers"] as? [[String: Any]])?[1]["reply"] as? String
        #expect(hostile == Invented.hostile)
    }

    @Test func noTextOfARunIsMarkup() throws {
        let scratch = try Scratch()
        let (folder, _) = try write(Invented.documents(8, in: scratch) + [Invented.table(in: scratch).run], scratch)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "data").path) {
            let data = try Data(contentsOf: folder.appending(path: "data/\(name)"))
            #expect(!data.contains(UInt8(ascii: "<")), "\(name)")
        }
        let page = try String(contentsOf: folder.appending(path: "index.html"), encoding: .utf8)
        #expect(page.contains("default-src 'none'") && !page.contains("unsafe"))
        let script = try String(contentsOf: folder.appending(path: "report.js"), encoding: .utf8)
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc"] {
            #expect(!script.contains(sink))
        }
        // Nothing outside of the folder is asked for; the one address is the name of SVG.
        for name in ["index.html", "report.css", "report.js"] {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            #expect(!text.replacing("http://www.w3.org/2000/svg", with: "").contains("://"), "\(name)")
        }
    }

    @Test func aTableOfDownloadedDataIsShownBesideTheCard() throws {
        let scratch = try Scratch()
        let (run, data) = try Invented.table(in: scratch)
        let (folder, warnings) = try write([run], scratch)
        #expect(warnings.isEmpty)
        let summary = try summary(folder)
        let row = try #require((summary["rows"] as? [[String: Any]])?.first)
        #expect(row["title"] as? String == "DocVQA (val)" && row["profile"] as? String == "vlmevalkit")
        #expect((row["card"] as? [String: Any])?["bf16"] as? Double == 91.2)
        // Both questions are about one image, which is kept once.
        let images = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "images").path)
        #expect(images.count == 1)
        #expect(
            try Data(contentsOf: folder.appending(path: "images/\(images[0])"))
                == Data(contentsOf: Goldens.fixtures.appending(path: "images/gray.png")))

        // Elsewhere, gone, or others: said, and the report is made all the same.
        let moved = scratch.url.appending(path: "moved")
        try FileManager.default.moveItem(at: data.deletingLastPathComponent(), to: moved)
        let (_, gone) = try write([run], Scratch())
        #expect(gone.count == 1 && gone[0].contains("no such file"))
        let (_, found) = try write([run], Scratch(), data: moved.appending(path: "docvqa.jsonl"))
        #expect(found.isEmpty)
        // Other bytes under the same name are not what the model saw.
        let page = moved.appending(path: "page.png")
        try FileManager.default.removeItem(at: page)
        try FileManager.default.copyItem(at: Goldens.fixtures.appending(path: "images/rgba.png"), to: page)
        let other = try Scratch()
        let (replaced, said) = try write([run], other, data: moved.appending(path: "docvqa.jsonl"))
        #expect(said.count == 1 && said[0].contains("others than those of the run"), "\(said)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: replaced.appending(path: "images").path).isEmpty)
        try Data(
            "{\"questionId\": \"q1\", \"question\": \"Other?\", \"image\": \"page.png\", \"answers\": [\"one\"]}\n".utf8
        )
        .write(to: moved.appending(path: "docvqa.jsonl"))
        let (_, foreign) = try write([run], Scratch(), data: moved.appending(path: "docvqa.jsonl"))
        #expect(foreign.count == 1 && foreign[0].contains("others than those of the run"))
    }

    @Test func boxesAndTablesAreHandedToThePage() throws {
        let scratch = try Scratch()
        let (folder, warnings) = try write(Invented.suite(in: scratch), scratch)
        #expect(warnings.isEmpty)
        let samples = try #require(
            Invented.value(folder.appending(path: "data/samples-0-0.js"), "samples") as? [[String: Any]])
        func boxes(_ holder: [String: Any]?) -> [[Double]] {
            let boxes = (holder?["exhibit"] as? [String: Any])?["boxes"] as? [[String: Any]] ?? []
            return boxes.map { box in ["left", "top", "right", "bottom"].compactMap { box[$0] as? Double } }
        }
        func table(_ holder: [String: Any]?) -> [[String]] {
            let table = (holder?["exhibit"] as? [String: Any])?["table"] as? [String: Any]
            let rows = table?["rows"] as? [[[String: Any]]] ?? []
            return rows.map { $0.compactMap { $0["text"] as? String } }
        }
        let answers = samples.map { $0["answers"] as? [[String: Any]] ?? [] }
        #expect(boxes(samples[0]) == [[100, 200, 300, 400]])
        #expect(boxes(answers[0][0]) == [[100, 200, 300, 390]] && boxes(answers[0][1]) == [[1, 2, 3, 4]])
        #expect(boxes(samples[1]) == [[0, 0, 500, 90]] && boxes(answers[1][0]) == [[0, 0, 490, 90]])
        #expect(boxes(answers[1][1]).isEmpty, "a reply without boxes")
        #expect(table(samples[2]) == [["Year", "2020"], ["5"]])
        #expect(table(answers[2][0]) == [["Year", "2020"]] && table(answers[2][1]) == [["Year", "12021"]])
    }

    @Test func anOlderReportLeavesNothingBehind() throws {
        let scratch = try Scratch()
        let (folder, _) = try write(Invented.documents(60, in: scratch), scratch)
        let names = { (part: String) in
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: part).path))
        }
        #expect(try names("images").count > 60 && names("data").contains("samples-0-1.js"))
        // What a report did not write stays, whatever the list says.
        for name in ["data/notes.js", "images/mine.png", "../kept.js"] {
            try Data("x".utf8).write(to: folder.appending(path: name))
        }
        let list = folder.appending(path: "data/files.txt")
        try (Data(contentsOf: list) + Data("../kept.js\ndata/notes.js\nimages/../../kept.js\nimages/mi".utf8))
            .write(to: list)
        let (_, warnings) = try write([Invented.table(in: scratch).run], scratch)
        #expect(warnings.isEmpty)
        #expect(try names("data") == ["files.txt", "notes.js", "samples-0-0.js", "summary.js"])
        #expect(try names("images").count == 2 && names("images").contains("mine.png"))
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "../kept.js").path))
        #expect(try names("") == ["data", "images", "index.html", "report.css", "report.js"])
    }

    @Test func whatIsNoRunIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path("x.jsonl")
        try Data("{\"kind\": \"fidelity\"}\n".utf8).write(to: URL(filePath: path))
        #expect(throws: EvaluationError.self) { _ = try ReportRun(reading: path) }
        #expect(throws: EvaluationError.self) { _ = try ReportRun(reading: scratch.path("none.jsonl")) }
    }

    /// The figure of OCRBench v2 is a mean of means: a small group weighs as much as a large one.
    @Test func macroAveragesWeighGroupsAlike() {
        func headline(_ groups: [[Double]], _ resamples: Int) -> Headline {
            var next = 0
            let clusters = groups.map { group in
                defer { next += group.count }
                return Clusters(members: group.indices.map { [next + $0] })
            }
            return Headline(
                groups.flatMap { $0 }, groups: clusters, bootstrap: PairedBootstrap(resamples: resamples))
        }
        let groups = [[Double](repeating: 1, count: 90), [Double](repeating: 0, count: 10), [0.5, 0.5]]
        let figure = headline(groups, 100)
        #expect(abs((figure.mean ?? 0) - 0.5) < 1e-12 && figure.count == 102)
        // Groups without spread have none together.
        #expect(
            figure.lower.map { abs($0 - 0.5) < 1e-12 } == true && figure.upper.map { abs($0 - 0.5) < 1e-12 } == true)
        let spread = headline([[0, 1, 0, 1, 1, 0, 1, 1, 0, 1]], 500)
        #expect((spread.lower ?? 1) < 0.5 && (spread.upper ?? 0) > 0.75)
        #expect(headline([[0, 1, 0, 1]], 500).lower == nil, "too few for an interval")
        #expect(headline([[], []], 100).mean == nil)
    }

    @Test func aFigureOfARunWithManyErrorsIsWithheld() throws {
        let scratch = try Scratch()
        let (folder, _) = try write(Invented.documents(12, in: scratch), scratch, withImages: false)
        let row = try #require((try summary(folder)["rows"] as? [[String: Any]])?.first)
        let figures = try #require(row["figures"] as? [[String: Any]])
        #expect(figures[0]["mean"] != nil && figures[0]["withheld"] == nil)
        #expect(figures[1]["mean"] == nil)
        #expect(figures[1]["withheld"] as? String == "1 of 12 without a score: not to be quoted")
    }

    /// Opens the report from the disk in a browser: filters, a sample, hostile texts, a phone's width, the keyboard.
    @Test(.enabled(if: Installed.program("chromedriver") != nil, "needs chromedriver (Scripts/test.sh installs one)"))
    func theReportWorksInABrowser() throws {
        let scratch = try Scratch()
        let runs =
            try Invented.documents(60, in: scratch) + [Invented.table(in: scratch).run] + Invented.suite(in: scratch)
        let (folder, _) = try write(runs, scratch, margin: 0.01)
        let script = Goldens.fixtures.appending(path: "clients/report.py").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["timeout", "240", "python3", script, folder.appending(path: "index.html").absoluteString]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && text.hasSuffix("OK\n"), "\(text)")
    }
}
