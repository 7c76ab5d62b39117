// The header of a safetensors file, parsed and checked. Pure: bytes in, entries out; opens nothing and maps nothing.
// Format: 8 bytes little-endian header length, that many bytes of JSON, then the tensors' bytes without a gap
// (https://github.com/huggingface/safetensors).

import JSONText
package import Numerics

/// Names, types, shapes and places of the tensors of one file.
package struct SafetensorsHeader: Sendable {
    /// Longest header that is read, in bytes; the reference implementation has the same limit.
    package static let byteLimit = 100_000_000
    /// Most tensors a file may have: what is checked within a second.
    package static let tensorLimit = 500_000
    /// Most extents a shape may have.
    package static let rankLimit = 32

    package struct Entry: Sendable, Hashable {
        package let name: String
        package let dtype: DType
        package let shape: Shape
        /// Where its bytes lie, counted from the start of the file.
        package let range: Range<Int>
    }

    /// Entries in the order of their bytes.
    package let entries: [Entry]
    /// `__metadata__`, empty when absent.
    package let metadata: [String: String]
    /// Offset of the first tensor byte from the start of the file.
    package let dataStart: Int

    /// Parses and checks a header.
    /// - Parameters:
    ///   - prefix: the first bytes of the file, at least through the end of its header.
    ///   - fileSize: length of the whole file in bytes.
    ///   - file: what to call the file in messages.
    /// - Throws: unless the header is at most 100 MB of JSON with known types, unique names and sound shapes, every
    ///   tensor has the bytes its type and shape need, and the tensors cover the file to its end without hole or
    ///   overlap.
    package init(prefix: UnsafeRawBufferPointer, fileSize: Int, file: String) throws(CheckpointError) {
        guard prefix.count >= 8, fileSize >= 8 else {
            throw .file(
                file, found: "\(min(prefix.count, fileSize)) bytes", expected: "at least the 8 bytes of a header length"
            )
        }
        let length = UInt64(littleEndian: prefix.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.byteLimit) else {
            throw .file(file, found: "a header length of \(length) bytes", expected: "at most \(Self.byteLimit)")
        }
        dataStart = 8 + Int(length)
        guard dataStart <= fileSize, dataStart <= prefix.count else {
            throw .file(
                file, found: "a header length of \(length) bytes in a file of \(fileSize) bytes",
                expected: "a header that ends inside the file (truncated?)")
        }
        guard length > 0, prefix[8] == UInt8(ascii: "{") else {
            throw .file(file, found: "a header that does not begin with '{'", expected: "a safetensors file")
        }

        var raw: [Parsed] = []
        var texts: [String: String] = [:]
        do throws(JSONFault) {
            try Self.scan(UnsafeRawBufferPointer(rebasing: prefix[8..<dataStart]), &raw, &texts)
        } catch {
            throw .file(
                file, found: "\(error.found) at byte \(8 + error.offset) of the header", expected: error.expected)
        }
        metadata = texts
        entries = try Self.check(raw, dataStart: dataStart, fileSize: fileSize, file: file)
    }

    // MARK: JSON

    /// One member of the header as written, before any check.
    private struct Parsed {
        let name: String
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
    }

    private static func scan(
        _ bytes: UnsafeRawBufferPointer, _ parsed: inout [Parsed], _ metadata: inout [String: String]
    ) throws(JSONFault) {
        var scanner = try JSONScanner(bytes)
        var entries: [Parsed] = []
        var texts: [String: String]?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard name == "__metadata__" else {
                guard entries.count < tensorLimit else {
                    throw scanner.fault(expected: "at most \(tensorLimit) tensors")
                }
                entries.append(try entry(name, &scanner))
                continue
            }
            guard texts == nil else {
                throw JSONFault(offset: scanner.offset, found: "a second '__metadata__'", expected: "one")
            }
            var values: [String: String] = [:]
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                guard values.updateValue(try scanner.string(), forKey: key) == nil else {
                    throw JSONFault(offset: scanner.offset, found: "metadata key '\(key)' twice", expected: "once")
                }
            }
            texts = values
        }
        try scanner.end()
        parsed = entries
        metadata = texts ?? [:]
    }

    private static func entry(_ name: String, _ scanner: inout JSONScanner) throws(JSONFault) -> Parsed {
        var parsed = Parsed(name: name)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            let repeated: Bool
            switch key {
            case "dtype":
                repeated = parsed.dtype != nil
                parsed.dtype = try scanner.string()
            case "shape":
                repeated = parsed.shape != nil
                parsed.shape = try counts(&scanner, limit: rankLimit)
            case "data_offsets":
                repeated = parsed.offsets != nil
                parsed.offsets = try counts(&scanner, limit: 2)
            default:
                throw JSONFault(
                    offset: scanner.offset, found: "key '\(key)' of tensor '\(name)'",
                    expected: "dtype, shape and data_offsets")
            }
            if repeated {
                throw JSONFault(
                    offset: scanner.offset, found: "key '\(key)' of tensor '\(name)' twice", expected: "once")
            }
        }
        return parsed
    }

    private static func counts(_ scanner: inout JSONScanner, limit: Int) throws(JSONFault) -> [Int] {
        var values: [Int] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard values.count < limit else { throw scanner.fault(expected: "at most \(limit) numbers") }
            values.append(try scanner.count())
        }
        return values
    }

    // MARK: Checks

    private static func check(
        _ parsed: [Parsed], dataStart: Int, fileSize: Int, file: String
    ) throws(CheckpointError) -> [Entry] {
        let dataSize = fileSize - dataStart
        var names: Set<String> = []
        names.reserveCapacity(parsed.count)
        var entries: [Entry] = []
        entries.reserveCapacity(parsed.count)
        for item in parsed {
            func fault(_ found: String, _ expected: String) -> CheckpointError {
                .tensor(item.name, file: file, found: found, expected: expected)
            }
            guard names.insert(item.name).inserted else { throw fault("the name twice", "every name once") }
            guard let spelled = item.dtype else { throw fault("no dtype", "dtype, shape and data_offsets") }
            guard let extents = item.shape else { throw fault("no shape", "dtype, shape and data_offsets") }
            guard let offsets = item.offsets, offsets.count == 2 else {
                throw fault("\(item.offsets?.count ?? 0) data_offsets", "two")
            }
            guard let dtype = DType(rawValue: spelled) else {
                throw fault("dtype '\(spelled)'", "one of " + DType.allCases.map(\.rawValue).joined(separator: ", "))
            }
            let shape = Shape(extents)
            guard let count = shape.checkedCount,
                case (let bytes, let overflow) = count.multipliedReportingOverflow(by: dtype.size),
                !overflow
            else { throw fault("shape \(shape)", "a size in bytes below 2^63") }
            guard offsets[0] <= offsets[1], offsets[1] <= dataSize else {
                throw fault(
                    "data_offsets [\(offsets[0]), \(offsets[1])]",
                    "begin <= end <= \(dataSize), the bytes after the header (truncated?)")
            }
            guard offsets[1] - offsets[0] == bytes else {
                throw fault(
                    "\(offsets[1] - offsets[0]) bytes", "\(bytes) bytes for \(dtype.rawValue) \(shape)")
            }
            entries.append(
                Entry(
                    name: item.name, dtype: dtype, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
            )
        }
        // Empty tensors sort before the tensor that begins where they lie.
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var end = dataStart
        for entry in entries {
            guard entry.range.lowerBound == end else {
                let kind = entry.range.lowerBound > end ? "a hole" : "an overlap"
                throw .tensor(
                    entry.name, file: file,
                    found: "\(kind): bytes begin at data offset \(entry.range.lowerBound - dataStart)",
                    expected: "\(end - dataStart), where the tensor before ends")
            }
            end = entry.range.upperBound
        }
        guard end == fileSize else {
            throw .file(
                file, found: "\(fileSize) bytes", expected: "\(end), where the last tensor ends")
        }
        return entries
    }
}
