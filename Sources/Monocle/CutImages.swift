// Images decoded and cut, kept by the bytes they came from. Knows no prompt.

import Engine
import Foundation
import Imaging
import Synchronization

/// Spares the images of a second question their decoding: at most `limit` bytes of tiles, least recently used dropped first.
package final class CutImages: Sendable {
    private struct Entry {
        let images: [CutImage]
        let bytes: Int
        var lastUse: Int
    }

    private struct State {
        var entries: [Digest: Entry] = [:]
        var bytes = 0
        var clock = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    package init(limit: Int) { self.limit = limit }

    /// What a source's images depend on, given one loader and one model; nil for what is not in memory.
    static func key(_ source: Inquiry.Source, maxTiles: Int?, salt: String) -> Digest? {
        guard case .data(let data, _) = source.image else { return nil }
        let pages = source.pages.map { "\($0.lowerBound)-\($0.upperBound)" } ?? ""
        let frames = source.frames.map { "\($0)" } ?? ""
        let plan = "\(source.detail.rawValue) \(source.maxTiles ?? maxTiles ?? 0) \(pages) \(frames)"
        return Digest(of: [Array("cut image 1 \(plan)".utf8), Array(salt.utf8), Array(data)])
    }

    /// The images kept under `key`, or those that `make` makes.
    func images<Failure: Error>(_ key: Digest?, make: () throws(Failure) -> [CutImage]) throws(Failure) -> [CutImage] {
        guard let key, limit > 0 else { return try make() }
        if let found = find(key) { return found }
        let images = try make()
        keep(images, key)
        return images
    }

    private func find(_ key: Digest) -> [CutImage]? {
        state.withLock { state in
            state.clock += 1
            state.entries[key]?.lastUse = state.clock
            return state.entries[key]?.images
        }
    }

    private func keep(_ images: [CutImage], _ key: Digest) {
        let bytes = images.reduce(0) { $0 + $1.content.pixels.count }
        guard bytes <= limit else { return }
        state.withLock { state in
            guard state.entries[key] == nil else { return }
            state.entries[key] = Entry(images: images, bytes: bytes, lastUse: state.clock)
            state.bytes += bytes
            while state.bytes > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[oldest.key] = nil
                state.bytes -= oldest.value.bytes
            }
        }
    }
}
