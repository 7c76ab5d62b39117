// A server as a judge, its replies kept on disk. Knows no rule.

import OpenAIClient

package struct EndpointJudge: Judge {
    private let endpoint: ChatEndpoint
    private let cache: JudgeCache

    /// A judge answers with a letter, or explains itself first.
    private static let maxTokens = 512

    package init(_ endpoint: ChatEndpoint, cache: JudgeCache) {
        self.endpoint = endpoint
        self.cache = cache
    }

    package var model: String { endpoint.model }

    package func close() async { await endpoint.close() }

    package func check() async throws { try await endpoint.check() }

    package func reply(to prompt: String, attempt: Int) async throws(AnswerOutcome.Failure) -> String {
        if let known = await cache.reply(model, prompt, attempt) { return known }
        do {
            let text = try await endpoint.complete(ChatCall(question: prompt, maxTokens: Self.maxTokens)).answer.text
            try await cache.add(text, model, prompt, attempt)
            return text
        } catch let error as RespondentError {
            throw error.failure
        } catch {
            throw AnswerOutcome.Failure(.judge, "\(error)")
        }
    }
}
