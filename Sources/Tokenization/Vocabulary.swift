// The bytes of every token and the way back from bytes to an id. Knows no merges and no Unicode.

/// Tokens by id, `0..<count`, and a hash index over those that ordinary text may become.
struct Vocabulary: Sendable {
    /// Bytes of all tokens, one after another.
    private let storage: [UInt8]
    /// Where each id's bytes lie in `storage`.
    private let places: [Place]
    /// Open addressing with linear probing, at most half full: upper half a tag of the hash, lower half id + 1; 0 is
    /// an empty slot.
    private let slots: [UInt64]

    struct Place: Sendable {
        var start: UInt32
        var length: UInt32
    }

    var count: Int { places.count }

    /// - Parameters:
    ///   - places: for each id, the part of `storage` that holds its bytes; must lie inside it.
    ///   - indexed: ids to be found by their bytes; of two with equal bytes the first is.
    init(storage: [UInt8], places: [Place], indexed: [Int32]) {
        var capacity = 16
        while capacity < indexed.count * 2 { capacity *= 2 }
        var slots = [UInt64](repeating: 0, count: capacity)
        let span = storage.span
        for id in indexed {
            let place = places[Int(id)]
            let lower = Int(place.start), upper = lower + Int(place.length)
            let hash = Self.hash(span, lower, upper)
            var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(UInt32(bitPattern: id) + 1)
        }
        self.storage = storage
        self.places = places
        self.slots = slots
    }

    /// Bytes of a token; empty for ids out of range, as the padding rows of an embedding have.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, id < places.count else { return [] }
        let place = places[Int(id)]
        return storage[Int(place.start)..<Int(place.start) + Int(place.length)]
    }

    /// The indexed id whose bytes are `bytes[lower..<upper]`; -1 when there is none. `hash` is theirs.
    @inline(__always)
    func find(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int, hash: UInt64) -> Int32 {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return -1 }
            if entry >> 32 == hash >> 32 {
                let id = Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
                if holds(id, bytes, lower, upper) { return id }
            }
            slot = (slot + 1) & mask
        }
    }

    func find(_ bytes: [UInt8]) -> Int32 {
        find(bytes.span, 0, bytes.count, hash: Self.hash(bytes.span, 0, bytes.count))
    }

    @inline(__always)
    private func holds(_ id: Int32, _ bytes: Span<UInt8>, _ lower: Int, _ upper: Int) -> Bool {
        let place = places[Int(id)]
        guard Int(place.length) == upper - lower else { return false }
        let start = Int(place.start)
        for offset in 0..<upper - lower where storage[start + offset] != bytes[lower + offset] { return false }
        return true
    }

    /// 64-bit hash of `bytes[lower..<upper]`: eight bytes at a time, mixed by a folded 128-bit product.
    @inline(__always)
    static func hash(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: upper - lower) &+ 0x9E37_79B9_7F4A_7C15
        var index = lower
        let raw = bytes.bytes
        while upper - index >= 8 {
            hash = mix(hash ^ raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var tail: UInt64 = 0
        while index < upper {
            tail = tail << 8 | UInt64(bytes[index])
            index += 1
        }
        return mix(hash ^ tail)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0x2D35_8DCC_AA6C_78A5).multipliedFullWidth(by: 0x8BB8_4B93_962E_ACC9)
        return product.high ^ product.low
    }
}
