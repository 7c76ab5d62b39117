// Where the rows of a table of tab-separated text begin, found in one pass over the file. Knows bytes, not cells' meaning.

import Foundation

/// Offsets of rows. A cell may be quoted as in CSV and hold line ends then, so rows are not lines.
struct TSVIndex: Sendable {
    /// The header's cells.
    let header: [String]
    /// Where row n begins; its end is the next one's beginning.
    let offsets: [Int]
    /// Over every cell, images included.
    let hash: FNV1a
    /// Cells of the columns that were asked for, a row each; nil in a row with another number of cells than the header.
    let texts: [String: [String?]]
    /// Different cells of the column of paths in rows without an image of their own, in order.
    let paths: [String]

    /// Bytes of a row at most.
    static let rowLimit = 64 << 20

    /// - Parameters:
    ///   - image: the column of images.
    ///   - path: the column of paths of image files.
    ///   - kept: columns of short texts.
    ///   - chunk: bytes that are read at once; nothing depends on it.
    init(
        _ file: FileHandle, path: String, image: String, paths pathColumn: String, kept: [String],
        chunk bytesAtOnce: Int
    ) throws(BenchmarkDataError) {
        var rows = RowCutter(path: path)
        var header: [String]?
        var offsets: [Int] = []
        var hash = FNV1a()
        var texts: [String: [String?]] = [:]
        var paths: [String] = []
        var seen: Set<String> = []
        func add(_ bytes: [UInt8], at offset: Int) throws(BenchmarkDataError) {
            let cells = TSVCells(bytes)
            guard let names = header else {
                let names = cells.cells.map { String(decoding: $0, as: UTF8.self) }
                guard names.count > 1 else {
                    throw .layout(
                        path: path, found: "no tab in the first line", expected: "tab-separated columns with a header")
                }
                header = names
                for column in kept where names.contains(column) { texts[column] = [] }
                hash.add(names.joined(separator: "\t"))
                return
            }
            offsets.append(offset)
            for cell in cells.cells {
                hash.add(cell.span.bytes)
                hash.add("\t")
            }
            func cell(_ column: String) -> [UInt8] {
                guard cells.cells.count == names.count, let place = names.firstIndex(of: column) else { return [] }
                return cells.cells[place]
            }
            if cell(image).isEmpty {
                let path = String(decoding: cell(pathColumn), as: UTF8.self)
                if !path.isEmpty, seen.insert(path).inserted { paths.append(path) }
            }
            for column in texts.keys {
                let place = names.firstIndex(of: column) ?? 0
                let cell = cells.cells.count == names.count ? cells.cells[place] : nil
                texts[column]?.append(cell.map { String(decoding: $0.prefix(256), as: UTF8.self) })
            }
        }
        while true {
            let chunk: Data
            do {
                chunk = try file.read(upToCount: bytesAtOnce) ?? Data()
            } catch {
                throw .unreadable(path: path, reason: error.localizedDescription)
            }
            if chunk.isEmpty { break }
            let isAdded = chunk.withUnsafeBytes { bytes in
                Result { () throws(BenchmarkDataError) in try rows.add(bytes, each: add) }
            }
            try isAdded.get()
        }
        try rows.end(each: add)
        guard let header else {
            throw .layout(path: path, found: "an empty file", expected: "tab-separated columns with a header")
        }
        self.header = header
        self.offsets = offsets + [rows.offset]
        self.texts = texts
        self.paths = paths
        self.hash = hash
    }
}

/// Cuts a stream of bytes into rows.
private struct RowCutter {
    typealias Row = (_ bytes: [UInt8], _ offset: Int) throws(BenchmarkDataError) -> Void

    /// Where the bytes read so far leave a cell, as pandas reads it: a quote opens a cell only at its beginning.
    private enum Place {
        case cellStart
        case unquoted
        case quoted
        case afterQuote
    }

