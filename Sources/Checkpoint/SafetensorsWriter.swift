// Writes one safetensors file, in the order and header form of Hugging Face's library. Knows nothing of models.

package import Foundation
package import Numerics

/// Name, type and shape of a tensor about to be written.
package struct TensorDeclaration: Sendable, Hashable {
    package let name: String
    package let dtype: DType
    package let shape: Shape

    package init(name: String, dtype: DType, shape: Shape) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
    }

    /// Nil when it exceeds `Int`.
    package var byteCount: Int? {
        guard let count = shape.checkedCount else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.size)
        return overflow ? nil : bytes
    }
}

/// Writes the tensors of a file one after another, without ever holding more than the caller's piece of one.
///
/// The file appears under its name only when ``finish()`` succeeds; until then, and after a failure, there is at most a
/// temporary file beside it, which is removed with the writer.
package final class SafetensorsWriter {
    /// The order in which the bytes must be appended: widest types first, then by name.
    package let order: [TensorDeclaration]
    package let url: URL

    private let temporary: URL
    private var descriptor: Int32 = -1
    private let total: Int
    private var written = 0

    /// Creates the temporary file and writes the header.
    /// - Throws: for duplicate names, sizes beyond `Int`, and everything the file system refuses; a full disk is found
    ///   here, before the work of making the tensors.
    package init(
        to url: URL, tensors: [TensorDeclaration], metadata: [String: String] = ["format": "pt"]
    ) throws(CheckpointError) {
        self.url = url
        temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).partial-\(getpid())")
        order = Self.sorted(tensors)
        let (header, dataSize) = try Self.header(order, metadata, file: url.path(percentEncoded: false))
        total = header.count + dataSize
        let path = temporary.path(percentEncoded: false)
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(errno) }
        let reserved = posix_fallocate(descriptor, 0, off_t(total))
        if [ENOSPC, EFBIG, EDQUOT].contains(reserved) { throw failure(reserved) }
        try header.withUnsafeBufferPointer { (bytes) throws(CheckpointError) in
            try append(UnsafeRawBufferPointer(bytes))
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary.path(percentEncoded: false))
    }

    /// Appends the next bytes of the tensors in ``order``; pieces may be cut anywhere.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        guard bytes.count <= total - written else {
            throw .writing(url.path(percentEncoded: false), reason: "more bytes than its tensors have")
        }
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = write(descriptor, start, min(rest.count, 1 << 30))
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        written += bytes.count
    }

    /// Flushes the file to disk and gives it its name.
    /// - Throws: when bytes are missing or the file system refuses.
    package func finish() throws(CheckpointError) {
        guard written == total else {
            throw .writing(
                url.path(percentEncoded: false), reason: "\(total - written) bytes of its tensors are missing")
        }
        guard fsync(descriptor) == 0,
            rename(temporary.path(percentEncoded: false), url.path(percentEncoded: false)) == 0
        else { throw failure(errno) }
        close(descriptor)
        descriptor = -1
    }

    private func failure(_ code: Int32) -> CheckpointError {
        .writing(url.path(percentEncoded: false), reason: MappedFile.reason(code))
    }

    // MARK: Form

    /// Hugging Face's order: types from the last of the format's list to the first, then names by their bytes.
    package static func sorted(_ tensors: [TensorDeclaration]) -> [TensorDeclaration] {
        let ranks = Dictionary(uniqueKeysWithValues: DType.allCases.enumerated().map { ($1, $0) })
        return tensors.sorted { left, right in
            left.dtype == right.dtype
                ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
                : ranks[left.dtype, default: 0] > ranks[right.dtype, default: 0]
        }
    }

    private static func header(
        _ order: [TensorDeclaration], _ metadata: [String: String], file: String
    ) throws(CheckpointError) -> (bytes: [UInt8], dataSize: Int) {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map {
                JSONFile.quoted($0.key) + ":" + JSONFile.quoted($0.value)
            }
            members.append("\"__metadata__\":{" + texts.joined(separator: ",") + "}")
        }
        var names: Set<String> = []
        var end = 0
        for tensor in order {
            guard tensor.name != "__metadata__", names.insert(tensor.name).inserted else {
                throw .writing(file, reason: "the tensor name '\(tensor.name)' is taken")
            }
            guard let count = tensor.byteCount, case (let next, let overflow) = end.addingReportingOverflow(count),
                !overflow
            else { throw .writing(file, reason: "tensor '\(tensor.name)' \(tensor.shape) is too large") }
            let shape = tensor.shape.extents.map(String.init).joined(separator: ",")
            members.append(
                JSONFile.quoted(tensor.name) + ":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(end),\(next)]}")
            end = next
        }
        var text = Array(("{" + members.joined(separator: ",") + "}").utf8)
        // Spaces up to a multiple of eight align the widest types.
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        guard text.count <= SafetensorsHeader.byteLimit else {
            throw .writing(file, reason: "a header of \(text.count) bytes exceeds \(SafetensorsHeader.byteLimit)")
        }
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        return (length + text, end)
    }
}
