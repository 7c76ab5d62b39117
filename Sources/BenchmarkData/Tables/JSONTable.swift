// Rows out of JSON: a list of objects, `{"data": [...]}`, or an object a line. Images are files beside it. Knows no benchmark.

package import Foundation
package import Imaging
import JSONText
import Scoring

package struct JSONTable: ItemTable {
    package let identity: DataIdentity
    package let folder: URL
    private let rows: [Row]

    /// An object, or why there is none.
    private typealias Row = Result<[String: PythonValue], RowFault>

    /// - Parameter extra: members that every row of a file gets, beside a file's own.
    init(
        _ files: [(url: URL, extra: [String: PythonValue])], folder: URL, format: String
    ) throws(BenchmarkDataError) {
        var rows: [Row] = []
        var hash = FNV1a()
        for (url, extra) in files {
            let data: Data
            do {
                data = try Data(contentsOf: url)
            } catch {
                throw .unreadable(path: url.path(percentEncoded: false), reason: error.localizedDescription)
            }
            hash.add(data.bytes)
            let found = url.pathExtension == "jsonl" ? Self.lines(data) : try Self.document(data, url)
            rows += found.map { row in row.map { $0.merging(extra) { $1 } } }
        }
        self.init(rows, folder: folder, format: format, hash)
    }

    /// Rows that were made of other files.
    /// - Parameter hash: of these files.
    init(_ objects: [[String: PythonValue]], folder: URL, format: String, _ hash: FNV1a) {
        self.init(objects.map { .success($0) }, folder: folder, format: format, hash)
    }

    private init(_ rows: [Row], folder: URL, format: String, _ hash: FNV1a) {
        self.rows = rows
        self.folder = folder
        var hash = hash
        var seen: Set<String> = []
        for case .success(let values) in rows {
            let new = Self.imagePaths(TableRow(number: 0, values: values)).filter { seen.insert($0).inserted }
            ImageFiles(folder).add(new, to: &hash)
        }
        identity = DataIdentity(format: format, rows: rows.count, fingerprint: hash.digits)
    }

    package var count: Int { rows.count }

    package func row(at place: Int) throws(RowFault) -> TableRow {
        TableRow(number: place + 1, values: try rows[place].get())
    }

    package func texts(of column: String) -> [String?] {
        rows.map { row in (try? row.get()).map { $0[column].map { $0 == .none ? "" : $0.str.text } ?? "" } }
    }

    /// Columns under which the originals and the converter keep images, in order of preference.
    private static let imageColumns = ["image", "images", "image_path", "image_local_name", "imgname", "imageName"]

    package func images(of row: TableRow) throws(RowFault) -> [ImageSource] {
        try ImageFiles(folder).sources(Self.imagePaths(row), row: row.number)
    }

    private static func imagePaths(_ row: TableRow) -> [String] {
        let numbered = (1...9).compactMap { row.text("image_\($0)") }
        guard numbered.isEmpty else { return numbered }
        return (imageColumns.lazy.compactMap { row.list($0) }.first ?? []).map(\.str.text)
    }

    private static func lines(_ data: Data) -> [Row] {
        data.split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
            line.withUnsafeBytes { bytes in
                do throws(JSONFault) {
                    var scanner = try JSONScanner(bytes)
                    let value = try PythonValue(&scanner)
                    try scanner.end()
                    return object(value, number + 1)
                } catch {
                    return .failure(fault(error, number + 1))
                }
            }
        }
    }

    private static func document(_ data: Data, _ url: URL) throws(BenchmarkDataError) -> [Row] {
        let read = data.withUnsafeBytes { bytes in
            Result { () throws(JSONFault) in
                var scanner = try JSONScanner(bytes)
                let value = try PythonValue(&scanner)
                try scanner.end()
                return value
            }
        }
        let path = url.path(percentEncoded: false)
        switch read {
        case .failure(let fault):
            throw .layout(path: path, found: "\(fault.found) at byte \(fault.offset)", expected: fault.expected)
        case .success(let value):
            guard let list = value.elements ?? value.dictionary?["data"]?.elements else {
                throw .layout(path: path, found: value.typeName, expected: "a list of objects, or {\"data\": [...]}")
            }
            return list.enumerated().map { object($1, $0 + 1) }
        }
    }

    private static func object(_ value: PythonValue, _ number: Int) -> Row {
        guard let members = value.dictionary else {
            return .failure(RowFault(row: number, "\(value.typeName) where an object was expected"))
        }
        return .success(
            members.pairs.reduce(into: [:]) { row, pair in
                if let name = pair.key.text { row[name.text] = pair.value }
            })
    }

    private static func fault(_ fault: JSONFault, _ number: Int) -> RowFault {
        RowFault(row: number, "not JSON: \(fault.found) at byte \(fault.offset); expected \(fault.expected)")
    }
}
