// Memory between two pages that nobody may touch: a read outside it ends the test process.

import Checkpoint
import Foundation
import Numerics
import Testing

final class GuardedBytes {
    private let base: UnsafeMutableRawPointer
    private let length: Int

    private init(base: UnsafeMutableRawPointer, length: Int) {
        self.base = base
        self.length = length
    }

    deinit { munmap(base, length) }

    /// A copy of `bytes` that ends at a guard page, and so may start at an odd address, or that starts after one.
    static func view(_ bytes: [UInt8], dtype: DType, shape: Shape, atEnd: Bool) -> TensorView {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let body = (bytes.count + page - 1) / page * page
        let length = body + 2 * page
        guard let base = mmap(nil, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED,
            mprotect(base + page, body, PROT_READ | PROT_WRITE) == 0
        else {
            Issue.record("no memory for guarded bytes")
            return TensorView(copying: bytes, dtype: dtype, shape: shape)
        }
        let start = base + page + (atEnd ? body - bytes.count : 0)
        start.copyMemory(from: bytes, byteCount: bytes.count)
        return TensorView(
            dtype: dtype, shape: shape, bytes: UnsafeRawBufferPointer(start: start, count: bytes.count),
            owner: GuardedBytes(base: base, length: length))
    }
}
