// What became of one request of a load test. Knows times and counts, no text.

package struct RequestTrace: Sendable {
    package enum End: Sendable, Equatable {
        case completed
        /// A status that is no success.
        case refused(status: Int)
        case failed(reason: String)
        /// The client left, as planned.
        case abandoned
    }

    package var end: End
    /// Seconds from sending the request to each piece of text.
    package var pieces: [Double]
    /// Seconds from sending the request to its last piece of text, or to its refusal or failure.
    package var seconds: Double
    package var promptTokens: Int
    /// As the server counted them, or else the pieces of text.
    package var outputTokens: Int

    package init(end: End, pieces: [Double] = [], seconds: Double, promptTokens: Int = 0, outputTokens: Int = 0) {
        self.end = end
        self.pieces = pieces
        self.seconds = seconds
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
    }

    package var timeToFirstToken: Double? { pieces.first }

    /// Mean seconds of each token after the first; nil when there is only one.
    package var timePerOutputToken: Double? {
        guard let first = pieces.first, outputTokens > 1 else { return nil }
        return (seconds - first) / Double(outputTokens - 1)
    }

    /// Seconds between pieces of text.
    package var interTokenLatencies: [Double] { zip(pieces.dropFirst(), pieces).map { $0 - $1 } }
}
