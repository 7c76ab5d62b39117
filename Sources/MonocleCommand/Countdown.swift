// Progress of many equal pieces of work on a terminal. Knows counts and times, not the work.

/// Progress with the time that is left, from the rate so far.
struct Countdown {
    private let bar: ProgressBar
    private let what: String
    private let start = ContinuousClock.now

    init(_ what: String, _ bar: ProgressBar) {
        self.what = what
        self.bar = bar
    }

    func show(_ done: Int, of total: Int, errors: Int = 0) {
        let passed = (ContinuousClock.now - start) / .seconds(1)
        let left = done == 0 ? "" : ", \(Self.text(passed / Double(done) * Double(total - done))) left"
        let failed = errors == 0 ? "" : ", \(errors) errors"
        bar.show("\(what) \(done) of \(total)\(failed)\(left)", fraction: Double(done) / Double(max(total, 1)))
    }

    private static func text(_ seconds: Double) -> String {
        let seconds = Int(seconds.rounded(.up))
        if seconds < 60 { return "\(seconds) s" }
        return seconds < 3600
            ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
}
