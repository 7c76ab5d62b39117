// A table of tab-separated text as VLMEvalKit ships benchmarks: a header, and images as base64 in a cell. The file is never
// held in memory. Knows no benchmark.

package import Foundation
package import Imaging
import Scoring

package struct TSVTable: ItemTable {
    package let folder: URL
    package let identity: DataIdentity
    private let url: URL
    private let index: TSVIndex
    /// Rows by the text of their cell `index`.
    private let places: [String: Int]

    private static let image = "image"
    private static let path = "image_path"
    private static let key = "index"
    private static let kept = [key, "split"]
    /// A cell of so many bytes is not an image but the `index` of the row that has it.
    private static let referenceLimit = 64

    /// - Parameter chunk: bytes that are read at once; nothing depends on it.
    package init(_ url: URL, chunk: Int = 1 << 20) throws(BenchmarkDataError) {
        let path = url.path(percentEncoded: false)
        let file: FileHandle
        do {
            file = try FileHandle(forReadingFrom: url)
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        index = try TSVIndex(
            file, path: path, image: Self.image, paths: Self.path, kept: Self.kept, chunk: chunk)
        try? file.close()
        self.url = url
        folder = url.deletingLastPathComponent()
        let rows = index.offsets.count - 1
        var hash = index.hash
        for cell in index.paths { ImageFiles(folder).add(Self.paths(.text(CodePoints(cell))), to: &hash) }
        identity = DataIdentity(format: "tsv", rows: rows, fingerprint: hash.digits)
        var places: [String: Int] = [:]
        for (place, key) in (index.texts[Self.key] ?? []).enumerated() {
            if let key, places[key] == nil { places[key] = place }
        }
        self.places = places
    }

    package var count: Int { index.offsets.count - 1 }
    package func texts(of column: String) -> [String?] { index.texts[column] ?? [] }

    package func row(at place: Int) throws(RowFault) -> TableRow {
        let number = place + 1
        let cells = try cells(at: place)
        guard cells.count == index.header.count else {
            throw RowFault(
                row: number,
                "\(cells.count) cells; the header has \(index.header.count), and a tab in a cell needs quotes")
        }
        var values: [String: PythonValue] = [:]
        var encoded: [UInt8] = []
        for (name, cell) in zip(index.header, cells) where !cell.isEmpty {
            if name == Self.image {
                encoded = cell
            } else {
                guard let text = String(validating: cell, as: UTF8.self) else {
                    throw RowFault(row: number, "the cell \(name) is not UTF-8")
                }
                values[name] = .text(CodePoints(text))
            }
        }
        return TableRow(number: number, values: values, encodedImages: encoded)
    }

    package func images(of row: TableRow) throws(RowFault) -> [ImageSource] {
        var cell = row.encodedImages
        if !cell.isEmpty, cell.count <= Self.referenceLimit {
            let name = String(decoding: cell, as: UTF8.self)
            guard let place = places[name] else {
                throw RowFault(row: row.number, "the image is that of row \"\(name)\", which is not there")
            }
            cell = try self.row(at: place).encodedImages
            guard cell.count > Self.referenceLimit else {
                throw RowFault(row: row.number, "the image is that of row \"\(name)\", which has none itself")
            }
        }
        guard cell.isEmpty else { return try decoded(cell, row.number) }
        return try ImageFiles(folder).sources(row.value(Self.path).map(Self.paths) ?? [], row: row.number)
    }

    /// One path, or those of a list.
    private static func paths(_ cell: PythonValue) -> [String] {
        (TableRow(number: 0, values: [path: cell]).list(path) ?? []).map(\.str.text)
    }

    private func decoded(_ cell: [UInt8], _ number: Int) throws(RowFault) -> [ImageSource] {
        let pieces: [ArraySlice<UInt8>]
        if cell.first == UInt8(ascii: "[") {
            // The literal of a list of texts without quotes inside: every second piece between quotes is an element.
            let quotes: Set<UInt8> = [UInt8(ascii: "'"), UInt8(ascii: "\"")]
            let parts = cell.split(omittingEmptySubsequences: false) { quotes.contains($0) }
            pieces = stride(from: 1, to: parts.count - 1, by: 2).map { parts[$0] }
            guard !pieces.isEmpty else { throw RowFault(row: number, "the list of images is empty") }
        } else {
            pieces = [cell[...]]
        }
        var sources: [ImageSource] = []
        for (place, piece) in pieces.enumerated() {
            let name = "row \(number)" + (pieces.count > 1 ? " image \(place + 1)" : "")
            guard let data = Data(base64Encoded: Data(piece)), !data.isEmpty else {
                throw RowFault(row: number, "image \(place + 1) is not base64")
            }
            sources.append(.data(data, name: name))
        }
        return sources
    }

    private func cells(at place: Int) throws(RowFault) -> [[UInt8]] {
        let (start, end) = (index.offsets[place], index.offsets[place + 1])
        do {
            let file = try FileHandle(forReadingFrom: url)
            defer { try? file.close() }
            try file.seek(toOffset: UInt64(start))
            let bytes = try file.read(upToCount: end - start) ?? Data()
            guard bytes.count == end - start else {
                throw RowFault(row: place + 1, "the file has become shorter while it is read")
            }
            return TSVCells(Array(bytes)).cells
        } catch let fault as RowFault {
            throw fault
        } catch {
            throw RowFault(row: place + 1, "cannot be read: \(error.localizedDescription)")
        }
    }
}
