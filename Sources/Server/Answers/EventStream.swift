// An answer as server-sent events: written as it comes, kept alive while it does not, ended with an error where it
// fails. Knows no form of chunks.

import Engine
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OpenAIAPI

/// Runs one answer and writes it. The status is decided before the first byte: what the engine refuses at once is an
/// answer of its own, what fails later is an event.
struct EventStream<Writer: AnswerWriter>: Sendable {
    let ticket: Admission.Ticket
    let limits: Limits
    let channel: any Channel

    func response(
        _ run: AnswerRun, _ requests: [GenerationRequest], _ writer: Writer, headers: HTTPFields
    ) async throws -> Response {
        let (buffers, sink) = AsyncStream<ByteBuffer>.makeStream()
        let start = StartSignal()
        let task = Task { [ticket] in
            do {
                try await ticket.run { try await produce(run, requests, writer, sink, start) }
            } catch {
                let error = APIError(any: error)
                if start.fail(error) { return sink.finish() }
                if error.status != 499 {
                    run.state.metrics.refused(error)
                    if let event = try? StreamEvent(error) { sink.yield(ByteBuffer(bytes: event.bytes)) }
                }
            }
            sink.finish()
        }
        do {
            try await start.wait(upTo: .milliseconds(150))
        } catch {
            task.cancel()
            throw error
        }
        var headers = headers
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-cache"
        headers.set(.noBuffering, "no")
        return Response(status: .ok, headers: headers, body: body(buffers, sink, task))
    }

    private func produce(
        _ run: AnswerRun, _ requests: [GenerationRequest], _ writer: Writer,
        _ sink: AsyncStream<ByteBuffer>.Continuation,
        _ start: StartSignal
    ) async throws {
        var run = run
        var writer = writer
        func send(_ events: [StreamEvent]) {
            for event in events { sink.yield(ByteBuffer(bytes: event.bytes)) }
        }
        send(try writer.begin())
        let summary = try await run.run(requests) { choice, delta, run in
            start.succeed()
            switch delta {
            case .stage: break
            case .token(let token): send(try writer.token(token, choice: choice, run: run))
            case .finished(let completion): send(try writer.finished(completion, choice: choice, run: run))
            }
        }
        send(try writer.end(summary, run: run))
    }

    private func body(
        _ buffers: AsyncStream<ByteBuffer>, _ sink: AsyncStream<ByteBuffer>.Continuation, _ task: Task<Void, Never>
    ) -> ResponseBody {
        ResponseBody { writer in
            let pulse = Pulse()
            let ticker = Task { await tick(pulse, sink) }
            // Holds the ticket until the last byte is written.
            defer {
                ticker.cancel()
                task.cancel()
                withExtendedLifetime(ticket) {}
            }
            for await buffer in buffers {
                pulse.beginWrite()
                try await writer.write(buffer)
                pulse.endWrite()
            }
            try await writer.finish(nil)
        }
    }

    /// Writes a comment into every long silence, and closes the connection of a client that has stopped reading.
    private func tick(_ pulse: Pulse, _ sink: AsyncStream<ByteBuffer>.Continuation) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            if pulse.writing(longerThan: .seconds(limits[.stalledSeconds])) {
                channel.close(promise: nil)
                return
            }
            if pulse.silent(longerThan: .seconds(limits[.keepAliveSeconds])) {
                sink.yield(ByteBuffer(string: ": keep-alive\n\n"))
            }
        }
    }
}
