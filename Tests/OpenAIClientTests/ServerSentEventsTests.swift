// The parser of event streams: the same events however the bytes are cut, and nothing from broken ones.

import OpenAIClient
import Testing

@Suite struct ServerSentEventsTests {
    private static func events(_ text: String, cut: Int, limit: Int = 1 << 20) throws -> [String] {
        var parser = ServerSentEvents(limit: limit)
        var events: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: cut) {
            events += try parser.take(bytes[start..<min(start + cut, bytes.count)]).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        return events
    }

    @Test(arguments: [
        ("data: a\n\ndata: b\n\n", ["a", "b"]), ("data: a\r\n\r\ndata:b\r\n\r\n", ["a", "b"]),
        ("data: a\rdata: b\r\rdata: c\r\r", ["a\nb", "c"]), (": comment\n\ndata: a\n\n", ["a"]),
        ("event: x\nid: 1\ndata: a\nretry: 5\n\n", ["a"]), ("data\n\n", [""]), ("data:  two\n\n", [" two"]),
        ("data: {\"t\":\"é\u{1F600}\"}\n\n", ["{\"t\":\"é\u{1F600}\"}"]), ("data: unfinished\n", []), ("\n\n\n", []),
        ("database: a\n\n", []),
    ])
    func anyCutGivesTheSameEvents(text: String, expected: [String]) throws {
        for cut in 1...max(text.utf8.count, 1) { #expect(try Self.events(text, cut: cut) == expected, "cut \(cut)") }
    }

    @Test func anEventBeyondTheLimitIsRefused() throws {
        #expect(try Self.events("data: 1234\n\n", cut: 3, limit: 10) == ["1234"])
        #expect(throws: ClientError.self) { _ = try Self.events("data: 12345\n\n", cut: 3, limit: 10) }
        #expect(throws: ClientError.self) { _ = try Self.events("data: 1234\ndata: 56\n\n", cut: 3, limit: 10) }
    }
}
