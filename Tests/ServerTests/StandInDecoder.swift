// A program in the place of the one that decodes: a script that tests write. Knows no requests.

import Foundation

/// Runs the script for every child that the server starts; `real` stands in it for the program itself, with all arguments.
final class StandInDecoder: Sendable {
    let path: String
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    /// - Parameter script: of the shell; `$1` is the verb, and the working file `$notes` is the script's own.
    init(_ script: String) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: "decoder").path
        let text = """
            #!/bin/sh
            notes='\(folder.path)/notes'
            real() { exec '\(ServerFixture.program)' "$@"; }
            \(script)
            """
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, 0o755)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Lines that the script has written to `$notes`.
    var notes: [String] {
        ((try? String(contentsOf: folder.appending(path: "notes"), encoding: .utf8)) ?? "")
            .split(separator: "\n").map(String.init)
    }
}
