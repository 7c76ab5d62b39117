import Foundation
import Scoring
import TestSupport
import Testing

/// Files of predictions: nothing is dropped silently, nothing is scored as what it is not.
struct PredictionTests {
    private func score(_ lines: [String], end: String = "\n") throws -> ScoredPredictions {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "predictions.jsonl")
        try (lines.joined(separator: "\n") + end).write(to: url, atomically: true, encoding: .utf8)
        return try ScoredPredictions(scoring: url.path, with: try Scorer(.docvqa, profile: .vlmevalkit))
    }

    private let good = #"{"id": "a", "prediction": "x", "answers": ["x"]}"#

    @Test func everyLineIsASampleAFailureOrAFault() throws {
        let scored = try score([
            good, "not json", "", #"{"id": 2, "prediction": 5, "answers": ["x"]}"#,
            #"{"id": 3, "error": "HTTP 500", "answers": ["x"]}"#, #"{"id": "a", "prediction": "x", "answers": ["x"]}"#,
            #"{"id": 5, "prediction": "x"}"#, #"{"id": 6, "prediction": "x", "answers": [1]}"#, #"[1]"#,
            #"{"prediction": "x", "answers": ["x"]}"#, #"{"id": 7, "prediction": "y", "answers": "y"}"#,
        ])
        #expect(scored.samples.map(\.item.id) == ["a", "7"] && scored.samples.allSatisfy { $0.verdict.score == 1 })
        #expect(scored.failures.map(\.id) == ["3"] && scored.failures.first?.reason == "HTTP 500")
        #expect(scored.faults.map(\.line) == [2, 4, 6, 7, 8, 9, 10])
        #expect(scored.faults.first { $0.line == 6 }?.reason.contains("first on line 1") == true)
    }

    @Test func aLastLineNeedsNoEnd() throws {
        #expect(try score([good], end: "").samples.count == 1)
        #expect(try score([good + "\r"]).samples.count == 1)
        #expect(try score([], end: "").samples.isEmpty)
    }

    /// A failed request is no reply, whatever text stands in its place.
    @Test func aFailureWithAPredictionIsNotScored() throws {
        let scored = try score([#"{"id": 1, "prediction": "x", "error": "cut off", "answers": ["x"]}"#])
        #expect(scored.samples.isEmpty && scored.failures.count == 1 && scored.faults.isEmpty)
    }

    @Test func aProtocolWithoutAScorerSaysWhichHaveOne() {
        let error = #expect(throws: ScoringError.self) { try Scorer(.ai2d, profile: .official) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("vlmevalkit-2025"))
        #expect(throws: ScoringError.self) {
            try ScoredPredictions(scoring: "/nowhere", with: try Scorer(.docvqa, profile: .official))
        }
    }

    @Test func keysKeepTheirOrder() throws {
        let line = try PredictionLine(
            Data(
                #"{"id": 1, "prediction": "", "item": {"type": "chart parsing en", "answers": [{"b": 1, "a": 2}]}}"#
                    .utf8))
        #expect(line.item.gold.elements?.first?.repr == "{'b': 1, 'a': 2}" && line.item.category == "chart parsing en")
    }
}
