// What children are called off by, from any thread, before they start and while they run. Knows processes, not their work.

import Foundation
import Synchronization

/// Given to every child of one request. A pulled leash kills those that run and keeps others from starting.
package final class ChildLeash: Sendable {
    private struct State {
        var isPulled = false
        /// Children that run, each the head of a process group of its own.
        var children: Set<pid_t> = []
    }

    private let state = Mutex(State())

    package init() {}

    package var isPulled: Bool { state.withLock(\.isPulled) }

    package func pull() {
        state.withLock { state in
            state.isPulled = true
            for child in state.children { kill(-child, SIGKILL) }
        }
    }

    /// - Returns: false when the leash has been pulled; the child is the caller's to end then.
    func hold(_ child: pid_t) -> Bool {
        state.withLock { state in
            if !state.isPulled { state.children.insert(child) }
            return !state.isPulled
        }
    }

    func letGo(_ child: pid_t) { _ = state.withLock { $0.children.remove(child) } }

    /// Reaps a child that has ended, and lets go of it in the same moment: its number may be another's afterwards.
    /// - Returns: whether it had ended.
    func reap(_ child: pid_t, _ status: inout Int32) -> Bool {
        state.withLock { state in
            let reaped = waitpid(child, &status, WNOHANG)
            guard reaped == child || reaped == -1 && errno != EINTR else { return false }
            state.children.remove(child)
            return true
        }
    }
}
