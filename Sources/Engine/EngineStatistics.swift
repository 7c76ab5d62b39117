// Counts for operators. Knows nothing of how they are shown.

import Compute

/// What an engine has done and holds, as of its last step.
package struct EngineStatistics: Sendable, Equatable {
    package var running = 0
    /// Requests that wait for their first step or, preempted, for their next.
    package var waiting = 0
    package var waitingTokens = 0
    /// Positions of a page of the key-value cache.
    package static let pageTokens = KVPages.pageTokens
    /// Pages of the key-value cache that sequences hold, and all there are. A page not held may still be cached.
    package var pagesUsed = 0
    package var pagesTotal = 0
    package var pagesCached = 0
    package var imageCacheBytes = 0
    /// Totals since the engine started.
    package var totals = SchedulerCounters()
    package var promptTokens = 0
    package var finished = 0
    package var cancelled = 0
    /// Requests refused or failed, by `EngineError.kind`; `backend` for an error of the backend.
    package var failed: [String: Int] = [:]
    /// Contradictions found when idle. Anything but 0 is a bug.
    package var inconsistencies = 0

    package init() {}
}
