// Errors of the rooms below as answers: the one place where faults become statuses. Passes on no library's text.

import Engine
import Hummingbird
import Imaging
import Monocle
import NIOCore
import OpenAIAPI
import Prompting

extension APIError {
    /// Any error; what is not known is a defect and says nothing of itself.
    init(any error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as ImagingError: self.init(error)
        case let error as PromptingError: self.init(error)
        case let error as EngineError: self.init(error)
        case let error as MonocleError where error.kind == .input:
            self.init(400, "invalid_value", error.description)
        case let error as HTTPError: self.init(error.status)
        case is NIOTooManyBytesError: self.init(413, "body_too_large", "the request body is too large")
        case is CancellationError: self = Lifeline.End.clientGone.error
        default: self.init(500, "internal_error", "the server has a defect; its log says more under this request's id")
        }
    }

    private init(_ status: HTTPResponse.Status) {
        switch status.code {
        case 404: self.init(404, "not_found", "there is no such route; GET /openapi.json lists them")
        case 405: self.init(405, "method_not_allowed", "the route does not answer this method")
        case 413: self.init(413, "body_too_large", "the request body is too large")
        case 500...:
            self.init(500, "internal_error", "the server has a defect; its log says more under this request's id")
        default: self.init(status.code, "bad_request", "the request is malformed")
        }
    }

    private init(_ error: EngineError) {
        switch error {
        case .parameter(let name, let found, let expected):
            self = .wrongValue(name, found: found, expected: expected)
        case .contextLength: self.init(400, "context_length_exceeded", param: "messages", error.description)
        case .textOnly: self.init(400, "invalid_image", param: "messages", "the model is text-only and takes no images")
        case .overloaded(let waiting, let limit):
            self.init(
                503, "overloaded", "\(waiting) requests wait; the limit queue-requests is \(limit)", retryAfter: 1)
        case .overloadedTokens(let waiting, let limit):
            self.init(
                503, "overloaded", "prompts of \(waiting) tokens wait; the limit queue-tokens is \(limit)",
                retryAfter: 2)
        case .deadlineExceeded(let seconds, let hasStarted):
            if hasStarted {
                self = Lifeline.End.deadline(seconds: Int(seconds.rounded())).error
            } else {
                self.init(
                    503, "queue_timeout", "the request waited \(Int(seconds.rounded())) s, the limit queue-seconds",
                    retryAfter: 5)
            }
        case .deadEnd:
            self.init(500, "engine_error", "no token of the vocabulary continues what the answer must look like")
        case .nonFiniteLogits: self.init(500, "engine_error", "the model produced a number that is not finite")
        case .inconsistent: self.init(500, "engine_error", "the engine started over; ask again")
        case .stopped: self = Lifeline.End.shutdown.error
        case .imageMismatch: self.init(500, "internal_error", "the prompt and its images do not match")
        }
    }

    /// A fault of an image or document. `file` names its JSON path.
    private init(_ error: ImagingError) {
        guard case .file(let path, let reason) = error else {
            self.init(400, "invalid_image", error.description)
            return
        }
        let code = APIError.code(ofMediaAt: path)
        switch reason {
        case .unsupported where code == "invalid_document":
            self.init(400, code, param: path, "\(path) is not a PDF document")
        case .unsupported(let found):
            let isVideo = code == "invalid_video"
            self.init(
                415, isVideo ? "unsupported_video" : "unsupported_image", param: path,
                """
                \(path) is \(found ?? "of no recognised type"); accepted are \
                \(isVideo ? "MP4, WebM, Matroska and AVI" : "JPEG, PNG and WebP")
                """)
        case .programFailed: self.init(400, code, param: path, "\(path) could not be decoded: it is damaged")
        case .missingProgram(let name, _, let purpose):
            self.init(500, "renderer_missing", param: path, "the server lacks \(name), which \(purpose)")
        case .outOfMemory:
            self.init(503, "overloaded", param: path, "not enough memory to decode \(path)", retryAfter: 2)
        case .overLimit(_, _, _, "pages"):
            self.init(400, "too_many_pages", param: path, "\(path): \(reason); name pages with \"pages\"")
        case .decoderUnavailable:
            self.init(
                503, "decoder_unavailable", param: path, "the decoder of \(path) ended unexpectedly", retryAfter: 1)
        case .calledOff: self = Lifeline.End.clientGone.error
        case .corrupt(let format, _): self.init(400, code, param: path, "\(path) is damaged \(format) data")
        case .unreadable: self.init(500, "internal_error", param: path, "\(path) could not be kept for rendering")
        default: self.init(400, code, param: path, "\(path): \(reason)")
        }
    }
}
