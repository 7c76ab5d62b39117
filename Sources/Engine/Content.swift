// What stands at the positions of a sequence, and digests of it. Knows nothing of pages or tensors.

import Crypto

/// A SHA-256 digest.
package struct Digest: Hashable, Sendable, Codable, CustomStringConvertible {
    package let bytes: [UInt8]  // 32

    /// The digest of `parts`, one after the other, each preceded by its length.
    package init(of parts: [[UInt8]]) {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            part.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        bytes = Array(hash.finalize())
    }

    package var description: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// One position's content.
package enum Content: Hashable, Sendable, Codable {
    case token(Int32)
    /// A row of an image's embeddings. `image` is the digest of its tiles.
    case image(Digest, row: Int32)

    package var token: Int32? {
        if case .token(let id) = self { id } else { nil }
    }
}

extension Digest {
    /// Where the chain of a sequence's pages begins. Sequences of different salts share no page.
    static func root(salt: String) -> Digest { Digest(of: [Array("page chain 1".utf8), Array(salt.utf8)]) }

    /// The digest of a page's contents and of all pages before it.
    static func page(after previous: Digest, _ contents: ArraySlice<Content>) -> Digest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * contents.count)
        for content in contents {
            switch content {
            case .token(let id):
                bytes.append(0)
                withUnsafeBytes(of: id.littleEndian) { bytes += $0 }
            case .image(let image, let row):
                bytes.append(1)
                bytes += image.bytes
                withUnsafeBytes(of: row.littleEndian) { bytes += $0 }
            }
        }
        return Digest(of: [previous.bytes, bytes])
    }
}
