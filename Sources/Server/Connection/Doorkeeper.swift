// Turns requests away at the door: refused for what their header says, they reach no route and their body is dropped as it comes.
// Knows HTTP parts, not who is refused.

import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// The last handler before requests become tasks, so that a refusal costs little beside the work of those who are in.
final class Doorkeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What a request is told that is refused.
    struct Answer {
        var head: HTTPResponse
        let body: ByteBuffer
    }

    /// The rest of a request that was refused.
    private struct Dropped {
        let since: NIODeadline
        var bytes = 0
    }

    private let refusal: (HTTPRequest) -> Answer?
    private let bodyBytes: Int
    private let bodyTime: TimeAmount
    /// Requests that were let in and are not answered yet: whoever comes after them on this connection waits for them.
    private var underWay = 0
    private var dropped: Dropped?

    /// - Parameters:
    ///   - bodyBytes: of a refused request, and `bodyTime` to send them; then the connection is closed.
    ///   - refusal: nil lets the request in.
    init(bodyBytes: Int, bodyTime: TimeAmount, refusal: @escaping (HTTPRequest) -> Answer?) {
        self.bodyBytes = bodyBytes
        self.bodyTime = bodyTime
        self.refusal = refusal
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if underWay == 0, let answer = refusal(head) {
                dropped = Dropped(since: .now())
                context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
                context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                return
            }
            underWay += 1
        case .body(let bytes):
            guard var rest = dropped else { break }
            rest.bytes += bytes.readableBytes
            dropped = rest
            if rest.bytes > bodyBytes || .now() - rest.since > bodyTime { context.close(promise: nil) }
            return
        case .end:
            guard dropped != nil else { break }
            dropped = nil
            return
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { underWay -= 1 }
        context.write(data, promise: promise)
    }
}
