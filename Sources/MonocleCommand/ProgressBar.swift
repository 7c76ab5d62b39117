// Progress on a terminal: one line on standard error, redrawn in place. Silent when standard error is not a terminal.

import Foundation
import Synchronization

/// May be shown from any thread.
final class ProgressBar: Sendable {
    private struct Line {
        var isDrawn = false
        var lastDraw: ContinuousClock.Instant?
    }

    private let isVisible: Bool
    private let line = Mutex(Line())

    init(isVisible: Bool = isatty(STDERR_FILENO) == 1) { self.isVisible = isVisible }

    /// Shows `stage`, with a bar when a `fraction` (0...1) is known. Redraws at most twenty times a second.
    func show(_ stage: String, fraction: Double? = nil) {
        guard isVisible else { return }
        line.withLock { line in
            let now = ContinuousClock.now
            if let lastDraw = line.lastDraw, now - lastDraw < .milliseconds(50), fraction.map({ $0 < 1 }) ?? true {
                return
            }
            line.lastDraw = now
            let width = 24
            let bar = fraction.map { fraction in
                let filled = Int((min(max(fraction, 0), 1) * Double(width)).rounded())
                return " [" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
                    + "]"
            }
            Self.write("\r\u{1B}[K" + stage + (bar ?? ""))
            line.isDrawn = true
        }
    }

    /// Removes the line, so that other output starts on a clean one.
    func clear() {
        line.withLock { line in
            guard line.isDrawn else { return }
            Self.write("\r\u{1B}[K")
            line = Line()
        }
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
