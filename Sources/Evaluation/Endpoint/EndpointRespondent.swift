// A server as one who answers a benchmark's questions. Knows no scores.

package import BenchmarkData
import OpenAIClient

package struct EndpointRespondent: Respondent {
    private let endpoint: ChatEndpoint

    package init(_ endpoint: ChatEndpoint) { self.endpoint = endpoint }

    package func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply {
        let call: ChatCall
        do throws(AnswerOutcome.Failure) {
            call = try ChatCall(item, maxTokens: maxTokens)
        } catch {
            throw RespondentError(error, attempts: 0)
        }
        let (answer, attempts) = try await endpoint.complete(call)
        return Reply(
            text: answer.text, promptTokens: answer.promptTokens, tokens: answer.completionTokens,
            finishReason: answer.finishReason, attempts: attempts)
    }
}

extension ChatEndpoint {
    /// Asks something small before anything large is begun.
    /// - Throws: `EvaluationError.endpoint` when no text comes back.
    package func check() async throws {
        do {
            _ = try await complete(ChatCall(question: "Answer with the letter A.", maxTokens: 8))
        } catch let error as RespondentError {
            throw EvaluationError.endpoint(url: url, model: model, reason: error.failure.message)
        }
    }
}
