import Foundation
import TestSupport
import Testing

/// The built program, run as a person runs it.
struct Program {
    struct Run {
        let code: Int32
        let output: String
        let errors: String
        let seconds: Double

        /// Standard output as one JSON object.
        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    /// Beside the test bundle in the build folder.
    static let url = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "monocle")

    /// - Parameter fileLimit: KiB a file may grow to. Writing beyond fails as it does on a full disk, with "file too
    ///   large" for "no space left on device".
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], fileLimit: Int? = nil
    ) throws -> Run {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        if let fileLimit {
            process.executableURL = URL(filePath: "/bin/sh")
            let script = "trap '' XFSZ; ulimit -f \(fileLimit * 2); exec \"$0\" \"$@\""  // in blocks of 512 bytes
            process.arguments = ["-c", script, url.path] + arguments
        }
        var variables = ProcessInfo.processInfo.environment.filter { $0.key != "MONOCLE_MODEL" }
        variables.merge(environment) { $1 }
        process.environment = variables
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files rather than pipes: nothing blocks, however much is written.
        let streams = ["input", "output", "errors"].map { folder.appending(path: $0) }
        try Data(input.utf8).write(to: streams[0])
        for url in streams.dropFirst() { try Data().write(to: url) }
        process.standardInput = try FileHandle(forReadingFrom: streams[0])
        process.standardOutput = try FileHandle(forWritingTo: streams[1])
        process.standardError = try FileHandle(forWritingTo: streams[2])
        let start = ContinuousClock.now
        try process.run()
        process.waitUntilExit()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return Run(
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: try Data(contentsOf: streams[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: streams[2]), as: UTF8.self), seconds: seconds)
    }

    static func checkpoint(_ name: String) -> String { Goldens.checkpoint(name).path }

    static func image(_ name: String) throws -> String { try Goldens.file("images/" + name).path }
}
