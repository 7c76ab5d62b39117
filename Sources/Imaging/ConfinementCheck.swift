// The inside of a child process that confines itself as decoders do and tries what it should not be able to. Knows no decoder.

import CConfine
import Foundation

package enum ConfinementCheck {
    /// Names of what is tried, as they are reported.
    static let attempts = ["memory", "socket", "process", "writing", "reading"]

    /// Writes each attempt and its errno to standard output.
    /// - Returns: the exit status.
    package static func run() -> Int32 {
        let limits = ImageLimits()
        DecoderChild.bound(limits)
        let memory = confine_attempt_memory(DecoderChild.memory(limits) + 1)
        guard DecoderChild.goesOn(after: confine_program()) else { return DecoderChild.failed }
        let program = [confine_attempt_socket(), confine_attempt_process(), confine_attempt_writing()]
        // The decoder gives up more, beside the same.
        guard DecoderChild.goesOn(after: confine_process()) else { return DecoderChild.failed }
        let errors = [memory] + program + [confine_attempt_reading()]
        let report = zip(attempts, errors).map { "\($0) \($1)\n" }.joined()
        return (try? FileHandle.standardOutput.write(contentsOf: Data(report.utf8))) != nil ? 0 : DecoderChild.failed
    }
}
