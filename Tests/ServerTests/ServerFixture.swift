// A server in this process with the small model that ships, and what tests send it. Knows no expectations.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Monocle
import NIOCore
import OpenAIAPI
import TestSupport
import Testing

@testable import Server

/// One server at a time: the model behind them is one.
@Suite(.serialized) enum ServerTests {}

enum ServerFixture {
    static let model: Result<VisionLanguageModel, any Error> = Result {
        guard let url = EmbeddedModel.url else { throw CocoaError(.fileNoSuchFile) }
        return try VisionLanguageModel(loading: url, options: LoadOptions(context: 4096))
    }

    /// The program beside the test bundle, which decodes as a child.
    static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "monocle").path

    /// - Parameter decoder: the program that decodes as a child.
    static func state(_ settings: ServerSettings = ServerSettings(), decoder: String = program) throws -> ServerState {
        try ServerState(
            model: model.get(), name: "monocle-mini", settings: settings, version: "test",
            program: FileManager.default.isExecutableFile(atPath: decoder) ? decoder : nil)
    }

    /// Serves while `body` runs.
    static func serve(
        _ settings: ServerSettings = ServerSettings(), decoder: String = program,
        _ body: @escaping @Sendable (any TestClientProtocol, ServerState) async throws -> Void
    ) async throws {
        let state = try state(settings, decoder: decoder)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = try ServerApplication(state, logger: logger).application()
        try await application.test(.ahc(.http)) { client in try await body(client, state) }
    }

    static func limits(_ values: [Limits.Key: Int]) throws -> ServerSettings {
        var settings = ServerSettings()
        for (key, value) in values { try settings.limits.set(key, value) }
        return settings
    }

    static func image(_ name: String) throws -> Data {
        try Data(contentsOf: Goldens.fixtures.appending(path: "images/\(name)"))
    }

    static func dataURL(_ data: Data, _ type: String = "image/png") -> String {
        "data:\(type);base64,\(data.base64EncodedString())"
    }

    /// A chat with one image.
    static func chat(image url: String, _ fields: String = "\"max_tokens\": 4") -> String {
        #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "\#(url)"}}, {"type": "text", "text": "What is the total?"}]}], \#(fields)}"#
    }

    static func chat(_ text: String, _ fields: String = "\"max_tokens\": 8") -> String {
        #"{"messages": [{"role": "user", "content": "\#(text)"}], \#(fields)}"#
    }
}

/// What came back.
struct Reply {
    let status: Int
    let headers: HTTPFields
    let body: String

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }

    var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
    var code: String? { error["code"] as? String }
    var param: String? { error["param"] as? String }

    /// The values of the `data:` lines.
    var events: [[String: Any]] {
        body.components(separatedBy: "\n").compactMap { line in
            guard line.hasPrefix("data: "), line != "data: [DONE]" else { return nil }
            return try? JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
        }
    }
}

extension TestClientProtocol {
    func get(_ path: String, headers: HTTPFields = [:]) async throws -> Reply {
        let response = try await execute(uri: path, method: .get, headers: headers)
        return Reply(
            status: response.status.code, headers: response.headers, body: String(buffer: response.body))
    }

    func post(_ path: String, _ body: String, headers: HTTPFields = [.contentType: "application/json"]) async throws
        -> Reply
    {
        let response = try await execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
        return Reply(
            status: response.status.code, headers: response.headers, body: String(buffer: response.body))
    }
}
