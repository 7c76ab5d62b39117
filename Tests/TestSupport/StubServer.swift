// A server on loopback that answers every request as a test says. Knows just enough HTTP for that.

package import Foundation
import Synchronization

/// Listens from `init` to `stop`. Each connection carries one request.
package final class StubServer: Sendable {
    package struct Request: Sendable {
        /// From 0, in order of arrival.
        package let number: Int
        package let head: String
        package let body: Data
    }

    package enum Answer: Sendable {
        case status(Int, String, headers: [String] = [])
        /// After so many seconds.
        indirect case late(Double, Answer)
        /// The head and a part of the body, and then nothing for so many seconds.
        case stalled(Double)
        /// Closes the connection without a word.
        case hangUp
    }

    /// `http://127.0.0.1:port`.
    package let url: String
    private let descriptor: Int32
    private let state = Mutex((count: 0, isStopped: false))

    package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileNoSuchFile) }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, !state.withLock(\.isStopped) else { return }
                let number = state.withLock { state in
                    state.count += 1
                    return state.count - 1
                }
                Thread.detachNewThread {
                    Self.serve(connection, number, answer)
                    close(connection)
                }
            }
        }
    }

    /// Requests that came.
    package var count: Int { state.withLock(\.count) }

    /// Refuses connections from now on.
    package func stop() {
        state.withLock { $0.isStopped = true }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func serve(_ connection: Int32, _ number: Int, _ answer: (Request) -> Answer) {
        guard let request = read(connection, number) else { return }
        var answer = answer(request)
        while case .late(let seconds, let next) = answer {
            Thread.sleep(forTimeInterval: seconds)
            answer = next
        }
        if case .stalled(let seconds) = answer {
            let bytes = Array("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{\"choices\"".utf8)
            send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            Thread.sleep(forTimeInterval: seconds)
            return
        }
        guard case .status(let code, let body, let headers) = answer else { return }
        let head =
            ["HTTP/1.1 \(code) X", "content-length: \(body.utf8.count)", "connection: close"] + headers + ["", ""]
        let bytes = Array((head.joined(separator: "\r\n") + body).utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func read(_ connection: Int32, _ number: Int) -> Request? {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = data.range(of: Data("\r\n\r\n".utf8)) {
                let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
                let length = head.lowercased().split(separator: "\r\n").lazy
                    .compactMap { $0.hasPrefix("content-length:") ? Int($0.dropFirst(15).trimmingPrefix(" ")) : nil }
                    .first
                let body = data[end.upperBound...]
                if body.count >= length ?? 0 { return Request(number: number, head: head, body: Data(body)) }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            data.append(contentsOf: buffer[..<count])
        }
    }
}

extension StubServer.Answer {
    /// A chat completion with this text, streamed in two pieces.
    package static func completion(_ text: String, finish: String = "stop") -> StubServer.Answer {
        let half = text.count / 2
        let chunks = [
            delta(#"{"role": "assistant", "content": "\#(escaped(text.prefix(half)))"}"#, "null"),
            delta(#"{"content": "\#(escaped(text.dropFirst(half)))"}"#, "null"), delta("{}", "\"\(finish)\""),
            #"{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}}"#, "[DONE]",
        ]
        return .status(
            200, chunks.map { "data: \($0)\n\n" }.joined(), headers: ["content-type: text/event-stream; charset=utf-8"])
    }

    /// A chat completion with this text in one piece, from a server that does not stream.
    package static func wholeCompletion(_ text: String) -> StubServer.Answer {
        .status(
            200,
            #"{"choices": [{"index": 0, "message": {"role": "assistant", "content": "\#(escaped(text))"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}}"#,
            headers: ["content-type: application/json"])
    }

    private static func delta(_ delta: String, _ finish: String) -> String {
        #"{"choices": [{"index": 0, "delta": \#(delta), "finish_reason": \#(finish)}], "usage": null}"#
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        String(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
