// A fast hash that tells bytes apart where nobody forges them. Knows nothing of what it digests.

package import Foundation

/// Fowler, Noll and Vo's hash of 64 bits.
package struct FNV1a: Sendable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package mutating func add(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { bytes in
            for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
    }

    package mutating func add(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    /// 16 hexadecimal digits.
    package var digits: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package static func digits(_ bytes: RawSpan) -> String {
        var hash = FNV1a()
        hash.add(bytes)
        return hash.digits
    }

    /// Digest and length of a file; nil where it cannot be read.
    package static func file(_ url: URL) -> (digits: String, bytes: Int)? {
        var hash = FNV1a()
        return hash.add(contentsOf: url).map { (hash.digits, $0) }
    }

    /// Adds a file's bytes, which are never held whole.
    /// - Returns: how many there are; nil where they cannot be read.
    package mutating func add(contentsOf url: URL) -> Int? {
        guard let handle = try? FileHandle(forReadingFrom: url) else { return nil }
        defer { try? handle.close() }
        var bytes = 0
        do {
            while let chunk = try handle.read(upToCount: Self.bytesAtOnce), !chunk.isEmpty {
                add(chunk.bytes)
                bytes += chunk.count
            }
        } catch {
            return nil
        }
        return bytes
    }

    private static let bytesAtOnce = 1 << 18
}
