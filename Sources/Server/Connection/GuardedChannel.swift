// An HTTP/1 connection with its guards. Knows which guard stands where, no routes.

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import OpenAIAPI

/// Wraps Hummingbird's channel with a guard of bytes before it, one of HTTP parts inside it and a doorkeeper at its end.
struct GuardedChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = HTTP1Channel.Value

    let responder: HTTPChannelHandler.Responder
    let state: ServerState
    private var limits: Limits { state.limits }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.assumeIsolated().makeCompletedFuture {
            let progress = HeaderProgress()
            let first = ConnectionGuard(
                table: state.connections, headerTime: .seconds(Int64(limits[.headerSeconds])), progress: progress)
            progress.whenArrived = { [weak first] in first?.headerArrived() }
            try channel.pipeline.syncOperations.addHandler(first)
            return NIOLoopBound(progress, eventLoop: channel.eventLoop)
        }.flatMap { progress in
            var configuration = HTTP1Channel.Configuration(
                additionalChannelHandlers: [HeaderGuard(progress: progress.value, bodyBytes: limits[.bodyBytes])],
                idleTimeout: .seconds(Int64(limits[.idleSeconds])))
            configuration.httpDecoder.maxHeaderFieldSize = limits[.headerBytes]
            configuration.httpDecoder.maxHeaderListSize = limits[.headerBytes]
            configuration.httpDecoder.maxHeaderFieldCount = limits[.headerCount]
            return HTTP1Channel(responder: responder, configuration: configuration)
                .setup(channel: channel, logger: logger)
        }.flatMapThrowing { value in
            // Behind Hummingbird's book of who is being answered, so that those turned away are in it too.
            let pipeline = channel.pipeline.syncOperations
            let doorkeeper = Doorkeeper(
                bodyBytes: limits[.bodyBytes], bodyTime: .seconds(Int64(limits[.bodySeconds]))
            ) { [state] head in state.answerAtTheDoor(head, logger) }
            try pipeline.addHandler(
                doorkeeper, position: .after(pipeline.handler(type: HTTPConnectionStateHandler.self)))
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
