// The library's model as one who answers a benchmark's questions. Knows no scores.

package import BenchmarkData
import Imaging
package import Monocle
import Prompting

extension BenchmarkItem {
    /// The item as a question to the model: text and images in their order, answered greedily whatever the model's folder
    /// recommends.
    func inquiry(maxTokens: Int) -> Inquiry {
        let parts = prompt.map { part -> Message.Part in
            switch part {
            case .text(let text): .text(text)
            case .image(let place): .image(place)
            }
        }
        return Inquiry(
            .conversation(Conversation([Message(.user, parts)])),
            sources: images.map { Inquiry.Source($0.source, frames: $0.frames, detail: $0.detail) },
            answer: AnswerOptions(
                temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: maxTokens))
    }
}

extension VisionLanguageModel: Respondent {
    package func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply {
        for try await event in stream(item.inquiry(maxTokens: maxTokens)) {
            guard case .finished(let answer) = event else { continue }
            return Reply(
                text: answer.text, promptTokens: answer.promptTokenIDs.count, tokens: answer.tokenIDs.count,
                finishReason: answer.finishReason.rawValue,
                images: answer.images.map {
                    Reply.Use(
                        width: $0.width, height: $0.height, grid: $0.grid, frames: $0.frames, tiles: $0.tiles,
                        tokens: $0.tokens)
                })
        }
        throw CancellationError()
    }
}
