// Which images' embeddings are kept, and who needs them. Knows sizes and digests, not pixels or tensors.

/// The tiles of one image as the encoder takes them.
package struct ImageTiles: Sendable, Equatable {
    package let tiles: Int
    /// `[tiles, 3, side, side]` bytes.
    package let pixels: [UInt8]
    /// Of the number of tiles and their pixels: what the embeddings depend on.
    package let digest: Digest

    package init(tiles: Int, pixels: [UInt8]) {
        self.tiles = tiles
        self.pixels = pixels
        digest = Digest(of: [Array("tiles 1 \(tiles)".utf8), pixels])
    }
}

/// Embeddings of images, complete or on their way: at most `limit` bytes of those nobody needs, least recently used
/// dropped first.
package struct ImageCache: Sendable {
    package struct Entry: Sendable, Equatable {
        package let tiles: Int
        package let bytes: Int
        /// Tiles embedded so far.
        package fileprivate(set) var done = 0
        /// Running sequences that need the embeddings.
        package fileprivate(set) var users = 0
        fileprivate var lastUse = 0

        package var isComplete: Bool { done >= tiles }
    }

    private let limit: Int  // bytes
    private var entries: [Digest: Entry] = [:]
    private var clock = 0
    package private(set) var bytes = 0

    package init(limit: Int) { self.limit = limit }

    package var count: Int { entries.count }
    package var images: [Digest] { Array(entries.keys) }
    package func entry(_ image: Digest) -> Entry? { entries[image] }

    /// Bytes that users hold now.
    package var usedBytes: Int { entries.values.reduce(0) { $0 + ($1.users > 0 ? $1.bytes : 0) } }

    /// Whether the cache's limit allows these images beside those in use.
    package func hasRoom(for images: [(image: Digest, bytes: Int)]) -> Bool {
        var added: [Digest: Int] = [:]
        for image in images where (entries[image.image]?.users ?? 0) == 0 { added[image.image] = image.bytes }
        return usedBytes + added.values.reduce(0, +) <= limit
    }

    package mutating func retain(_ image: Digest, tiles: Int, bytes: Int) {
        clock += 1
        if entries[image] == nil {
            entries[image] = Entry(tiles: tiles, bytes: bytes)
            self.bytes += bytes
        }
        entries[image]?.users += 1
        entries[image]?.lastUse = clock
    }

    package mutating func release(_ image: Digest) {
        precondition((entries[image]?.users ?? 0) > 0, "an image is released as often as it was taken")
        entries[image]?.users -= 1
    }

    /// One more tile of `image` is embedded.
    package mutating func didEmbedTile(of image: Digest) { entries[image]?.done += 1 }

    /// Drops what nobody needs: incomplete images, then the least recently used until the rest fits the limit.
    /// - Returns: the images whose embeddings are to be thrown away.
    package mutating func trim() -> [Digest] {
        var dropped = entries.filter { $0.value.users == 0 && !$0.value.isComplete }.map(\.key)
        for image in dropped { drop(image) }
        guard bytes > limit else { return dropped }
        let idle = entries.filter { $0.value.users == 0 }.sorted { $0.value.lastUse < $1.value.lastUse }
        for (image, _) in idle where bytes > limit {
            drop(image)
            dropped.append(image)
        }
        return dropped
    }

    private mutating func drop(_ image: Digest) {
        if let entry = entries.removeValue(forKey: image) { bytes -= entry.bytes }
    }
}
