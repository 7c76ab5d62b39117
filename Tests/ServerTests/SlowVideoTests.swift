// Videos whose decoding takes long: they end with their request, and hold up no image.

import Foundation
import HummingbirdTesting
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite(
        .enabled(
            if: VideoTests.isPossible && FileManager.default.isExecutableFile(atPath: ServerFixture.program),
            "needs the program, and ffprobe of the package ffmpeg")) struct SlowVideoTests
    {
        /// Takes a minute for whatever ffprobe and ffmpeg should do, and decodes images.
        private static func slowDecoder() throws -> StandInDecoder {
            try StandInDecoder(
                """
                if [ "$1" = decode-image ]; then real "$@"; fi
                echo $$ >> "$notes"
                exec sleep 60
                """)
        }

        /// Waits for the numbers of the processes that the decoder has started.
        private static func started(_ decoder: StandInDecoder, _ count: Int) async throws -> [pid_t] {
            for _ in 0..<1000 where decoder.notes.count < count { try await Task.sleep(for: .milliseconds(10)) }
            return decoder.notes.compactMap { pid_t($0) }
        }

        private static func isRunning(_ process: pid_t) -> Bool { kill(process, 0) == 0 }

        @Test func decodingEndsWhenItsClientLeaves() async throws {
            let decoder = try Self.slowDecoder()
            let body = VideoTests.chat(try VideoTests.clip())
            try await ServerFixture.serve(decoder: decoder.path) { client, state in
                let port = try #require(client.port)
                var process: pid_t = 0
                do {
                    let socket = try RawSocket(port: port)
                    socket.send(ConnectionTests.request(body))
                    process = try #require(await Self.started(decoder, 1).first)
                    #expect(Self.isRunning(process) && state.admission.count == 1)
                    withExtendedLifetime(socket) {}
                }
                #expect(try await ConnectionTests.isEmptied(state, seconds: 20))
                #expect(!Self.isRunning(process))
            }
        }

        @Test func decodingEndsWithItsTime() async throws {
            let decoder = try Self.slowDecoder()
            let body = VideoTests.chat(try VideoTests.clip())
            try await ServerFixture.serve(ServerFixture.limits([.requestSeconds: 1]), decoder: decoder.path) {
                client, _ in
                let start = ContinuousClock.now
                let reply = try await client.post("/v1/chat/completions", body)
                #expect(reply.status == 504 && reply.code == "deadline_exceeded", "\(reply.body)")
                #expect(ContinuousClock.now - start < .seconds(20))
                #expect(try await Self.started(decoder, 1).allSatisfy { !Self.isRunning($0) })
            }
        }

        @Test func imagesDoNotWaitBehindVideos() async throws {
            let decoder = try Self.slowDecoder()
            let video = VideoTests.chat(try VideoTests.clip())
            let image = ServerFixture.chat(image: ServerFixture.dataURL(try ServerFixture.image("gray.png")))
            try await ServerFixture.serve(ServerFixture.limits([.videosAtOnce: 2]), decoder: decoder.path) {
                client, state in
                let port = try #require(client.port)
                do {
                    let sockets = try (0..<8).map { _ in try RawSocket(port: port) }
                    for socket in sockets { socket.send(ConnectionTests.request(video)) }
                    #expect(try await Self.started(decoder, 2).count == 2)
                    let start = ContinuousClock.now
                    let reply = try await client.post("/v1/chat/completions", image)
                    #expect(reply.status == 200, "\(reply.body)")
                    #expect(ContinuousClock.now - start < .seconds(25))
                    // The others are still waiting for their places.
                    #expect(state.admission.count == 8 && decoder.notes.count == 2)
                    withExtendedLifetime(sockets) {}
                }
                #expect(try await ConnectionTests.isEmptied(state, seconds: 20))
            }
        }
    }
}
