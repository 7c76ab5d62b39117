// Bytes that wait on disk until it is their turn to be written. Knows nothing of what they are.

import Checkpoint
import Foundation
import Numerics

/// A file without a name, whose space is free again when it is closed.
final class ScratchFile {
    private let descriptor: Int32
    private let place: String
    private var end = 0

    /// - Parameter folder: whose disk is used.
    init(in folder: URL) throws(QuantizationError) {
        place = folder.path(percentEncoded: false)
        let path = folder.appending(path: "scratch").path(percentEncoded: false)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .destination(place, reason: String(cString: strerror(errno)).lowercased())
        }
        unlink(path)
    }

    deinit { close(descriptor) }

    /// Writes a tensor and gives it back where it is mapped.
    func keep(_ values: [UInt8], dtype: DType, shape: Shape) throws(QuantizationError) -> TensorView {
        try values.withUnsafeBufferPointer { (bytes) throws(QuantizationError) in
            try keep(UnsafeRawBufferPointer(bytes), dtype: dtype, shape: shape)
        }
    }

    private func keep(
        _ bytes: UnsafeRawBufferPointer, dtype: DType, shape: Shape
    ) throws(QuantizationError) -> TensorView {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (end + page - 1) / page * page
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + written))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .destination(place, reason: String(cString: strerror(errno)).lowercased())
            }
            written += count
        }
        end = start + bytes.count
        guard let mapped = mmap(nil, max(bytes.count, 1), PROT_READ, MAP_SHARED, descriptor, off_t(start)),
            mapped != MAP_FAILED
        else { throw .destination(place, reason: String(cString: strerror(errno)).lowercased()) }
        let owner = Mapped(mapped, count: bytes.count)
        return TensorView(
            dtype: dtype, shape: shape, bytes: UnsafeRawBufferPointer(start: mapped, count: bytes.count), owner: owner)
    }

    private final class Mapped {
        private let start: UnsafeMutableRawPointer
        private let count: Int

        init(_ start: UnsafeMutableRawPointer, count: Int) {
            self.start = start
            self.count = count
        }

        deinit { munmap(start, max(count, 1)) }
    }
}
