// What of other people's programs is on this machine. A test that needs one is enabled by it, and says what it needs.

import Foundation

package enum Installed {
    /// The path of a program in `PATH`, or where servers are.
    package static func program(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return "\(path):/usr/sbin".split(separator: ":").lazy.map { "\($0)/\(name)" }
            .first(where: FileManager.default.isExecutableFile)
    }

    /// `$MONOCLE_PYTHON`, or else the Python of `PATH`, if it has the module.
    package static func python(with module: String) -> String? {
        guard let python = ProcessInfo.processInfo.environment["MONOCLE_PYTHON"] ?? program("python3") else {
            return nil
        }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import \(module)"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        process.waitUntilExit()
        return process.terminationStatus == 0 ? python : nil
    }
}
