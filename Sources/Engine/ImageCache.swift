// Embeddings of images seen before, found by their exact tiles. Knows nothing of prompts.

package import Compute

/// The tiles of one image as the encoder takes them.
package struct ImageTiles: Hashable, Sendable {
    package let tiles: Int
    /// `[tiles, 3, side, side]` bytes.
    package let pixels: [UInt8]

    package init(tiles: Int, pixels: [UInt8]) {
        self.tiles = tiles
        self.pixels = pixels
    }
}

/// Least recently used image embeddings, at most `limit` bytes of them. Pixels are compared on a hit, so two images never
/// share an entry.
package struct ImageCache: Sendable {
    package struct Entry: Sendable {
        /// Unique to these pixels while the entry lives; never reused.
        package let identity: Int
        /// `[tiles * tokensPerTile, hidden]`.
        package let embeddings: Tensor
        fileprivate var lastUse: Int
    }

    private let limit: Int  // bytes
    private var entries: [ImageTiles: Entry] = [:]
    private var bytes = 0
    private var nextIdentity = 1
    private var clock = 0

    package init(limit: Int = 256 << 20) { self.limit = limit }

    package mutating func find(_ image: ImageTiles) -> Entry? {
        clock += 1
        entries[image]?.lastUse = clock
        return entries[image]
    }

    package mutating func insert(_ image: ImageTiles, embeddings: Tensor) -> Entry {
        clock += 1
        let entry = Entry(identity: nextIdentity, embeddings: embeddings, lastUse: clock)
        nextIdentity += 1
        entries[image] = entry
        bytes += Self.size(image, entry)
        while bytes > limit, entries.count > 1, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
            bytes -= Self.size(oldest.key, oldest.value)
        }
        return entry
    }

    private static func size(_ image: ImageTiles, _ entry: Entry) -> Int {
        image.pixels.count + entry.embeddings.shape.count * MemoryLayout<Float>.stride
    }
}
