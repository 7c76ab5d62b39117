// Where settings come from and which of them wins.

import Foundation
import OpenAIAPI
import TestSupport
import Testing

@testable import Server

extension ServerTests {
    @Suite struct SettingsTests {
        private static func settings(_ commandLine: [String: String], file: String) async throws -> ServerSettings {
            let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let url = folder.appending(path: "serve.json")
            try Data(file.utf8).write(to: url)
            return try await SettingsReader(commandLine: commandLine, file: url.path).settings()
        }

        @Test func theCommandLineWinsOverTheFile() async throws {
            let file = #"""
                {"port": 9000, "host": "::1", "insecure": true, "cors-origins": "https://a.example, https://b.example",
                 "image-hosts": "Images.example.com", "metrics-names": "vllm", "served-model-name": "a,b",
                 "limit": {"images": 8, "stops": 2}}
                """#
            let settings = try await Self.settings(["port": "9001", "limit.images": "3"], file: file)
            #expect(settings.port == 9001 && settings.host == "::1" && settings.isInsecure)
            #expect(settings.corsOrigins == ["https://a.example", "https://b.example"])
            #expect(settings.imageHosts == .named(["images.example.com"]) && settings.metricsNames == .vllm)
            #expect(settings.modelNames == ["a", "b"])
            #expect(settings.limits[.images] == 3 && settings.limits[.stops] == 2 && settings.limits[.choices] == 8)
        }

        @Test(arguments: [
            #"{"port": "many"}"#, #"{"limit": {"images": 99}}"#, #"{"metrics-names": "x"}"#, #"{"tls-key": "a"}"#,
            #"{"insecure": "perhaps"}"#, #"{"api-key-file": "/nothing"}"#, "[",
        ])
        func badSettingsAreRefused(file: String) async {
            await #expect(throws: (any Error).self) { _ = try await Self.settings([:], file: file) }
        }
    }
}
