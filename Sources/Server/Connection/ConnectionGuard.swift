// Watches one connection's bytes: a header that takes too long, a client that leaves. Knows no routes.

import NIOCore
import NIOHTTP1

/// First in the pipeline, before bytes become HTTP.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let table: ConnectionTable
    private let headerTime: TimeAmount
    private let progress: HeaderProgress
    private var timeout: Scheduled<Void>?

    init(table: ConnectionTable, headerTime: TimeAmount, progress: HeaderProgress) {
        self.table = table
        self.headerTime = headerTime
        self.progress = progress
    }

    func handlerAdded(context: ChannelHandlerContext) { table.opened(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if progress.awaitsHeader, timeout == nil { startTimer(context) }
        context.fireChannelRead(data)
    }

    private func startTimer(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: headerTime) {
            let (guardian, context) = bound.value
            guardian.timeout = nil
            guard guardian.progress.awaitsHeader else { return }
            let answer = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            context.writeAndFlush(guardian.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            context.close(promise: nil)
        }
    }

    func headerArrived() {
        timeout?.cancel()
        timeout = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { table.clientLeft(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        table.closed(context.channel)
        context.fireChannelInactive()
    }
}

/// Whether a header is being received; shared by the two handlers of one connection, on its event loop.
final class HeaderProgress {
    var awaitsHeader = true
    var whenArrived: (() -> Void)?
}
