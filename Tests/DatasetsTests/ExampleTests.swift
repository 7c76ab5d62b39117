import Checkpoint
import Datasets
import Documents
import Foundation
import Imaging
import Monocle
import Prompting
import TestSupport
import Testing
import Tokenization
import Training

/// Laying out examples, with the model that ships.
struct ExampleTests {
    private func folder() throws -> CheckpointFolder { try CheckpointFolder(at: try #require(EmbeddedModel.url)) }

    private let picture = PixelImage(width: 200, height: 130, pixels: [UInt8](repeating: 200, count: 200 * 130 * 3))

    /// The prompt is the one that `ask` lays out, and the answer with its end follows it.
    @Test func anExampleIsAPromptAndItsAnswer() throws {
        let folder = try folder()
        let builder = try ExampleBuilder(for: folder)
        let example = try builder.example(images: [picture], [("What is the total?", "83.60")])
        let model = try VisionLanguageModel(folder: folder, options: LoadOptions(threads: 1, context: 2048))
        let request = try model.prepare(
            Inquiry(
                .question("What is the total?", system: nil),
                sources: [Inquiry.Source(.pixels(picture, name: "picture"), detail: .auto)])
        ).request
        let end = try #require(builder.tokenizer.id(ofAdded: Spelling.endOfTurn))
        let answer = builder.tokenizer.encode("83.60", controlTokens: false)
        #expect(example.ids == request.prompt + answer)
        #expect(example.targets.compactMap(\.self) == answer + [end])
        #expect(example.targets.prefix { $0 == nil }.count == request.prompt.count - 1)
        #expect(example.imageRows == request.images.flatMap(\.rows))
        #expect(
            example.pixels == request.images.flatMap(\.content.pixels) && example.tiles * 64 == example.imageRows.count)
    }

    @Test func everyAnswerOfAConversationCounts() throws {
        let builder = try ExampleBuilder(for: try folder())
        let conversation = Conversation([
            Message(.user, [.image(0), .text("Read the text.")]), Message(.assistant, [.text("milk")]),
            Message(.user, [.text("And the second line?")]), Message(.assistant, [.text("bread")]),
        ])
        let example = try builder.example(images: [picture], conversation)
        let end = try #require(builder.tokenizer.id(ofAdded: Spelling.endOfTurn))
        let answers = ["milk", "bread"].flatMap { builder.tokenizer.encode($0, controlTokens: false) + [end] }
        #expect(example.targets.compactMap(\.self) == answers)
        // A target is the token that stands in the next row, where there is one.
        for row in example.ids.indices.dropLast() {
            if let target = example.targets[row] { #expect(target == example.ids[row + 1]) }
        }
        let all = try ExampleBuilder(for: try folder(), mask: .none).example(images: [picture], conversation)
        #expect(all.targets.count { $0 != nil } == example.ids.count - example.imageRows.count)
        #expect(throws: DatasetError.self) {
            try builder.example(images: [], Conversation([Message(.user, [.text("Hello")])]))
        }
    }

    @Test func framesComeBackAsTheyWereWritten() throws {
        let example = Batch.Example(
            ids: [1, 2, 3], targets: [nil, 5, nil], tiles: 1, pixels: [9, 8, 7], imageRows: [0, 2])
        let bytes = ExampleFrame.bytes(of: LabelledExample(example: example, group: "form"))
        let (header, body) = (
            Array(bytes.prefix(ExampleFrame.headerBytes)), Array(bytes.dropFirst(ExampleFrame.headerBytes))
        )
        let read = try ExampleFrame.example(header: header, body: body)
        #expect(read.group == "form" && read.example.ids == example.ids && read.example.targets == example.targets)
        #expect(read.example.pixels == example.pixels && read.example.imageRows == example.imageRows)
        #expect(throws: DatasetError.self) { try ExampleFrame.example(header: header, body: Array(body.dropLast())) }
        #expect(throws: DatasetError.self) { try ExampleFrame.bodyBytes(header: Array(repeating: 0, count: 24)) }
    }

    @Test func syntheticExamplesBeginWithLinesAndGrow() throws {
        let examples = try SyntheticExamples(
            seed: 3, split: .train, topLevel: 4, primer: 6, ramp: 50, tileSize: 128,
            builder: try ExampleBuilder(for: try folder()))
        for index in 0..<6 as Range<UInt64> { #expect(try examples.example(at: index).group == "lines") }
        // The first fifth of the ramp is level 0: one tile, or one for each frame.
        for index in 6..<16 as Range<UInt64> {
            let drawn = try examples.example(at: index)
            #expect(drawn.example.tiles == 1 || drawn.group == "video")
        }
        let later = try (200..<240 as Range<UInt64>).map { try examples.example(at: $0).example.tiles }
        #expect(try #require(later.max()) > 4)
    }

    @Test func furtherQuestionsFollowTheDocumentsOwn() throws {
        let builder = try ExampleBuilder(for: try folder())
        let mix = try #require(FamilyMix("chart=3,diagram"))
        func example(_ index: UInt64, turns: Int) throws -> LabelledExample {
            try SyntheticExamples(
                seed: 3, split: .train, topLevel: 0, turns: turns, mix: mix, tileSize: 128, builder: builder
            ).example(at: index)
        }
        let end = try #require(builder.tokenizer.id(ofAdded: Spelling.endOfTurn))
        var charts = 0
        for index in 0..<24 as Range<UInt64> {
            let (one, four) = (try example(index, turns: 1), try example(index, turns: 4))
            #expect(one.group == four.group && ["chart", "diagram"].contains(one.group))
            charts += one.group == "chart" ? 1 : 0
            #expect(one.example.pixels == four.example.pixels)
            #expect(four.example.ids.starts(with: one.example.ids))
            #expect(four.example.targets.compactMap(\.self).starts(with: one.example.targets.compactMap(\.self)))
            #expect(one.example.targets.count { $0 == end } == 1 && four.example.targets.count { $0 == end } == 4)
            // The most wanted of the further answers comes last.
            let sample = try DocumentGenerator(seed: 3, split: .train, level: 0)
                .sample(at: index, family: try #require(Family(rawValue: one.group)))
            let last = builder.tokenizer.encode(try #require(sample.further.first).answer, controlTokens: false)
            #expect(Array(four.example.targets.compactMap(\.self).suffix(last.count + 1)) == last + [end])
        }
        #expect(12...23 ~= charts)
        #expect(throws: DocumentsError.self) { try example(0, turns: 0) }
    }

    @Test func mixesAreReadStrictly() {
        #expect(FamilyMix("chart=3,lines")?.description == "chart=3,lines=1")
        #expect(FamilyMix("till=2,chart") != nil)
        #expect(FamilyMix().description == Family.standard.map { "\($0.rawValue)=1" }.joined(separator: ","))
        for text in ["", "chart=0", "chart=101", "chart=-1", "chart=x", "charts", "chart,chart=2", "chart,,lines", ","]
        {
            #expect(FamilyMix(text) == nil, "\(text)")
        }
    }

    @Test func batchesContinueWhereTheyStopped() throws {
        let make: @Sendable (UInt64) throws -> LabelledExample = { index in
            let tiles = Int(index * 7 % 5) + 1
            return LabelledExample(
                example: Batch.Example(
                    ids: [Int32(index)], targets: [Int32(index)], tiles: tiles,
                    pixels: Array(repeating: 0, count: tiles)), group: "")
        }
        let whole = PackedBatches(from: 0, tiles: 8, example: make)
        var seen: [[Int32]] = []
        var positions: [UInt64] = []
        for _ in 0..<6 {
            let batch = try whole.next()
            #expect(batch.tiles <= 8)
            seen.append(batch.targets)
            positions.append(whole.position)
        }
        #expect(seen.flatMap { $0 } == (0..<Int32(positions[5])).map { $0 })
        let resumed = PackedBatches(from: positions[2], tiles: 8, example: make)
        for index in 3..<6 { #expect(try resumed.next().targets == seen[index]) }
        let broken = PackedBatches(from: 0, tiles: 8) { _ in throw DatasetError.example("x", reason: "gone") }
        #expect(throws: DatasetError.example("x", reason: "gone")) { try broken.next() }
    }

    @Test func aFoldersExamplesComeOnceAPass() throws {
        let temporary = try TemporaryFolder()
        let lines = (0..<11).map { "{\"question\": \"Which?\", \"answer\": \"\($0)\"}" }.joined(separator: "\n")
        try Data(lines.utf8).write(to: temporary.url.appending(path: "a.jsonl"))
        let builder = try ExampleBuilder(for: try folder())
        let examples = try FolderExamples(temporary.url, seed: 5, builder: builder)
        func pass(_ number: UInt64) throws -> [[Int32]] {
            try (0..<11).map { try examples.example(at: number * 11 + $0).example.targets.compactMap(\.self) }
        }
        let (first, second) = (try pass(0), try pass(1))
        #expect(Set(first).count == 11 && Set(first) == Set(second) && first != second)
    }

    @Test(arguments: [
        ("{\"question\": \"a\"}", "no answer at the end"), ("{\"answer\": \"a\"}", "neither question nor messages"),
        ("[1", "a.jsonl, line 2"),
        ("{\"images\": [1], \"question\": \"a\", \"answer\": \"b\"}", "an image that is not text"),
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "no answer at the end"),
        ("{\"messages\": [{\"role\": \"robot\", \"content\": \"a\"}]}", "a message without role or text"),
    ])
    func brokenLinesAreNamed(line: String, message: String) throws {
        let temporary = try TemporaryFolder()
        let good = "{\"question\": \"Which?\", \"answer\": \"this\"}\n"
        try Data((good + line).utf8).write(to: temporary.url.appending(path: "a.jsonl"))
        let builder = try ExampleBuilder(for: try folder())
        do {
            _ = try FolderExamples(temporary.url, seed: 5, builder: builder)
            Issue.record("expected an error")
        } catch {
            #expect("\(error)".contains(message) && "\(error)".contains("line 2"), "\(error)")
        }
    }

    @Test func missingImagesAndEmptyFoldersAreNamed() throws {
        let temporary = try TemporaryFolder()
        let builder = try ExampleBuilder(for: try folder())
        #expect(throws: DatasetError.self) { try FolderExamples(temporary.url, seed: 0, builder: builder) }
        try Data("{\"image\": \"gone.png\", \"question\": \"a\", \"answer\": \"b\"}".utf8)
            .write(to: temporary.url.appending(path: "a.jsonl"))
        let examples = try FolderExamples(temporary.url, seed: 0, builder: builder)
        do {
            _ = try examples.example(at: 0)
            Issue.record("expected an error")
        } catch {
            #expect("\(error)".contains("gone.png") && "\(error)".contains("a.jsonl, line 1"), "\(error)")
        }
    }
}
