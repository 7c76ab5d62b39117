import Evaluation
import Foundation
import TestSupport
import Testing

struct EndpointJudgeTests {
    @Test func repliesAreKeptOnDisk() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "judge.jsonl").path
        let server = try StubServer { request in .completion(["B", "second \"try\"\n"][request.number % 2]) }
        defer { server.stop() }
        func judge() throws -> EndpointJudge {
            EndpointJudge(
                try ChatEndpoint(server.url, model: "m", connections: 1), cache: try JudgeCache(path))
        }
        // The file is locked as long as a judge has it.
        do {
            let first = try judge()
            #expect(try await first.reply(to: "p", attempt: 1) == "B")
            #expect(try await first.reply(to: "p", attempt: 1) == "B")
            #expect(try await first.reply(to: "p", attempt: 2) == "second \"try\"\n")
            #expect(throws: EvaluationError.self) { try JudgeCache(path) }
            await first.close()
        }
        #expect(server.count == 2)
        // A line that was cut short is dropped, the others are kept.
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"key\":".utf8))
        do {
            let again = try judge()
            #expect(try await again.reply(to: "p", attempt: 2) == "second \"try\"\n")
            #expect(server.count == 2)
            #expect(try await again.reply(to: "q", attempt: 1) == "B")
            await again.close()
        }
        #expect(server.count == 3)
        do {
            let third = try judge()
            #expect(try await third.reply(to: "q", attempt: 1) == "B")
            await third.close()
        }
        #expect(server.count == 3)
        try Data("nonsense\n".utf8).write(to: URL(filePath: path))
        #expect(throws: EvaluationError.self) { try JudgeCache(path) }
    }
}
