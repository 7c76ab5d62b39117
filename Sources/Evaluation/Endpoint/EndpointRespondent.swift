// A server as one who answers a benchmark's questions. Knows no scores.

package import BenchmarkData

package struct EndpointRespondent: Respondent {
    private let endpoint: ChatEndpoint

    package init(_ endpoint: ChatEndpoint) { self.endpoint = endpoint }

    package func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply {
        let body: [UInt8]
        do throws(AnswerOutcome.Failure) {
            body = try ChatBody.bytes(item, model: endpoint.settings.model, maxTokens: maxTokens)
        } catch {
            throw RespondentError(error, attempts: 0)
        }
        let completion = try await endpoint.complete(body)
        return Reply(
            text: completion.text, promptTokens: completion.promptTokens, tokens: completion.tokens,
            finishReason: completion.finishReason, attempts: completion.attempts)
    }
}

extension ChatEndpoint {
    /// Asks something small before anything large is begun.
    /// - Throws: `EvaluationError.endpoint` when no text comes back.
    package func check() async throws {
        do {
            _ = try await complete(
                ChatBody.bytes(question: "Answer with the letter A.", model: settings.model, maxTokens: 8))
        } catch let error as RespondentError {
            throw EvaluationError.endpoint(url: settings.url, model: settings.model, reason: error.failure.message)
        }
    }
}