    let path: String
    /// Where the row that is being read begins.
    private(set) var offset = 0
    private var row: [UInt8] = []
    private var place = Place.cellStart

    private static let (newline, quote, tab) = (UInt8(ascii: "\n"), UInt8(ascii: "\""), UInt8(ascii: "\t"))

    init(path: String) { self.path = path }

    mutating func add(_ chunk: UnsafeRawBufferPointer, each: Row) throws(BenchmarkDataError) {
        var start = 0
        while start < chunk.count {
            let rest = UnsafeRawBufferPointer(rebasing: chunk[start...])
            let length = Self.find(Self.newline, in: rest).map { $0 + 1 }
            let line = UnsafeRawBufferPointer(rebasing: rest[..<(length ?? rest.count)])
            try take(line)
            if length != nil, place != .quoted { try finish(each) }
            start += line.count
        }
    }

    mutating func end(each: Row) throws(BenchmarkDataError) {
        guard place != .quoted else {
            throw .layout(
                path: path, found: "a quote that is not closed in the row at byte \(offset)",
                expected: "a second quote at the end of its cell")
        }
        if !row.isEmpty { try finish(each) }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(BenchmarkDataError) {
        guard row.count + bytes.count <= TSVIndex.rowLimit else {
            throw .layout(
                path: path, found: "a row of more than \(TSVIndex.rowLimit) bytes at byte \(offset)",
                expected: "smaller rows; perhaps a quote is not closed")
        }
        if place == .quoted || place == .afterQuote || Self.find(Self.quote, in: bytes) != nil {
            for byte in bytes { step(byte) }
        } else {
            place = bytes.last == Self.tab ? .cellStart : .unquoted
        }
        row.append(contentsOf: bytes)
    }

    private mutating func step(_ byte: UInt8) {
        switch (place, byte) {
        case (.quoted, Self.quote): place = .afterQuote
        case (.quoted, _): break
        case (_, Self.tab): place = .cellStart
        case (.cellStart, Self.quote), (.afterQuote, Self.quote): place = .quoted
        default: place = .unquoted
        }
    }

    private mutating func finish(_ each: Row) throws(BenchmarkDataError) {
        try each(row, offset)
        offset += row.count
        row.removeAll(keepingCapacity: true)
        place = .cellStart
    }

    private static func find(_ byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

/// The cells of one row.
struct TSVCells {
    let cells: [[UInt8]]

    private static let (tab, quote) = (UInt8(ascii: "\t"), UInt8(ascii: "\""))

    /// - Parameter row: with or without its line end.
    init(_ row: [UInt8]) {
        var bytes = row[...]
        if bytes.last == UInt8(ascii: "\n") { bytes = bytes.dropLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        var cells: [[UInt8]] = []
        while true {
            let (cell, rest) = Self.first(bytes)
            cells.append(cell)
            guard let rest else { break }
            bytes = rest
        }
        self.cells = cells
    }

    /// The first cell, and what follows its tab; nil at the end of the row.
    private static func first(_ bytes: ArraySlice<UInt8>) -> (cell: [UInt8], rest: ArraySlice<UInt8>?) {
        guard bytes.first == quote else {
            guard let end = bytes.firstIndex(of: tab) else { return (Array(bytes), nil) }
            return (Array(bytes[..<end]), bytes[(end + 1)...])
        }
        var cell: [UInt8] = []
        var place = bytes.startIndex + 1
        while let end = bytes[place...].firstIndex(of: quote) {
            cell += bytes[place..<end]
            guard end + 1 < bytes.endIndex, bytes[end + 1] == quote else {
                // What stands between the closing quote and the tab belongs to the cell, as pandas reads it.
                let rest = bytes[(end + 1)...]
                guard let tab = rest.firstIndex(of: tab) else { return (cell + rest, nil) }
                return (cell + rest[..<tab], rest[(tab + 1)...])
            }
            cell.append(quote)
            place = end + 2
        }
        return (cell + bytes[place...], nil)
    }
}
