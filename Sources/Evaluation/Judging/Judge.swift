// Who decides a reply that the rules could not read. Knows no HTTP.

package protocol Judge: Sendable {
    var model: String { get }

    /// - Parameter attempt: from 1; the same prompt may be put several times.
    /// - Throws: why the judge said nothing.
    func reply(to prompt: String, attempt: Int) async throws(AnswerOutcome.Failure) -> String

    /// - Throws: `EvaluationError.endpoint` when the judge does not answer at all.
    func check() async throws
}
