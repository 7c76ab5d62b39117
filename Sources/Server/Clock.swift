// Time of day and time passed. Knows no request.

import Foundation

enum Clock {
    static func unixSeconds() -> Int { Int(Date().timeIntervalSince1970) }
}

extension ContinuousClock.Instant {
    /// Seconds from here to now.
    var elapsedSeconds: Double { (ContinuousClock.now - self) / .seconds(1) }
}
