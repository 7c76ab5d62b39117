// The inside of a child process that becomes another program after giving up what reading untrusted files does not need. Knows no
// requests.

import CConfine
import Foundation

package enum ConfinedProgram {
    /// The verb of `monocle` that calls `run`.
    package static let verb = "run-confined"

    /// Becomes the program `command[0]`, a path, with the rest as its arguments: without sockets, without other processes,
    /// and with files open for reading only.
    /// - Returns: an exit status, if that cannot be.
    package static func run(_ command: [String]) -> Int32 {
        guard let path = command.first else { return DecoderChild.failed }
        guard DecoderChild.goesOn(after: confine_program()) else { return DecoderChild.failed }
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        execv(path, &words)
        return DecoderChild.failed
    }
}
