// The folder of a run: its last state, its best parameters, its log and the plot of it. Knows nothing of models.

package import Foundation

/// `state.safetensors`, `best.safetensors`, `log.jsonl`, `loss.svg`.
///
/// Every file but the log appears under its name when it is complete. The log is appended to; lines beyond the last
/// state, written by a run that was killed, are cut off when the run goes on.
package struct RunDirectory: Sendable {
    package let url: URL
    /// The fact of a state that says how many examples were given out.
    package static let positionKey = "data.position"
    /// The fact of a state that says what run it belongs to.
    private static let settingsKey = "run.settings"

    private var stateURL: URL { url.appending(path: "state.safetensors") }
    private var bestURL: URL { url.appending(path: "best.safetensors") }
    package var logURL: URL { url.appending(path: "log.jsonl") }

    /// Makes the folder when there is none.
    package init(_ url: URL) throws(TrainingError) {
        self.url = url
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw .state(
                file: url.path(percentEncoded: false), found: (error as NSError).localizedDescription,
                expected: "a folder that can be written")
        }
    }

    /// Where a run with these settings goes on: at the saved state, with the log cut back to its step; or at the
    /// beginning, without what a run that never saved a state has left.
    /// - Parameter description: what decides the result, in words; a state made under another one is refused.
    package func state(
        from start: Parameters, settings: AdamW.Settings, description: String
    ) throws(TrainingError) -> RunState {
        guard FileManager.default.fileExists(atPath: stateURL.path(percentEncoded: false)) else {
            try? FileManager.default.removeItem(at: bestURL)
            try cutLog(after: 0)
            return RunState(
                parameters: start, optimizer: AdamW(settings, for: start), facts: [Self.settingsKey: description])
        }
        let state = try RunState(restoring: stateURL, like: start, settings: settings)
        let found = state.facts[Self.settingsKey] ?? "no settings"
        guard found == description else {
            throw .state(
                file: stateURL.path(percentEncoded: false), found: "a run with the settings \(found)",
                expected: "\(description); name another --run folder to start anew")
        }
        try cutLog(after: state.optimizer.step)
        return state
    }

    package func save(_ state: RunState) throws(TrainingError) {
        try state.save(to: stateURL)
        try plot()
    }

    package func save(best parameters: Parameters, loss: Double) throws(TrainingError) {
        try RunState(
            parameters: parameters, optimizer: AdamW(.init(), for: parameters), facts: ["validation.loss": "\(loss)"]
        ).save(to: bestURL)
    }

    package func best(like parameters: Parameters) throws(TrainingError) -> (parameters: Parameters, loss: Double)? {
        guard FileManager.default.fileExists(atPath: bestURL.path(percentEncoded: false)) else { return nil }
        let state = try RunState(restoring: bestURL, like: parameters, settings: .init())
        return (state.parameters, state.facts["validation.loss"].flatMap { Double($0) } ?? .infinity)
    }

    // MARK: Log

    package func log(_ line: some Encodable) throws(TrainingError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let path = logURL.path(percentEncoded: false)
        do {
            let data = try encoder.encode(line) + Data("\n".utf8)
            if !FileManager.default.fileExists(atPath: path) {
                try Data().write(to: logURL)
            }
            let file = try FileHandle(forWritingTo: logURL)
            defer { try? file.close() }
            try file.seekToEnd()
            try file.write(contentsOf: data)
        } catch {
            throw .state(
                file: path, found: (error as NSError).localizedDescription, expected: "a log that can be written")
        }
    }

    private struct Line: Decodable {
        let step: Int
        let loss: Double
        let tokenAccuracy: Double?
    }

    private func lines() -> [(text: Substring, line: Line)] {
        guard let text = try? String(contentsOf: logURL, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { text in
            (try? JSONDecoder().decode(Line.self, from: Data(text.utf8))).map { (text, $0) }
        }
    }

    private func cutLog(after step: Int) throws(TrainingError) {
        let kept = lines().filter { $0.line.step <= step }.map { $0.text + "\n" }.joined()
        do {
            try Data(kept.utf8).write(to: logURL, options: .atomic)
        } catch {
            throw .state(
                file: logURL.path(percentEncoded: false), found: (error as NSError).localizedDescription,
                expected: "a log that can be written")
        }
    }

    private func plot() throws(TrainingError) {
        let lines = lines().map(\.line)
        let training = lines.filter { $0.tokenAccuracy == nil }.map { LossPlot.Point(step: $0.step, loss: $0.loss) }
        let validation = lines.filter { $0.tokenAccuracy != nil }.map { LossPlot.Point(step: $0.step, loss: $0.loss) }
        let file = url.appending(path: "loss.svg")
        do {
            try Data(LossPlot(training: training, validation: validation).svg.utf8).write(to: file, options: .atomic)
        } catch {
            throw .state(
                file: file.path(percentEncoded: false), found: (error as NSError).localizedDescription,
                expected: "a file that can be written")
        }
    }
}
