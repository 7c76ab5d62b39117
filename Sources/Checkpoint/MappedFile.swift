// A regular file mapped read-only into memory. Knows nothing of what the bytes mean.

package import Foundation

/// The bytes of a file, shared with the page cache and every other process that maps it.
///
/// Bytes are read when they are touched, so the file must keep its length while it is mapped. If another process
/// shortens it, touching a lost page raises SIGBUS, which no process can answer by a message: replace a checkpoint by
/// renaming a new file into place, never by writing into the old one. ``checkUnchanged()`` finds a file that was
/// shortened, grown or rewritten, at the price of one `fstat`; whoever runs the model calls it before each piece of
/// work, so that a replaced file ends in a message instead of wrong numbers.
package final class MappedFile: Sendable {
    package let path: String
    package let byteCount: Int
    /// Address of the mapping; the mapping lives as long as this object.
    private let address: UInt
    private let descriptor: Int32
    private let modified: Int128

    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: byteCount)
    }

    /// Maps `url`, following symbolic links.
    /// - Throws: when the file is missing, unreadable, not a regular file or empty.
    package init(_ url: URL) throws(CheckpointError) {
        let path = url.path(percentEncoded: false)
        // O_NONBLOCK keeps a named pipe from blocking here; it has no effect on regular files.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(path, found: Self.reason(errno), expected: "a readable file") }
        do throws(CheckpointError) {
            let status = try Self.status(descriptor, path)
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw .file(path, found: "something that is not a regular file", expected: "a regular file")
            }
            guard status.st_size > 0 else { throw .file(path, found: "0 bytes", expected: "a file with content") }
            let size = Int(status.st_size)
            guard let mapping = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), mapping != MAP_FAILED else {
                throw .file(path, found: Self.reason(errno), expected: "a file that can be mapped")
            }
            self.path = path
            self.byteCount = size
            self.address = UInt(bitPattern: mapping)
            self.descriptor = descriptor
            self.modified = Self.nanoseconds(status)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        if let mapping = UnsafeMutableRawPointer(bitPattern: address) { munmap(mapping, byteCount) }
        close(descriptor)
    }

    /// Checks that the file still has the length and modification time it was mapped with.
    package func checkUnchanged() throws(CheckpointError) {
        let status = try Self.status(descriptor, path)
        guard Int(status.st_size) == byteCount else {
            throw .file(
                path, found: "\(status.st_size) bytes: the file was changed while in use",
                expected: "\(byteCount) bytes, as when it was opened; load it again")
        }
        guard Self.nanoseconds(status) == modified else {
            throw .file(
                path, found: "content written after the file was opened", expected: "an unchanged file; load it again")
        }
    }

    private static func status(_ descriptor: Int32, _ path: String) throws(CheckpointError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .file(path, found: reason(errno), expected: "a file whose status can be read")
        }
        return status
    }

    private static func nanoseconds(_ status: stat) -> Int128 {
        Int128(status.st_mtim.tv_sec) * 1_000_000_000 + Int128(status.st_mtim.tv_nsec)
    }

    static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
