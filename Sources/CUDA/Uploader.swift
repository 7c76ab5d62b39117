// Copies from the host to the device that the program does not wait for. Knows nothing of what it copies.

import Dispatch
import Synchronization

/// A ring of pinned memory: bytes are copied into it, and from there by the GPU when the stream comes to it.
final class Uploader: @unchecked Sendable {
    // Sendable: everything that changes is touched under `turn` only.
    private let device: CUDADevice
    private let turn = Mutex(())
    private let memory: UnsafeMutableRawPointer
    /// One for each region: when its last copy is done.
    private let events: [DriverObject?]
    private var region = 0
    private var offset = 0

    private static let regionBytes = 8 << 20
    private static let regions = 8
    /// Bytes from which several threads copy into the ring.
    private static let parallelBytes = 1 << 20

    init(_ device: CUDADevice) throws(CUDAError) {
        self.device = device
        memory = try device.allocateHost(bytes: Self.regionBytes * Self.regions)
        var events: [DriverObject?] = []
        for _ in 0..<Self.regions { events.append(try device.makeEvent()) }
        self.events = events
    }

    /// Puts a copy of `bytes` into the stream. They may change as soon as this returns.
    func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemoryBlock) throws(CUDAError) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let address = target.address
        try turn.withLock { (_) throws(CUDAError) in
            try device.enter()
            var done = 0
            while done < bytes.count {
                if offset == Self.regionBytes { try advance() }
                var size = min(bytes.count - done, Self.regionBytes - offset)
                // A short list is not worth cutting in two.
                if size < bytes.count - done, bytes.count - done <= Self.regionBytes {
                    try advance()
                    size = bytes.count - done
                }
                let place = memory + region * Self.regionBytes + offset
                Self.copy(source + done, to: place, bytes: size)
                try device.upload(place, bytes: size, to: address + UInt64(done))
                offset = min(Self.regionBytes, (offset + size + 63) / 64 * 64)
                done += size
            }
        }
    }

    /// Goes to the next region once its copies are done.
    private func advance() throws(CUDAError) {
        try device.record(events[region])
        region = (region + 1) % Self.regions
        offset = 0
        try device.wait(for: events[region])
    }

    private static func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, bytes: Int) {
        guard bytes >= parallelBytes else {
            target.copyMemory(from: source, byteCount: bytes)
            return
        }
        let piece = (bytes / 8 + 63) / 64 * 64
        let ends = Ends(source: source, target: target)
        DispatchQueue.concurrentPerform(iterations: (bytes + piece - 1) / piece) { index in
            let first = index * piece
            (ends.target + first).copyMemory(from: ends.source + first, byteCount: min(piece, bytes - first))
        }
    }

    private struct Ends: @unchecked Sendable {
        // Sendable: pieces of the copy do not overlap.
        let source: UnsafeRawPointer
        let target: UnsafeMutableRawPointer
    }
}

/// The device's copies of the last few lists that were uploaded: the layers of a model use the same ones again.
struct ListCache<Element: Equatable & Sendable>: Sendable {
    private var entries: [(list: [Element], variant: Int, memory: DeviceMemoryBlock)] = []
    private var next = 0
    private let limit = 4

    init() {}

    /// The copy of `list`. Two variants are different copies.
    func find(_ list: [Element], variant: Int = 0) -> DeviceMemoryBlock? {
        entries.first { $0.variant == variant && $0.list == list }?.memory
    }

    mutating func insert(_ list: [Element], variant: Int = 0, _ memory: DeviceMemoryBlock) {
        if entries.count < limit {
            entries.append((list, variant, memory))
        } else {
            entries[next] = (list, variant, memory)
            next = (next + 1) % limit
        }
    }
}
