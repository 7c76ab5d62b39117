// One item as the report shows it: what was asked, and what came of it in each run. Knows no HTML.

import BenchmarkData
import Evaluation
import Foundation
import Scoring

struct ReportSample: Encodable {
    /// An image, or a frame of a video.
    struct Picture: Encodable {
        let reference: String
        /// In the report's folder; nil when there is no image to show.
        let file: String?
        let width: Int?
        let height: Int?
        let grid: [Int]?
        let tiles: Int?
        let tokens: Int?
    }

    struct Answer: Encodable {
        let reply: String?
        let finishReason: String?
        let promptTokens: Int?
        let tokens: Int?
        let seconds: Double
        let attempts: Int?
        let verdict: RunVerdict?
        let error: AnswerOutcome.Failure?
        /// What of the reply can be drawn.
        let exhibit: Exhibit?
    }

    let index: Int
    let id: String
    let groups: [String: String]
    let cluster: String?
    let prompt: [AnswerOutcome.Part]
    let pictures: [Picture]
    let gold: [String]
    /// What of the gold can be drawn.
    let exhibit: Exhibit?
    /// A line for each run of the group; null where a run has none.
    let answers: [Answer?]

    /// - Parameter files: what shows the images, by their place.
    init(_ index: Int, _ group: RunGroup, files: [[ShownFile]]) {
        let lines = group.runs.map { $0.results.lines[index] }
        let known = lines.compactMap(\.self)
        // An item that one run could not ask may have been asked by another.
        let told = known.first { !$0.outcome.prompt.isEmpty } ?? known[0]
        // Only a model in this process says how it cut an image.
        let cut = known.first { $0.outcome.images.contains { $0.grid != nil } } ?? told
        self.index = index
        id = told.item.id
        groups = told.item.groups
        cluster = told.item.cluster
        prompt = told.outcome.prompt
        gold = told.outcome.answers
        pictures = told.outcome.images.enumerated().flatMap { place, image in
            Picture.pictures(
                of: image, seen: cut.outcome.images.indices.contains(place) ? cut.outcome.images[place] : image,
                files.indices.contains(place) ? files[place] : [])
        }
        let item =
            group.header.items.benchmark == BenchmarkName.ocrbenchV2.rawValue
            ? told.outcome.item.flatMap { try? PredictionLine.item(Data($0.utf8)) } : nil
        exhibit = item.flatMap { Exhibit(goldOf: $0) }
        answers = lines.map { line in
            line.map { line in
                let outcome = line.outcome
                return Answer(
                    reply: outcome.reply, finishReason: outcome.finishReason, promptTokens: outcome.promptTokens,
                    tokens: outcome.tokens, seconds: outcome.seconds, attempts: outcome.attempts,
                    verdict: outcome.verdict, error: outcome.error,
                    exhibit: item.flatMap { item in outcome.reply.flatMap { Exhibit($0, to: item) } })
            }
        }
    }
}

extension ReportSample.Picture {
    /// - Parameter seen: the image as the model in this process cut it, where one did.
    fileprivate static func pictures(
        of image: AnswerOutcome.Image, seen: AnswerOutcome.Image, _ files: [ShownFile]
    ) -> [ReportSample.Picture] {
        func picture(_ file: ShownFile?) -> ReportSample.Picture {
            // A frame is a tile of its video.
            let count = file?.frame == nil ? 1 : files.count
            return ReportSample.Picture(
                reference: image.reference + (file?.frame.map { " frame \($0)" } ?? ""), file: file?.name,
                width: seen.width ?? image.width, height: seen.height ?? image.height, grid: seen.grid,
                tiles: seen.tiles.map { $0 / count }, tokens: seen.tokens.map { $0 / count })
        }
        return files.isEmpty ? [picture(nil)] : files.map(picture)
    }
}

/// An item in the list of samples: what filters look at.
struct ReportEntry: Encodable {
    /// What came of it in one run.
    struct Result: Encodable {
        let score: Double?
        /// A state of a verdict, `error` or `none`.
        let state: String
        let error: String?
        let isCut: Bool

        private enum Keys: String, CodingKey {
            case score = "s"
            case state = "v"
            case error = "e"
            case isCut = "c"
        }

        func encode(to encoder: any Encoder) throws {
            // Absent is what most are: a list of thousands stays small.
            var container = encoder.container(keyedBy: Keys.self)
            try container.encodeIfPresent(score, forKey: .score)
            if state != RunVerdict.State.scored.rawValue { try container.encode(state, forKey: .state) }
            try container.encodeIfPresent(error, forKey: .error)
            if isCut { try container.encode(1, forKey: .isCut) }
        }
    }

    let id: String
    /// The beginning of the prompt's text.
    let text: String
    let results: [Result]

    private enum CodingKeys: String, CodingKey {
        case id = "i"
        case text = "t"
        case results = "r"
    }

    init(_ sample: ReportSample) {
        id = sample.id
        let words = sample.prompt.compactMap(\.text).joined(separator: " ").split(whereSeparator: \.isWhitespace)
        text = String(words.joined(separator: " ").prefix(140))
        results = sample.answers.map { answer in
            Result(
                score: answer?.verdict.flatMap { $0.counts ? $0.score : nil },
                state: answer?.error != nil ? "error" : answer?.verdict?.state.rawValue ?? "none",
                error: answer?.error?.kind.rawValue, isCut: answer?.finishReason == "length")
        }
    }
}
