// Tests of the generator: determinism, validity over many seeds, held-out looks, answers against the drawn data.

import Documents
import Foundation
import Testing

struct DocumentGeneratorTests {
    private static let seeds: Range<UInt64> = 0..<200

    @Test func sameSeedSameBytes() throws {
        let first = try DocumentGenerator(seed: 7, split: .train, level: 3)
        let again = try DocumentGenerator(seed: 7, split: .train, level: 3)
        let other = try DocumentGenerator(seed: 8, split: .train, level: 3)
        for family in Family.allCases {
            let sample = try first.sample(at: 5, family: family)
            _ = try again.sample(at: 4)
            #expect(try again.sample(at: 5, family: family).images == sample.images)
            #expect(try other.sample(at: 5, family: family).images != sample.images)
            #expect(try first.sample(at: 6, family: family).images != sample.images)
        }
    }

    @Test(arguments: Family.allCases) func everySampleIsValid(_ family: Family) throws {
        for (split, level) in [(Split.train, 0), (.train, 2), (.train, 4), (.validation, 3), (.test, 1), (.test, 4)] {
            let generator = try DocumentGenerator(seed: 11, split: split, level: level)
            for index in Self.seeds where split == .train || index < 60 {
                let sample = try generator.sample(at: index, family: family)
                #expect(!sample.answer.isEmpty && !sample.question.isEmpty)
                #expect((1...12).contains(sample.tiles))
                #expect(family == .video ? (2...8).contains(sample.images.count) : sample.images.count == 1)
                #expect(family == .video || sample.tiles <= DocumentGenerator.tilesByLevel[level])
                for (image, texts) in zip(sample.images, sample.texts) {
                    #expect(image.width % 128 == 0 && image.height % 128 == 0)
                    #expect(image.pixels.count == image.width * image.height * 3)
                    for (number, text) in texts.enumerated() {
                        let box = text.box
                        #expect(box.x >= 0 && box.y >= 0 && text.size >= 7)
                        #expect(box.x + box.width <= Double(image.width) && box.y + box.height <= Double(image.height))
                        #expect(!texts[..<number].contains { $0.box.overlaps(box) }, "\(text.string) is covered")
                    }
                }
                let drawn = sample.texts.joined().map(\.string).joined(separator: " ")
                let isOffPage = ["colour", "shape", "count", "choice", "direction"].contains(sample.kind)
                #expect(isOffPage || drawn.contains(sample.answer), "\(sample.answer) is not drawn: \(drawn)")
                if sample.kind == "choice" { #expect(sample.question.contains("\n\(sample.answer). ")) }
                #expect(Looks.layouts(of: family, split).contains(sample.layout))
                #expect(Looks.fonts(of: split).contains { $0.name == sample.font })
            }
        }
    }

    @Test func threadsTakeTurnsToDraw() async throws {
        let generator = try DocumentGenerator(seed: 9, split: .train, level: 2)
        let alone = try (0..<24 as Range<UInt64>).map { try generator.sample(at: $0).images }
        let together = try await withThrowingTaskGroup(of: (Int, [Picture]).self) { group in
            for index in alone.indices { group.addTask { (index, try generator.sample(at: UInt64(index)).images) } }
            var images = alone.map { _ in [Picture]() }
            for try await (index, pictures) in group { images[index] = pictures }
            return images
        }
        #expect(together == alone)
    }

    @Test func textsLeaveInkOnThePage() throws {
        let generator = try DocumentGenerator(seed: 3, split: .train, level: 0)
        for index in 0..<50 as Range<UInt64> {
            let sample = try generator.sample(at: index, family: .lines)
            let (image, box) = (sample.images[0], try #require(sample.texts[0].first).box)
            var lumas: (low: Int, high: Int) = (255, 0)
            for y in Int(box.y)..<Int(box.y + box.height) {
                for x in Int(box.x)..<Int(box.x + box.width) {
                    let value = Int(image.pixels[(y * image.width + x) * 3 + 1])
                    lumas = (min(lumas.low, value), max(lumas.high, value))
                }
            }
            #expect(lumas.high - lumas.low > 100, "\(sample.answer) cannot be seen")
        }
    }

    @Test func splitsShareNeitherFontsNorLayouts() throws {
        #expect(Set(Looks.fonts.map(\.name)).count == Looks.fonts.count)
        #expect(
            Set(Looks.layouts.map(\.layout)) == Set(Layout.allCases) && Looks.layouts.count == Layout.allCases.count)
        for split in Split.allCases {
            #expect(!Looks.fonts(of: split).isEmpty)
            for family in Family.allCases { #expect(!Looks.layouts(of: family, split).isEmpty) }
        }
        let train = try DocumentGenerator(seed: 1, split: .train, level: 1)
        let test = try DocumentGenerator(seed: 1, split: .test, level: 1, looks: .train)
        let sample = try test.sample(at: 0, family: .form)
        #expect(Looks.layouts(of: .form, .train).contains(sample.layout))
        #expect(try train.sample(at: 0, family: .form).images != sample.images)
    }

    /// Further questions differ from the document's own.
    @Test(arguments: Family.allCases) func furtherQuestionsAgreeWithTheFirst(_ family: Family) throws {
        let generator = try DocumentGenerator(seed: 5, split: .train, level: 2)
        var found = 0
        for index in 0..<20 as Range<UInt64> {
            let sample = try generator.sample(at: index, family: family)
            #expect(!sample.further.contains { $0.question == sample.question })
            found += sample.further.count
            let texts = sample.texts.flatMap { $0.map(\.string) }.joined(separator: " ")
            for exchange in sample.further {
                #expect(!exchange.answer.isEmpty)
                let isInferred = ["color", " red", "red ", "How many", "the letter", "shape", "Which way"]
                    .contains { exchange.question.contains($0) }
                let isDrawn = exchange.answer.split { " ,".contains($0) }.allSatisfy { texts.contains($0) }
                #expect(isDrawn || isInferred, "\(exchange)")
            }
            // What is asked twice has one answer; options are part of a question.
            var answers = [sample.question: sample.answer]
            for exchange in sample.further {
                #expect(
                    answers.updateValue(exchange.answer, forKey: exchange.question) ?? exchange.answer
                        == exchange.answer)
            }
        }
        #expect(found >= 20)
    }

    @Test func totalsAddUpAndExtremesAreRight() throws {
        var kinds: Set<String> = []
        for split in Split.allCases {
            let generator = try DocumentGenerator(seed: 2, split: split, level: 2)
            for index in Self.seeds {
                for family in [Family.receipt, .chart] {
                    let sample = try generator.sample(at: index, family: family)
                    let drawn = sample.texts[0].map(\.string)
                    #expect(sample.figures.allSatisfy { drawn.contains($0.text) && drawn.contains($0.label) })
                    let named = sample.figures.filter { sample.question.contains(" \($0.label)?") }
                    let sorted = sample.figures.sorted { $0.value < $1.value }
                    switch sample.kind {
                    case "total":
                        let total = sample.figures.reduce(0) { $0 + $1.value }
                        #expect(sample.answer == String(format: "%d.%02d", total / 100, total % 100))
                    case "value": #expect(named.map(\.text) == [sample.answer])
                    case "argmax": #expect(sorted.last?.label == sample.answer)
                    case "argmin": #expect(sorted.first?.label == sample.answer)
                    default: #expect(drawn.contains(sample.answer))
                    }
                    kinds.insert(sample.kind)
                }
            }
        }
        #expect(kinds == ["total", "cell", "value", "argmax", "argmin"])
    }

    @Test func badOptionsAreRefused() throws {
        #expect(throws: DocumentsError.badOption(name: "level", found: "5", expected: "0 to 4")) {
            try DocumentGenerator(seed: 0, split: .train, level: 5)
        }
        #expect(throws: DocumentsError.self) { try DocumentGenerator(seed: 0, split: .train, level: 1, tileSize: 0) }
        #expect(throws: DocumentsError.self) {
            try DocumentGenerator(seed: 0, split: .train, level: 1, maximumTiles: 13)
        }
    }

    @Test func missingFontsNameTheirPackages() {
        #expect(!InstalledFonts.contains("No Such Family"))
        #expect(throws: DocumentsError.missingFonts(families: ["Roboto"], packages: ["fonts-roboto-unhinted"])) {
            try Looks.check(.train) { $0 != "Roboto" }
        }
    }

    @Test func aFolderIsWrittenWholeOrNotNamed() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let generator = try DocumentGenerator(seed: 4, split: .train, level: 1)
        let families = try DocumentFolder(creating: folder.path).write(12, of: generator, family: nil) { _ in }
        #expect(families.values.reduce(0, +) == 12)
        let lines = try String(contentsOf: folder.appending(path: DocumentFolder.listName), encoding: .utf8)
            .split(separator: "\n")
        #expect(lines.count == 12)
        for line in lines {
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            for name in try #require(object["images"] as? [String]) {
                let bytes = try Data(contentsOf: folder.appending(path: name))
                #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
            }
        }
        #expect(throws: DocumentsError.folderNotEmpty(path: folder.path)) { try DocumentFolder(creating: folder.path) }
        #expect(throws: DocumentsError.self) {
            try DocumentFolder(creating: folder.appending(path: "000000.png/inside").path)
        }
    }
}
