import BenchmarkData
import Foundation
import Imaging
import Scoring
import TestSupport
import Testing

struct TSVTests {
    private let place: TemporaryFolder

    init() throws { place = try TemporaryFolder() }

    private func file(_ text: String, _ name: String = "data.tsv") throws -> URL {
        let url = place.url.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url
    }

    /// As pandas writes a cell.
    private static func written(_ cell: String) -> String {
        let scalars = cell.unicodeScalars
        guard scalars.contains(where: { "\t\n\r\"".unicodeScalars.contains($0) }) else { return cell }
        return "\"" + scalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    /// More than the 64 bytes of a reference.
    private static func image(_ seed: UInt8) -> (data: Data, text: String) {
        let data = Data((0..<90).map { UInt8($0) &* 7 &+ seed })
        return (data, data.base64EncodedString())
    }

    @Test func readsBackWhatWasWrittenWhateverTheChunks() throws {
        var random = Numbers(state: 5)
        let pieces = ["a", "é", "e\u{301}", "\"", "\"\"", "\n", "\t", "\r\n", " ", "中", "'", "{x}", ""]
        let rows = (0..<40).map { number in
            ["\(number)", (0..<Int(random.next() % 7)).map { _ in pieces[Int(random.next() % 13)] }.joined(), "x"]
        }
        let header = ["index", "question", "answer"]
        let text = ([header] + rows).map { $0.map(Self.written).joined(separator: "\t") + "\n" }.joined()
        let url = try file(text)
        var fingerprints: Set<String> = []
        for chunk in [1, 2, 3, 7, 64, 1 << 20] {
            let table = try TSVTable(url, chunk: chunk)
            #expect(table.count == rows.count)
            fingerprints.insert(table.identity.fingerprint)
            for (place, row) in rows.enumerated() {
                let found = try table.row(at: place)
                #expect(found.number == place + 1)
                let question = found.text("question") ?? ""
                #expect(question.unicodeScalars.elementsEqual(row[1].unicodeScalars), "row \(place)")
            }
            #expect(table.texts(of: "index") == rows.map { $0[0] })
        }
        #expect(fingerprints.count == 1)
        #expect(try TSVTable(file(text.replacing("\tx\n", with: "\ty\n"))).identity.fingerprint != fingerprints.first)
    }

    @Test func imagesAreBase64ListsReferencesOrFiles() throws {
        let (first, second) = (Self.image(1), Self.image(2))
        try second.data.write(to: place.url.appending(path: "b.png"))
        let url = try file(
            [
                "index\timage\timage_path\tquestion", "10\t\(first.text)\t\tq", "11\t10\t\tq",
                "12\t['\(first.text)', '\(second.text)']\t\tq", "13\t\tb.png\tq", "14\t\t['b.png', 'b.png']\tq",
                "15\t99\t\tq", "16\t11\t\tq", "17\t\(first.text)!\t\tq", "18\t\t../b.png\tq", "19\t\tnone.png\tq",
                "20\t\t\tq", "21\t\(first.text)",
            ].joined(separator: "\n") + "\n")
        let table = try TSVTable(url)
        func images(_ place: Int) throws -> [Data] {
            try table.images(of: try table.row(at: place)).map { source in
                guard case .data(let data, _) = source else { return Data() }
                return data
            }
        }
        #expect(try images(0) == [first.data])
        #expect(try images(1) == [first.data])
        #expect(try images(2) == [first.data, second.data])
        #expect(try images(3) == [second.data])
        #expect(try images(4) == [second.data, second.data])
        #expect(try images(10).isEmpty)
        let faults: [(place: Int, words: String)] = [
            (5, "\"99\", which is not there"), (6, "which has none itself"), (7, "is not base64"),
            (8, "not a path inside"), (9, "none.png is not in"), (11, "2 cells; the header has 4"),
        ]
        for (place, words) in faults {
            do {
                _ = try images(place)
                Issue.record("row \(place + 1) was read")
            } catch let fault as RowFault {
                #expect(fault.reason.hasPrefix("row \(place + 1): ") && fault.reason.contains(words), "\(fault.reason)")
            }
        }
    }

    @Test func refusesWhatIsNoTable() throws {
        for (text, words) in [
            ("", "empty file"), ("one column\nx\n", "no tab"),
            ("a\tb\n1\t2\n3\t\"x\n4\t5\n", "not closed in the row at byte 8"),
        ] {
            let url = try file(text)
            do {
                _ = try TSVTable(url)
                Issue.record("read \(text)")
            } catch {
                #expect("\(error)".contains(words) && "\(error)".contains("data.tsv"))
            }
        }
        #expect(throws: BenchmarkDataError.self) { try TSVTable(place.url.appending(path: "none.tsv")) }
        let table = try TSVTable(file("a\tb\nx\ty\r\nlast\tz"))
        #expect(try table.row(at: 0).text("b") == "y")
        #expect(try table.row(at: 1).text("b") == "z")
        let url = place.url.appending(path: "bytes.tsv")
        try Data("a\tb\n".utf8 + [0xFF, 0x09, 0x61, 0x0A]).write(to: url)
        #expect(throws: RowFault(row: 1, "the cell a is not UTF-8")) { try TSVTable(url).row(at: 0) }
    }
}

/// The generator of Numerical Recipes, enough to mix up test cases.
struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
