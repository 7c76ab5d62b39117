// Batch files: which lines are requests, what the output holds, going on after a stop.

import Foundation
import Testing

@testable import Server

extension ServerTests {
    @Suite struct BatchTests {
        private static func file(_ text: String = "") throws -> String {
            let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).jsonl")
            try Data(text.utf8).write(to: url)
            return url.path
        }

        private static func line(_ id: String, _ body: String, url: String = "/v1/chat/completions") -> String {
            #"{"custom_id": "\#(id)", "method": "POST", "url": "\#(url)", "body": \#(body)}"# + "\n"
        }

        private static let chat = #"{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 3}"#

        /// Answers what is waiting, without long pauses.
        private static func run(_ input: String, _ output: String, _ state: ServerState, retries: Int = 0) async throws
            -> BatchRun.Outcome
        {
            try await BatchRun(BatchInput(reading: input), into: output, with: state)
                .run(concurrency: 4, patience: .init(retries: retries, pause: .milliseconds(5))) { _ in }
        }

        private static func objects(_ path: String) throws -> [[String: Any]] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        }

        @Test func linesThatAreNoRequestsAreNamedByNumber() throws {
            let good = Self.line("a", Self.chat)
            let text =
                good + "\n" + "{\n" + #"{"method": "POST"}"# + "\n" + Self.line("", Self.chat)
                + Self.line("b", Self.chat, url: "/v1/embeddings") + Self.line("c", "[]") + good
                + Self.line("d", Self.chat).replacing("POST", with: "GET")
                + "{\"custom_id\": \"e\", \"custom_id\": \"f\"}"
            let path = try Self.file(text)
            defer { try? FileManager.default.removeItem(atPath: path) }
            let error = #expect(throws: BatchError.self) { _ = try BatchInput(reading: path) }
            guard case .lines(path, let faults)? = error else {
                Issue.record("\(error as Any)")
                return
            }
            #expect(faults.map(\.line) == [3, 4, 5, 6, 7, 8, 9, 10])
            for (fault, word) in zip(
                faults,
                ["JSON", "custom_id", "custom_id", "/v1/responses", "body", "line 1", "method", "twice"])
            { #expect(fault.reason.contains(word), "\(fault)") }
            #expect(throws: BatchError.self) { _ = try BatchInput(reading: "/nothing.jsonl") }
        }

        @Test func everyLineGetsItsAnswerOrItsError() async throws {
            let image = ServerFixture.dataURL(try ServerFixture.image("gray.png"))
            let input = try Self.file(
                Self.line("chat", Self.chat) + "\r\n"
                    + Self.line("text", #"{"prompt": "a", "max_tokens": 2}"#, url: "/v1/completions")
                    + Self.line("response", #"{"input": "a", "max_output_tokens": 16}"#, url: "/v1/responses")
                    + Self.line("image", ServerFixture.chat(image: image))
                    + Self.line("range", #"{"messages": [{"role": "user", "content": "a"}], "temperature": -1}"#)
                    + Self.line("stream", #"{"messages": [{"role": "user", "content": "a"}], "stream": true}"#)
                    + Self.line("model", #"{"model": "other", "messages": [{"role": "user", "content": "a"}]}"#)
                    + Self.line("quoted \\\"\\u00e9\\n", Self.chat))
            let output = try Self.file()
            defer { for path in [input, output] { try? FileManager.default.removeItem(atPath: path) } }
            let state = try ServerFixture.state()
            let outcome = try await Self.run(input, output, state)
            #expect(outcome == .init(answered: 5, refused: 3))
            var answers: [String: [String: Any]] = [:]
            for object in try Self.objects(output) {
                #expect((object["id"] as? String)?.hasPrefix("batch_req_") == true && object["error"] is NSNull)
                let response = try #require(object["response"] as? [String: Any])
                answers[try #require(object["custom_id"] as? String)] = response
            }
            #expect(answers.count == 8 && answers["quoted \"é\n"] != nil)
            func body(_ id: String) -> [String: Any] { answers[id]?["body"] as? [String: Any] ?? [:] }
            #expect(body("chat")["object"] as? String == "chat.completion")
            #expect(body("text")["object"] as? String == "text_completion")
            #expect(body("response")["object"] as? String == "response")
            let usage = body("image")["usage"] as? [String: Any]
            #expect((usage?["images"] as? [Any])?.count == 1)
            for (id, status, code) in [
                ("range", 400, "invalid_value"), ("stream", 400, "invalid_value"), ("model", 404, "model_not_found"),
            ] {
                #expect(answers[id]?["status_code"] as? Int == status)
                #expect((body(id)["error"] as? [String: Any])?["code"] as? String == code, "\(id)")
            }
        }

        @Test func aBatchGoesOnWhereItStopped() async throws {
            let input = try Self.file((0..<6).map { Self.line("\($0)", Self.chat) }.joined())
            let output = try Self.file()
            defer { for path in [input, output] { try? FileManager.default.removeItem(atPath: path) } }
            let state = try ServerFixture.state()
            _ = try await Self.run(input, output, state)
            let whole = try Data(contentsOf: URL(filePath: output))
            // Cut within the fourth line: three answers stand, and what is left of the fourth goes.
            let ends = whole.indices.filter { whole[$0] == 0x0A }
            try whole.prefix(ends[3] - 5).write(to: URL(filePath: output))
            let again = try BatchRun(BatchInput(reading: input), into: output, with: state)
            #expect(again.waiting.count == 3)
            #expect(throws: BatchError.self) { _ = try BatchRun(BatchInput(reading: input), into: output, with: state) }
            #expect(try await again.run(concurrency: 2, patience: .init(retries: 0)) { _ in } == .init(answered: 3))
            #expect(try Data(contentsOf: URL(filePath: output)).starts(with: whole.prefix(ends[2] + 1)))
            #expect(Set(try Self.objects(output).compactMap { $0["custom_id"] as? String }).count == 6)
        }

        /// A decoder that dies as often as `deaths` says, and then decodes.
        private static func mortalDecoder(deaths: Int) throws -> StandInDecoder {
            try StandInDecoder(
                """
                echo $$ >> "$notes"
                [ $(wc -l < "$notes") -gt \(deaths) ] || kill -9 $$
                real "$@"
                """)
        }

        private static func imageLine(_ id: String) throws -> String {
            line(id, ServerFixture.chat(image: ServerFixture.dataURL(try ServerFixture.image("gray.png"))))
        }

        private static let hasProgram = FileManager.default.isExecutableFile(atPath: ServerFixture.program)

        @Test(.enabled(if: hasProgram, "needs the program"))
        func whatMayPassIsTriedAgain() async throws {
            let input = try Self.file(Self.imageLine("image"))
            let output = try Self.file()
            defer { for path in [input, output] { try? FileManager.default.removeItem(atPath: path) } }
            let decoder = try Self.mortalDecoder(deaths: 2)
            let state = try ServerFixture.state(decoder: decoder.path)
            #expect(try await Self.run(input, output, state, retries: 2) == .init(answered: 1))
            #expect(decoder.notes.count == 3)
        }

        /// As OpenAI's batches write it: no response, and an error of its own.
        @Test(.enabled(if: hasProgram, "needs the program"))
        func whatFailsIsAskedAgainByTheNextRun() async throws {
            let input = try Self.file(
                Self.imageLine("image") + Self.line("chat", Self.chat)
                    + Self.line("range", #"{"messages": [{"role": "user", "content": "a"}], "temperature": -1}"#))
            let output = try Self.file()
            defer { for path in [input, output] { try? FileManager.default.removeItem(atPath: path) } }
            let decoder = try Self.mortalDecoder(deaths: .max)
            let dead = try ServerFixture.state(decoder: decoder.path)
            #expect(try await Self.run(input, output, dead, retries: 1) == .init(answered: 1, refused: 1, failed: 1))
            #expect(decoder.notes.count == 2)
            let failed = try #require(try Self.objects(output).last)
            #expect(failed["custom_id"] as? String == "image" && failed["response"] is NSNull)
            let error = try #require(failed["error"] as? [String: Any])
            #expect(
                error["code"] as? String == "decoder_unavailable" && (error["message"] as? String)?.isEmpty == false)

            let sound = try ServerFixture.state()
            #expect(try await Self.run(input, output, sound) == .init(answered: 1))
            let all = try Self.objects(output)
            #expect(all.count == 3 && Set(all.compactMap { $0["custom_id"] as? String }) == ["image", "chat", "range"])
            #expect(all.allSatisfy { $0["error"] is NSNull && $0["response"] is [String: Any] })
            #expect(try await Self.run(input, output, sound) == .init())
        }

        @Test func pausesGrowAndEnd() {
            let patience = BatchRun.Patience(retries: 40)
            #expect((0..<4).map(patience.pause) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
            #expect(patience.pause(before: 39) == .seconds(30))
        }

        @Test func anOutputOfSomethingElseIsRefused() async throws {
            let input = try Self.file(Self.line("a", Self.chat))
            defer { try? FileManager.default.removeItem(atPath: input) }
            let state = try ServerFixture.state()
            // Answers to other questions; no JSON; no answer; the batch itself; a failure before an answer.
            let failure = #"{"custom_id": "a", "response": null, "error": {"code": "c"}}"# + "\n"
            for text in [
                #"{"custom_id": "z", "response": {}}"# + "\n", "hello\n", "{}\n", Self.line("a", Self.chat),
                failure + #"{"custom_id": "a", "response": {}}"# + "\n",
                #"{"custom_id": "a", "response": null, "error": null}"# + "\n",
            ] {
                let output = try Self.file(text)
                defer { try? FileManager.default.removeItem(atPath: output) }
                #expect(throws: BatchError.self) {
                    _ = try BatchRun(BatchInput(reading: input), into: output, with: state)
                }
                #expect(try String(contentsOfFile: output, encoding: .utf8) == text)
            }
            #expect(throws: BatchError.self) {
                _ = try BatchRun(BatchInput(reading: input), into: "/nowhere/out.jsonl", with: state)
            }
        }
    }
}
