// How a request comes in: a place in the house, its body within the limits, strict JSON. Knows no route.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OpenAIAPI
import Timing

extension ServerState {
    /// A place for a request that will ask the model, given up when its client leaves or its time is over.
    func admit(_ context: ServerContext) throws(APIError) -> Admission.Ticket {
        let ticket = try admission.enter()
        let line = ticket.lifeline
        let channel = context.channel
        connections.attach(line, to: channel)
        let seconds = limits[.requestSeconds]
        let alarm = Alarms.shared.set(in: .seconds(seconds)) { line.cut(.deadline(seconds: seconds)) }
        ticket.atEnd { [connections] in
            alarm.callOff()
            connections.detach(line, from: channel)
        }
        return ticket
    }

    /// Receives and parses the body, whose memory is accounted for until the ticket is given back.
    func body(
        of request: Request, _ context: ServerContext, _ ticket: Admission.Ticket
    ) async throws -> JSONBody {
        let limit = limits[.bodyBytes]
        try Self.checkType(request)
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > limit {
            closeSoon(context.channel)
            throw APIError(413, "body_too_large", "the body has \(length) bytes; the limit body-bytes is \(limit)")
        }
        let share = try await bodies.reserve(max(length ?? limit, 0), within: .seconds(limits[.bodySeconds]))
        ticket.atEnd { withExtendedLifetime(share) {} }
        let buffer: ByteBuffer
        do {
            buffer = try await receive(request, limit)
        } catch {
            closeSoon(context.channel)
            switch error {
            case is APIError, is CancellationError: throw error
            case is NIOTooManyBytesError:
                throw APIError(413, "body_too_large", "the body has more bytes than the limit body-bytes, \(limit)")
            default: throw APIError(400, "bad_request", "the body is not well-formed HTTP")
            }
        }
        return try await work { try JSONBody(Array(buffer.readableBytesView)) }
    }

    /// A page of another origin can send text or forms without asking first, but not JSON.
    private static func checkType(_ request: Request) throws(APIError) {
        let type = request.headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces)
        guard type?.lowercased() == "application/json" else {
            throw APIError(415, "unsupported_media_type", "the body must be JSON, with Content-Type: application/json")
        }
    }

    private func receive(_ request: Request, _ limit: Int) async throws -> ByteBuffer {
        let seconds = limits[.bodySeconds]
        let task = Task { try await request.body.collect(upTo: limit) }
        let alarm = Alarms.shared.set(in: .seconds(seconds)) { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        guard alarm.callOff() else {
            throw APIError(408, "request_timeout", "the body took longer than the limit body-seconds, \(seconds) s")
        }
        return try result.get()
    }

    /// Stops reading a body that is not wanted, after the answer had time to go out.
    private func closeSoon(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }
}
