// An answer as it arrives: stages on the progress line, text on standard output.

import Monocle

struct AnswerView {
    let progress: ProgressBar
    let showsText: Bool

    /// Shows a stream to its end.
    /// - Returns: the finished answer.
    func show(_ stream: AsyncThrowingStream<AnswerEvent, any Error>) async throws -> Answer {
        defer { progress.clear() }
        let clock = ContinuousClock()
        var tokens = 0
        var first: ContinuousClock.Instant?
        var endsLine = true
        for try await event in stream {
            switch event {
            case .stage(.vision(let tile, let count)):
                progress.show("vision tile \(tile)/\(count)", fraction: Double(tile - 1) / Double(count))
            case .stage(.prefill(let done, let count)):
                progress.show("prefill \(done)/\(count) tokens", fraction: Double(done) / Double(count))
            case .token:
                tokens += 1
                let start = first ?? clock.now
                first = start
                guard !showsText, tokens > 1 else { continue }
                let rate = Double(tokens - 1) / ((clock.now - start) / .seconds(1))
                progress.show("\(tokens) tokens, \((rate * 10).rounded() / 10) tokens/s")
            case .text(let text):
                guard showsText else { continue }
                progress.clear()
                try Output.write(text)
                endsLine = text.hasSuffix("\n")
            case .finished(let answer):
                if showsText, !endsLine || answer.text.isEmpty { try Output.write("\n") }
                return answer
            }
        }
        throw CancellationError()
    }
}
