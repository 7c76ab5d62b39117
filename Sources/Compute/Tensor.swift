// Activations: dense float32 arrays. Knows nothing of weights, operations or devices other than host memory.

import Foundation
package import Numerics
import Synchronization

/// A dense row-major float32 array on the host.
///
/// Every activation between two operations is float32; an operation that works in a narrower format (bf16, int8, NVFP4)
/// rounds its own input. A tensor is immutable once the operation that made it returns; two tensors are the same
/// node of a computation exactly when they share `storage`.
package struct Tensor: Sendable {
    package let shape: Shape
    package let storage: TensorStorage

    package init(shape: Shape, storage: TensorStorage) {
        precondition(shape.count <= storage.count, "storage holds the shape")
        self.shape = shape
        self.storage = storage
    }

    /// A tensor holding a copy of `values`.
    package init(_ values: [Float], shape: Shape) {
        precondition(values.count == shape.count, "one value for each element")
        let storage = TensorStorage(count: values.count)
        values.withUnsafeBufferPointer { values in
            if let first = values.baseAddress { storage.pointer.update(from: first, count: values.count) }
        }
        self.init(shape: shape, storage: storage)
    }

    /// Rows of a matrix: the first extent.
    package var rows: Int { shape[0] }
    /// Columns of a matrix: the product of all extents but the first.
    package var columns: Int { shape.extents.dropFirst().reduce(1, *) }

    package var pointer: UnsafeMutablePointer<Float> { storage.pointer }
    package var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: storage.pointer, count: shape.count) }

    /// The same elements under another shape of the same count.
    package func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.count == self.shape.count, "a reshape keeps the count")
        return Tensor(shape: shape, storage: storage)
    }

    package func array() -> [Float] { withExtendedLifetime(storage) { Array(values) } }
}

/// Memory of a device other than the host, freed with the last reference.
package protocol DeviceMemory: AnyObject, Sendable {
    var byteCount: Int { get }
    /// Waits for what writes the memory and copies its first `bytes` bytes to the host.
    func read(into host: UnsafeMutableRawPointer, bytes: Int)
}

/// The memory of a tensor: on the host, 64-byte aligned, returned to its pool or freed with the last reference; or on a
/// device, copied to the host when somebody first asks for it there.
package final class TensorStorage: @unchecked Sendable {
    // Sendable: written only by the operation that creates it, before it is shared; a copy between host and device is
    // made once, under the lock.
    package let count: Int
    private let pool: TensorPool?
    private let host: Atomic<UnsafeMutablePointer<Float>?>
    private let copy: Mutex<(any DeviceMemory)?>

    package init(count: Int, pool: TensorPool? = nil) {
        self.count = count
        self.pool = pool
        host = Atomic(Self.allocate(count, pool))
        copy = Mutex(nil)
    }

    /// Storage whose elements are in the memory of a device.
    package init(count: Int, device: any DeviceMemory) {
        precondition(device.byteCount >= count * MemoryLayout<Float>.stride, "the device's memory holds the elements")
        self.count = count
        pool = nil
        host = Atomic(nil)
        copy = Mutex(device)
    }

    private static func allocate(_ count: Int, _ pool: TensorPool?) -> UnsafeMutablePointer<Float> {
        (pool?.take(count: count) ?? memory(byteCount: max(count, 1) * MemoryLayout<Float>.stride))
            .assumingMemoryBound(to: Float.self)
    }

    /// Large arrays lie in huge pages where the system gives them: an activation of a hundred megabytes then takes dozens of
    /// page faults, not tens of thousands.
    private static func memory(byteCount: Int) -> UnsafeMutableRawPointer {
        let hugePage = 2 << 20
        guard byteCount >= 2 * hugePage else { return .allocate(byteCount: byteCount, alignment: 64) }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePage)
        madvise(memory, byteCount / hugePage * hugePage, MADV_HUGEPAGE)
        return memory
    }

    /// The elements on the host.
    package var pointer: UnsafeMutablePointer<Float> {
        if let pointer = host.load(ordering: .acquiring) { return pointer }
        return copy.withLock { device in
            if let pointer = host.load(ordering: .acquiring) { return pointer }
            let pointer = Self.allocate(count, pool)
            device?.read(into: pointer, bytes: count * MemoryLayout<Float>.stride)
            host.store(pointer, ordering: .releasing)
            return pointer
        }
    }

    /// The elements in a device's memory: where they are, or a copy of the host's that `upload` makes on the first call.
    package func onDevice<Failure: Error>(
        _ upload: (_ host: UnsafeMutablePointer<Float>) throws(Failure) -> any DeviceMemory
    ) throws(Failure) -> any DeviceMemory {
        if let device = copy.withLock({ $0 }) { return device }
        let device = try upload(pointer)
        return copy.withLock { copy in
            if let other = copy { return other }
            copy = device
            return device
        }
    }

    deinit {
        guard let pointer = host.load(ordering: .acquiring) else { return }
        if let pool { pool.give(pointer, count: count) } else { UnsafeMutableRawPointer(pointer).deallocate() }
    }
}

/// Keeps the memory of dead tensors for the next tensor of the same size, so that a step neither maps nor faults pages.
package final class TensorPool: Sendable {
    private struct Free: @unchecked Sendable {
        // Sendable: pointers nobody else holds, guarded by the mutex.
        var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
        var bytes = 0
    }
    private let free = Mutex(Free())
    private let limit: Int  // bytes

    /// - Parameter limit: bytes of free memory kept at most; beyond it memory is returned to the system.
    package init(limit: Int = defaultLimit) { self.limit = limit }

    package static let defaultLimit = 256 << 20  // bytes

    fileprivate func take(count: Int) -> UnsafeMutableRawPointer? {
        let block = free.withLock { free -> Free in
            guard let block = free.blocks[count]?.popLast() else { return Free() }
            free.bytes -= count * 4
            return Free(blocks: [0: [block]])
        }
        return block.blocks[0]?.first
    }

    fileprivate func give(_ pointer: UnsafeMutableRawPointer, count: Int) {
        let block = Free(blocks: [0: [pointer]])
        free.withLock { free in
            guard free.bytes + count * 4 <= limit, let pointer = block.blocks[0]?.first else {
                for pointer in block.blocks[0] ?? [] { pointer.deallocate() }
                return
            }
            free.blocks[count, default: []].append(pointer)
            free.bytes += count * 4
        }
    }

    deinit {
        free.withLock { free in
            for pointer in free.blocks.values.joined() { pointer.deallocate() }
        }
    }
}
