import BenchmarkData
import Foundation
import Imaging
import Scoring
import TestSupport
import Testing

/// Rows as each source has them, invented; what becomes of them must not depend on the source.
struct BenchmarkTests {
    private let place: TemporaryFolder
    /// Not an image to a decoder, but to a table: more than the 64 bytes of a reference.
    private let image = Data((0..<80).map { UInt8($0) })

    init() throws {
        place = try TemporaryFolder()
        for folder in ["images", "png", "questions"] {
            try FileManager.default.createDirectory(
                at: place.url.appending(path: folder), withIntermediateDirectories: true)
        }
        for name in ["a.png", "images/1.png", "png/c.png"] { try image.write(to: place.url.appending(path: name)) }
    }

    private func file(_ name: String, _ text: String) throws -> URL {
        let url = place.url.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url
    }

    private func item(
        _ benchmark: BenchmarkName, _ url: URL, at index: Int = 0, profile: Profile = .vlmevalkit2025
    ) throws -> BenchmarkItem {
        try TableBenchmark(benchmark, profile: profile, table: DataSource.table(url)).item(at: index)
    }

    private func tsv(_ name: String, _ columns: [String], _ cells: [String]) throws -> URL {
        try file(
            name,
            (columns + ["image"]).joined(separator: "\t") + "\n"
                + (cells + [image.base64EncodedString()]).joined(separator: "\t") + "\n")
    }

    @Test func documentsFromEverySource() throws {
        let urls = [
            try tsv("d.tsv", ["index", "question", "answer"], ["7", "Total?", "['3', '3.0']"]),
            try file(
                "val_v1.0_withQT.json",
                #"{"data": [{"questionId": 7, "question": "Total?", "answers": ["3", "3.0"], "image": "a.png"}]}"#),
            try file(
                "lmms.jsonl", #"{"questionId": "7", "question": "Total?", "answers": ["3", "3.0"], "image": "a.png"}"#),
        ]
        for url in urls {
            let item = try item(.docvqa, url)
            #expect(item.facts.id == "7" && item.answers == ["3", "3.0"])
            #expect(item.gold?.answers == ["3", "3.0"])
            #expect(
                item.prompt == [
                    .image(0), .text("Total?\nAnswer the question using a single word or phrase."),
                ])
            guard case .data(let data, _) = try #require(item.images.first).source else {
                Issue.record("\(url.lastPathComponent): no bytes")
                continue
            }
            #expect(data == image)
        }
    }

