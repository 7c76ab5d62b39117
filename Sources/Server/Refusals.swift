// Who is refused before anything of his request but its header has come, and what he is told. Knows states, no route's body.

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OpenAIAPI
import Synchronization

extension ServerState {
    /// Why nobody who asks the model is let in; nil while somebody is.
    var refusal: APIError? { admission.refusal ?? model.overload.map { APIError(any: $0) } }

    /// What a request is told that is refused at the door. Nil for whoever is let in, and for those who need more attention: pages,
    /// clients without a key, that wait before they send their body, that want the connection closed.
    func answerAtTheDoor(_ head: HTTPRequest, _ logger: Logger) -> Doorkeeper.Answer? {
        guard head.method == .post, let route = head.path, Self.answerRoutes.contains(route) else { return nil }
        guard let error = refusal else { return nil }
        let arrival = ContinuousClock.now
        let fields = head.headerFields
        guard fields[.origin] == nil, fields[.expect] == nil, fields[.connection]?.lowercased() != "close",
            authentication.refusal(of: fields) == nil
        else { return nil }
        let id = Observation.requestID(fields) ?? ServerContext.makeID()
        var answer = refusals.answer(error)
        answer.head.headerFields.set(.requestID, id)
        metrics.refused(error)
        observation.note(id: id, route: route, status: error.status, since: arrival, logger)
        return answer
    }
}

/// The latest refusal as bytes: under load it is asked for again and again.
final class Refusals: Sendable {
    private let latest = Mutex<(error: APIError, answer: Doorkeeper.Answer)?>(nil)

    func answer(_ error: APIError) -> Doorkeeper.Answer {
        latest.withLock { latest in
            if let latest, latest.error == error { return latest.answer }
            let answer = Doorkeeper.Answer(error)
            latest = (error, answer)
            return answer
        }
    }
}

extension Doorkeeper.Answer {
    fileprivate init(_ error: APIError) {
        head = Response(error: error).head
        head.headerFields[.server] = ServerApplication.name
        body = error.json
    }
}
