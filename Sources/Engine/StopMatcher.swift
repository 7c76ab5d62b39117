// Stop strings in a stream of text. Knows nothing of tokens.

/// Passes text through, holding back what may still turn out to begin a stop string.
package struct StopMatcher: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// The stop string that was found.
    package private(set) var match: String?

    package var isStopped: Bool { match != nil }

    /// - Parameter stops: non-empty strings; empty ones are ignored.
    package init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// Text that is safe to show after `text` arrived. Once a stop string is complete, everything from its start on is
    /// dropped and `match` says which it was.
    package mutating func push(_ text: String) -> String {
        guard !isStopped else { return "" }
        guard !stops.isEmpty else { return text }
        held += text.utf8
        if let (start, stop) = firstStop() {
            match = String(decoding: stop, as: UTF8.self)
            return release(start)
        }
        return release(held.count - longestSuffixThatBeginsAStop())
    }

    /// What was held back, once no more text will come.
    package mutating func finish() -> String { isStopped ? "" : release(held.count) }

    private mutating func release(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held.prefix(count), as: UTF8.self)
    }

    private func firstStop() -> (start: Int, stop: [UInt8])? {
        for start in held.indices {
            if let stop = stops.first(where: { held[start...].starts(with: $0) }) { return (start, stop) }
        }
        return nil
    }

    private func longestSuffixThatBeginsAStop() -> Int {
        let longest = (stops.map(\.count).max() ?? 1) - 1
        return (0...min(longest, held.count)).reversed().first { length in
            let suffix = held.suffix(length)
            return stops.contains { $0.starts(with: suffix) }
        } ?? 0
    }
}
