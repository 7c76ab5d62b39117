// Progress on a terminal: one line on standard error, redrawn in place. Silent when standard error is not a terminal.

import Foundation

final class ProgressBar {
    private let isVisible: Bool
    private var isDrawn = false
    private let clock = ContinuousClock()
    private var lastDraw: ContinuousClock.Instant?

    init(isVisible: Bool = isatty(STDERR_FILENO) == 1) { self.isVisible = isVisible }

    /// Shows `stage`, with a bar when a `fraction` (0...1) is known. Redraws at most twenty times a second.
    func show(_ stage: String, fraction: Double? = nil) {
        guard isVisible else { return }
        let now = clock.now
        if let lastDraw, now - lastDraw < .milliseconds(50), fraction.map({ $0 < 1 }) ?? true { return }
        lastDraw = now
        let width = 24
        let bar = fraction.map { fraction in
            let filled = Int((min(max(fraction, 0), 1) * Double(width)).rounded())
            return " [" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
        }
        write("\r\u{1B}[K" + stage + (bar ?? ""))
        isDrawn = true
    }

    /// Removes the line, so that other output starts on a clean one.
    func clear() {
        guard isDrawn else { return }
        write("\r\u{1B}[K")
        isDrawn = false
        lastDraw = nil
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