    @Test func choicesFromEverySource() throws {
        _ = try file(
            "questions/1.png.json",
            #"""
            {"questions": {"Where?": {"answerTexts": ["up", "down"], "correctAnswer": 1, "questionId": "1.png-0"}}}
            """#)
        let urls = [
            try tsv(
                "a.tsv", ["index", "question", "A", "B", "answer", "category"], ["1", "Where?", "up", "down", "B", "x"]),
            try file(
                "lmms.jsonl", #"{"question": "Where?", "options": ["up", "down"], "answer": "1", "image": "a.png"}"#),
            place.url,
        ]
        for (number, url) in urls.enumerated() {
            let item = try item(.ai2d, url)
            #expect(item.answers == ["B. down"] && item.gold?.gold == .text("B"), "\(number)")
            #expect(item.text.hasPrefix("Question: Where?\nOptions:\nA. up\nB. down\nPlease"), "\(number)")
            #expect(item.gold?.options.map(\.letter) == ["A", "B"])
        }
        _ = try file("ai2d_test_ids.csv", "2\n3\n")
        #expect(throws: BenchmarkDataError.self, "no image is of the test") { try item(.ai2d, place.url) }
    }

    @Test func chartsOfBothHalves() throws {
        let folder = place.url.appending(path: "test")
        try FileManager.default.createDirectory(at: folder.appending(path: "png"), withIntermediateDirectories: true)
        try image.write(to: folder.appending(path: "png/c.png"))
        for (half, label) in [("human", "2019"), ("augmented", "7.5")] {
            try Data(#"[{"imgname": "c.png", "query": "Which?", "label": "\#(label)"}]"#.utf8)
                .write(to: folder.appending(path: "test_\(half).json"))
        }
        let benchmark = try TableBenchmark(.chartqa, profile: .lmmsEval, table: DataSource.table(folder))
        #expect(benchmark.count == 2)
        let items = try (0..<2).map { try benchmark.item(at: $0) }
        #expect(Set(items.map { $0.facts.groups["split"] }) == ["test_human", "test_augmented"])
        #expect(Set(items.map { $0.gold?.gold }) == [.text("2019"), .text("7.5")])
        let hub = try item(
            .chartqa,
            try file("h.jsonl", #"{"type": "human_test", "question": "Which?", "answer": 7, "image": "a.png"}"#))
        #expect(hub.gold?.gold == .text("7") && hub.facts.groups["split"] == "human_test")
    }

    @Test func onlyTheValidationQuestionsOfMMMU() throws {
        let encoded = image.base64EncodedString()
        let url = try file(
            "m.tsv",
            [
                "index\tquestion\tA\tB\tanswer\tcategory\tsplit\timage", "1\tq\ta\tb\tA\tMath\tdev\t\(encoded)",
                "2\t<image 1> or <image 2>?\ta\tb\tB\tArt\tvalidation\t['\(encoded)', '\(encoded)']",
                "3\tHow many?\t\t\t12\tMath\tvalidation\t\(encoded)",
            ].joined(separator: "\n"))
        let benchmark = try TableBenchmark(.mmmu, profile: .vlmevalkit, table: DataSource.table(url))
        #expect(benchmark.count == 2)
        let choice = try benchmark.item(at: 0)
        #expect(choice.facts.id == "2" && choice.images.count == 2 && choice.prompt[0] == .text("Question: "))
        let open = try benchmark.item(at: 1)
        #expect(open.answers == ["12"] && open.gold?.options.isEmpty == true)
        #expect(open.prompt == [.image(0), .text("Question: How many?\n")])
        let hub = try item(
            .mmmu,
            try file(
                "hub.jsonl",
                #"{"id": "validation_Art_Theory_3", "question": "<image 1>?", "options": "['x', 'y']", "answer": "B", "image_1": "a.png", "image_2": null}"#
            ), profile: .official)
        #expect(hub.facts.groups["category"] == "Art_Theory" && hub.images.count == 1)
        #expect(
            hub.text == "<image 1>?\n(A) x\n(B) y\n\nAnswer with the option's letter from the given choices directly.")
    }

    @Test func recognitionTasks() throws {
        let original = try item(
            .ocrbench,
            try file(
                "OCRBench.json",
                #"[{"dataset_name": "HME100k", "id": 5, "image_path": "a.png", "question": "Read", "answers": "x", "type": "Handwritten Mathematical Expression Recognition"}]"#
            ))
        #expect(original.gold?.dataset == "HME100k" && original.answers == ["x"])
        #expect(original.gold?.category.hasPrefix("Handwritten Math") == true)
        let table = try item(
            .ocrbench,
            try tsv("o.tsv", ["index", "question", "answer", "category"], ["1", "Read", "['a', 'b']", "Regular Text"]))
        #expect(table.answers == ["a", "b"])
    }

    @Test func suiteKeepsOrderAndSentinels() throws {
        let url = try file(
            "OCRBench_v2.json",
            #"""
            [{"type": "chart parsing en", "id": 1, "dataset_name": "d", "question": "Chart", "image_path": "a.png",
              "answers": [{"2019": "1", "2018": "2"}], "eval": "None"},
             {"type": "text spotting en", "id": 2, "dataset_name": "d", "question": "Spot", "image_path": "a.png",
              "answers": [], "bbox": [[1, 2, 3, 4, 5, 6, 7, 8]], "content": ["OPEN"]}]
            """#)
        let chart = try item(.ocrbenchV2, url)
        let pairs = try #require(chart.gold?.gold.elements?[0].dictionary?.pairs)
        #expect(pairs.map(\.key.str.text) == ["2019", "2018"])
        #expect(chart.gold?.evaluation == nil)
        #expect(chart.facts.groups["category"] == "chart parsing en" && chart.facts.groups["language"] == "English")
        #expect(chart.facts.groups["ability"] == "element_parsing")
        let spotting = try item(.ocrbenchV2, url, at: 1)
        #expect(spotting.gold?.boxes?.elements?.count == 1 && spotting.gold?.contents?.elements == [.text("OPEN")])
        let table = try item(
            .ocrbenchV2,
            try tsv(
                "v2.tsv", ["index", "question", "answer", "category", "eval", "bbox", "content"],
                [
                    "3", "Key", #"["{\"b\": \"1\", \"a\": \"2\"}"]"#.replacing("\"", with: "\"\"").quoted,
                    "key information extraction en", "without eval", "without bbox", "without content",
                ]))
        #expect(table.gold?.gold.elements?[0].dictionary?.pairs.map(\.key.str.text) == ["b", "a"])
        #expect(table.gold?.boxes == nil && table.gold?.contents == nil && table.gold?.evaluation == nil)
    }

    @Test func videosNeedFrames() throws {
        let row =
            #"{"question_id": "001-1", "videoID": "v", "duration": "short", "question": "Next?", "options": ["A. Rain.", "B. Snow."], "answer": "A""#
        let url = try file("v.jsonl", row + "}\n" + row + #", "images": ["a.png", "a.png"]}"# + "\n")
        let benchmark = try TableBenchmark(.videomme, profile: .vlmevalkit, table: DataSource.table(url))
        do {
            _ = try benchmark.item(at: 0)
            Issue.record("asked without frames")
        } catch let fault as ItemFault {
            #expect(fault.facts.id == "001-1" && fault.reason.contains("neither frames"))
        }
        let item = try benchmark.item(at: 1)
        #expect(item.images.count == 2 && item.images.allSatisfy { $0.detail == .low && $0.frames == nil })
        #expect(item.facts.cluster == "v" && item.answers == ["A. Rain."])
    }

    @Test func aVideoIsOneImageWithTheFramesOfItsProtocol() throws {
        let row = #"{"video_id": "1", "videoID": "v", "question": "Next?", "options": ["A. Rain."], "answer": "A"}"#
        let url = try file("videos.jsonl", row)
        _ = try file("v.mp4", "not looked at here")
        let cases: [(Profile, FrameSelection)] = [
            (.vlmevalkit2025, .inner(5)), (.vlmevalkit, .inner(5)), (.lmmsEval, .spread(5)), (.official, .spread(5)),
        ]
        for (profile, selection) in cases {
            let benchmark = try TableBenchmark(
                .videomme, profile: profile, table: DataSource.table(url),
                frames: VideoFrames(count: 5, rate: nil, profile: profile))
            let item = try benchmark.item(at: 0)
            #expect(item.images.count == 1 && item.images[0].frames == selection && item.images[0].detail == .low)
            #expect(item.prompt.count { if case .image = $0 { true } else { false } } == 1)
            guard case .file(let video) = item.images[0].source else { Issue.record("no file"); continue }
            #expect(video.lastPathComponent == "v.mp4")
        }
        try FileManager.default.removeItem(at: place.url.appending(path: "v.mp4"))
        let gone = try TableBenchmark(
            .videomme, profile: .official, table: DataSource.table(url),
            frames: VideoFrames(count: 5, rate: 1, profile: .official))
        #expect(throws: ItemFault.self) { try gone.item(at: 0) }
    }

    @Test func brokenRowsAreFaultsOfTheItemAlone() throws {
        let url = try file(
            "b.jsonl",
            [
                "{\"question\": \"q\"}", "not JSON", "[1]", #"{"question": "q", "answers": ["a"], "image": "no.png"}"#,
                #"{"question": "q", "answers": [], "image": "a.png"}"#, #"{"answers": ["a"], "image": "a.png"}"#,
                #"{"question": "q", "answers": ["a"], "image": "a.png"}"#,
            ].joined(separator: "\n"))
        let benchmark = try TableBenchmark(.docvqa, profile: .vlmevalkit, table: DataSource.table(url))
        #expect(benchmark.count == 7)
        for index in 0..<6 {
            do {
                _ = try benchmark.item(at: index)
                Issue.record("row \(index + 1) was read")
            } catch let fault as ItemFault {
                #expect(fault.facts.index == index && fault.reason.hasPrefix("row \(index + 1): "), "\(fault.reason)")
            }
        }
        #expect(try benchmark.item(at: 6).answers == ["a"])
        #expect(throws: BenchmarkDataError.self) { try benchmark.item(at: 7) }
    }

    @Test func aFilterOfSplitsDropsNoBrokenRow() throws {
        let picture = image.base64EncodedString()
        let rows = [
            "index\tsplit\tquestion\tanswer\timage", "1\ttest\tq\ta\t\(picture)", "2\tval\tq\ta\t\(picture)", "3\ttest",
        ]
        let url = try file("s.tsv", rows.joined(separator: "\n") + "\n")
        let benchmark = try TableBenchmark(.docvqa, profile: .vlmevalkit, table: DataSource.table(url))
        #expect(benchmark.count == 2)
        #expect(try benchmark.item(at: 0).facts.id == "2")
        #expect(throws: ItemFault.self) { try benchmark.item(at: 1) }
    }

    /// A run is continued only with the data that it was begun with, to the byte.
    @Test func anotherByteOfAnImageIsOtherData() throws {
        func fingerprint(_ url: URL) throws -> String { try DataSource.table(url).identity.fingerprint }
        var other = image
        other[40] ^= 1
        let table = try tsv("d.tsv", ["index", "question", "answer"], ["7", "Total?", "3"])
        let first = try fingerprint(table)
        let text = try String(contentsOf: table, encoding: .utf8)
        try Data(text.replacing(image.base64EncodedString(), with: other.base64EncodedString()).utf8).write(to: table)
        #expect(try fingerprint(table) != first)

        let beside = [
            try file("p.tsv", "index\tquestion\tanswer\timage_path\n1\tq\ta\ta.png\n2\tq\ta\t['a.png', 'none.png']\n"),
            try file("j.jsonl", #"{"question": "q", "answers": ["a"], "image": "a.png"}"#),
            try file("l.json", #"[{"question": "q", "answers": ["a"], "image_1": "a.png", "image_2": "1.png"}]"#),
        ]
        let before = try beside.map(fingerprint)
        #expect(try beside.map(fingerprint) == before)
        try other.write(to: place.url.appending(path: "a.png"))
        for (url, old) in zip(beside, before) { #expect(try fingerprint(url) != old, "\(url.lastPathComponent)") }
        try FileManager.default.removeItem(at: place.url.appending(path: "a.png"))
        for (url, old) in zip(beside, before) { #expect(try fingerprint(url) != old, "\(url.lastPathComponent)") }

        // Of a video the length is looked at beforehand; its bytes are in the line of each question.
        let clips = try file("v.jsonl", #"{"videoID": "v", "question": "q", "options": ["A. a"], "answer": "A"}"#)
        func settings() throws -> ItemSettings {
            try TableBenchmark(
                .videomme, profile: .official, table: DataSource.table(clips),
                frames: VideoFrames(count: 2, rate: nil, profile: .official)
            ).settings
        }
        let without = try settings()
        _ = try file("v.mp4", "12")
        let short = try settings()
        #expect(short != without)
        _ = try file("v.mp4", "123")
        #expect(try settings() != short)
    }

    @Test func sourcesThatAreNone() throws {
        #expect(throws: BenchmarkDataError.self) { try DataSource.table(place.url.appending(path: "none")) }
        let folder = place.url.appending(path: "hub")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #expect(throws: BenchmarkDataError.self) { try DataSource.table(folder) }
        try Data().write(to: folder.appending(path: "notes.txt"))
        do {
            _ = try DataSource.table(folder)
            Issue.record("read notes")
        } catch {
            #expect("\(error)".contains("notes.txt"))
        }
        try Data().write(to: folder.appending(path: "part-0.parquet"))
        do {
            _ = try DataSource.table(folder)
            Issue.record("read parquet")
        } catch {
            #expect("\(error)".contains("monocle eval convert"))
        }
        do {
            _ = try TableBenchmark(
                .chartqa, profile: .official, table: DataSource.table(try tsv("c.tsv", ["question"], ["q"])))
            Issue.record("the official protocol knows no ChartQA")
        } catch {
            #expect("\(error)".contains("lmms-eval"))
        }
    }

    @Test func goldSurvivesItsText() throws {
        var members = PythonDictionary()
        members[.text("z")] = .list([.text("1"), .integer("2"), .float(0.5), .none, .bool(true)])
        members[.text("a\"\n\u{301}")] = .tuple([.integer("-3")])
        let item = ScoringItem(
            id: "7", question: "e\u{301}\r\n?", gold: .list([.dictionary(members)]),
            options: [.init(letter: "A", text: "x\"y")], category: "c", groups: ["l2-category": "Art"], dataset: "d",
            evaluation: "regression", boxes: .list([.integer("1")]), contents: .list([.text("###")]))
        let copy = try PredictionLine.item(Data(item.text.utf8))
        #expect(copy.text == item.text && copy.options == item.options)
        #expect(copy.question.unicodeScalars.elementsEqual(item.question.unicodeScalars))
        #expect(copy.gold.elements?[0].dictionary?.pairs.map(\.key) == members.pairs.map(\.key))
        #expect(copy.groups == item.groups && copy.evaluation == "regression" && copy.contents == item.contents)
        #expect(!item.text.contains("\n"))
    }
}

extension String {
    fileprivate var quoted: String { "\"" + self + "\"" }
}
