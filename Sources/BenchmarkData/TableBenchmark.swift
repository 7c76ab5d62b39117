// A benchmark read from a table: which rows are its items, and what each becomes under a protocol. Knows no file format.

package import Foundation
import Imaging
package import Scoring

/// What a benchmark's rows mean. One file under `Benchmarks/` for each.
protocol RowReader: Sendable {
    /// Whether the row of this split is an item; an empty split is of a table that has none.
    func takes(split: String) -> Bool

    /// - Throws: what is wrong with the row, without its number.
    func read(_ row: TableRow) throws(PromptFault) -> RowReading
}

extension RowReader {
    func takes(split: String) -> Bool { true }
}

/// What is read from a row besides its images.
struct RowReading {
    var id: String?
    var texts: QuestionTexts
    var gold: PythonValue
    /// For people.
    var answers: [String]
    var category = ""
    var groups: [String: String] = [:]
    var cluster: String?
    var dataset = ""
    var evaluation: String?
    var boxes: PythonValue?
    var contents: PythonValue?
}

package struct TableBenchmark: Benchmark {
    package let settings: ItemSettings
    package let prompts: PromptRules
    package let name: BenchmarkName
    private let table: any ItemTable
    private let reader: any RowReader
    /// Rows that are items.
    private let places: [Int]
    private let frames: VideoFrames?

    /// - Throws: `option` where the protocol does not know the benchmark or there are no items.
    package init(
        _ name: BenchmarkName, profile: Profile, table: any ItemTable, frames: VideoFrames? = nil
    ) throws(BenchmarkDataError) {
        guard let prompts = profile.prompts(name) else {
            let known = Profile.allCases.filter { $0.prompts(name) != nil }.map(\.rawValue)
            throw .option(
                name: "--profile", found: "\(profile.rawValue), which does not know \(name.title)",
                expected: known.joined(separator: ", "))
        }
        self.name = name
        self.prompts = prompts
        self.table = table
        self.frames = frames
        let reader = name.reader
        self.reader = reader
        let splits = table.texts(of: "split")
        let all = 0..<table.count
        // A row that cannot be read is an item whose error is counted, whichever split it was of.
        places = splits.isEmpty ? Array(all) : all.filter { splits[$0].map { reader.takes(split: $0) } ?? true }
        guard !places.isEmpty else {
            let found = Set(splits.compactMap { $0 }).sorted().prefix(5).joined(separator: ", ")
            throw .option(
                name: "the data of \(name.title)", found: "\(table.count) rows of split \(found)",
                expected: "rows of the split that is scored")
        }
        settings = .table(
            TableSettings(
                benchmark: name.rawValue, profile: profile.rawValue,
                data: name == .videomme ? Self.identityWithVideos(table) : table.identity,
                frames: name == .videomme ? frames?.rule : nil))
    }

    /// With the lengths of the videos: their bytes are too many to be read before a run begins.
    private static func identityWithVideos(_ table: any ItemTable) -> DataIdentity {
        var hash = FNV1a()
        hash.add(table.identity.fingerprint)
        for place in 0..<table.count {
            var length: Int?
            if let row = try? table.row(at: place), let url = try? Self.video(of: row, in: table.folder) {
                length = try? url.resourceValues(forKeys: [URLResourceKey.fileSizeKey]).fileSize
            }
            hash.add(" \(length ?? -1)")
        }
        let own = table.identity
        return DataIdentity(format: own.format, rows: own.rows, fingerprint: hash.digits)
    }

    package var count: Int? { places.count }

    package func item(at index: Int) throws -> BenchmarkItem {
        guard places.indices.contains(index) else {
            throw BenchmarkDataError.option(
                name: "item", found: "\(index)", expected: "0 to \(places.count - 1)")
        }
        let place = places[index]
        var facts = ItemFacts(index: index, groups: [:])
        do {
            let row = try table.row(at: place)
            let reading: RowReading
            do throws(PromptFault) {
                reading = try reader.read(row)
            } catch {
                throw RowFault(row: row.number, error.reason)
            }
            facts = ItemFacts(index: index, id: reading.id, groups: reading.groups, cluster: reading.cluster)
            let images = try images(of: row)
            let (parts, used): ([PromptPart], [Int])
            do throws(PromptFault) {
                (parts, used) = try prompts.parts(reading.texts, images: images.count)
            } catch {
                throw RowFault(row: row.number, error.reason)
            }
            return BenchmarkItem(
                facts: facts, prompt: parts, images: used.map { images[$0] }, answers: reading.answers,
                gold: ScoringItem(reading, id: facts.id))
        } catch let fault as RowFault {
            throw ItemFault(facts, fault.reason)
        }
    }

    package func indices(ofItems ids: Set<String>, among count: Int) throws -> [String: Int] {
        var found: [String: Int] = [:]
        for index in 0..<min(count, places.count) where found.count < ids.count {
            // A row that cannot be read has no id of its own.
            let reading = (try? table.row(at: places[index])).flatMap { try? reader.read($0) }
            let id = reading?.id ?? "\(index)"
            if ids.contains(id), found[id] == nil { found[id] = index }
        }
        return found
    }

    private func images(of row: TableRow) throws(RowFault) -> [ItemImage] {
        let images = try table.images(of: row).map { ItemImage($0, detail: name == .videomme ? .low : .auto) }
        guard images.isEmpty else { return images }
        guard name == .videomme else { throw RowFault(row: row.number, "there is no image") }
        guard let frames else {
            throw RowFault(row: row.number, "there are neither frames nor a rule to take them from the video")
        }
        return [ItemImage(.file(try Self.video(of: row, in: table.folder)), detail: .low, frames: frames.selection)]
    }

    private static func video(of row: TableRow, in folder: URL) throws(RowFault) -> URL {
        let files = ImageFiles(folder)
        if let path = row.text("video_path") { return try files.find(path, row: row.number) }
        guard let name = row.text("videoID", "video") else { throw RowFault(row: row.number, "it names no video") }
        return try files.find(name.contains(".") ? name : name + ".mp4", row: row.number)
    }
}

extension ScoringItem {
    fileprivate init(_ reading: RowReading, id: String) {
        self.init(
            id: id, question: reading.texts.question, gold: reading.gold, options: reading.texts.options,
            category: reading.category, groups: reading.groups, dataset: reading.dataset,
            evaluation: reading.evaluation, boxes: reading.boxes, contents: reading.contents)
    }
}

extension BenchmarkName {
    var reader: any RowReader {
        switch self {
        case .mmmu: MMMU()
        case .ai2d: AI2D()
        case .chartqa: ChartQA()
        case .docvqa: DocVQA()
        case .infovqa: InfoVQA()
        case .ocrbench: OCRBench()
        case .ocrbenchV2: OCRBenchV2()
        case .videomme: VideoMME()
        }
    }
}
