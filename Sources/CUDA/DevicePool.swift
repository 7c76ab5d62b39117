// Memory of the device for tensors, kept for the next tensor when one dies. Knows nothing of what is in it.

package import Compute
import Synchronization

/// Plain device memory in size classes: eight to an octave, so that at most an eighth of a block is unused.
///
/// One stream uses all of it in order, so a block may go from a dead tensor to a new one without waiting.
final class DevicePool: Sendable {
    private struct State {
        var free: [Int: [DeviceAddress]] = [:]  // by the class's bytes
        var taken = 0  // bytes, from the driver
        var live = 0  // bytes, in use
        var peak = 0
    }

    private let device: CUDADevice
    private let state = Mutex(State())

    init(_ device: CUDADevice) { self.device = device }

    /// Bytes in use now, at most so far, and taken from the driver.
    var bytes: (live: Int, peak: Int, taken: Int) { state.withLock { ($0.live, $0.peak, $0.taken) } }

    /// The size of the class that holds `bytes`.
    static func classBytes(_ bytes: Int) -> Int {
        guard bytes > 4096 else { return (max(bytes, 1) + 511) / 512 * 512 }
        let step = 1 << (Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount - 3)
        return (bytes + step - 1) / step * step
    }

    func take(bytes: Int, for what: String) throws(CUDAError) -> DeviceMemoryBlock {
        let size = Self.classBytes(bytes)
        let found = state.withLock { state -> DeviceAddress? in
            guard let address = state.free[size]?.popLast() else { return nil }
            state.live += size
            state.peak = max(state.peak, state.live)
            return address
        }
        if let found { return DeviceMemoryBlock(pool: self, address: found, capacity: size, byteCount: bytes) }
        var address = try device.allocate(bytes: size)
        if address == nil {
            try device.synchronize()
            releaseFree()
            address = try device.allocate(bytes: size)
        }
        guard let address else {
            throw .memory(what: what, bytes: bytes, device: device.name, inUse: self.bytes.live)
        }
        state.withLock { state in
            state.taken += size
            state.live += size
            state.peak = max(state.peak, state.live)
        }
        return DeviceMemoryBlock(pool: self, address: address, capacity: size, byteCount: bytes)
    }

    fileprivate func give(_ address: DeviceAddress, capacity: Int) {
        state.withLock { state in
            state.live -= capacity
            state.free[capacity, default: []].append(address)
        }
    }

    /// Copies a block to the host. A failure is remembered and the bytes are NaN: whoever asks cannot be told.
    fileprivate func read(_ address: DeviceAddress, into target: UnsafeMutableRawPointer, bytes: Int) {
        do throws(CUDAError) {
            try device.download(address, bytes: bytes, to: target)
        } catch {
            target.initializeMemory(as: UInt8.self, repeating: 0xFF, count: bytes)
        }
    }

    /// Gives the free blocks back to the driver.
    private func releaseFree() {
        let blocks = state.withLock { state in
            let blocks = state.free
            state.free = [:]
            for (size, addresses) in blocks { state.taken -= size * addresses.count }
            return blocks
        }
        for address in blocks.values.joined() { device.free(address) }
    }

    deinit { releaseFree() }
}

/// Device memory with one owner at a time, given back to its pool with the last reference.
package final class DeviceMemoryBlock: DeviceMemory {
    private let pool: DevicePool
    let address: DeviceAddress
    private let capacity: Int
    package let byteCount: Int
    /// What a forward attention over this memory (its queries) leaves for the backward one.
    let attention = Mutex<AttentionSums?>(nil)

    fileprivate init(pool: DevicePool, address: DeviceAddress, capacity: Int, byteCount: Int) {
        self.pool = pool
        self.address = address
        self.capacity = capacity
        self.byteCount = byteCount
    }

    package func read(into target: UnsafeMutableRawPointer, bytes: Int) {
        pool.read(address, into: target, bytes: min(bytes, byteCount))
    }

    deinit { pool.give(address, capacity: capacity) }
}
