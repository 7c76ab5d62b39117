// Moments at which something is to be done, most of which are called off before they come. Knows times, not what is done.

import Dispatch
import Synchronization

/// Many alarms on one timer of the system: setting one and calling it off cost next to nothing, and one called off leaves nothing
/// behind. A `Task.sleep` that is cancelled, in contrast, keeps its timer until the time is over.
package final class Alarms: @unchecked Sendable {
    // Sendable: `timer` is a dispatch object, which any thread may use; all else is in `state`.
    private struct State {
        var next = 0
        var pending: [Int: (moment: DispatchTime, ring: @Sendable () -> Void)] = [:]
        /// When the timer goes off.
        var set = DispatchTime.distantFuture

        /// What has come, and when the next comes.
        mutating func due(_ now: DispatchTime) -> [@Sendable () -> Void] {
            let due = pending.filter { $0.value.moment <= now }
            for number in due.keys { pending[number] = nil }
            set = pending.values.map(\.moment).min() ?? .distantFuture
            return due.sorted { $0.value.moment < $1.value.moment }.map(\.value.ring)
        }
    }

    package static let shared = Alarms()

    private let state = Mutex(State())
    private let timer: any DispatchSourceTimer

    private init() {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "alarms"))
        timer.setEventHandler { [unowned self] in goOff() }
        timer.activate()
    }

    /// - Parameter ring: runs once on a thread of the alarms; it must not wait for anything.
    package func set(in time: Duration, ring: @escaping @Sendable () -> Void) -> Alarm {
        let moment = DispatchTime.now() + .nanoseconds(Int(clamping: time))
        return state.withLock { state in
            let number = state.next
            state.next += 1
            state.pending[number] = (moment, ring)
            if moment < state.set {
                state.set = moment
                timer.schedule(deadline: moment)
            }
            return Alarm(self, number)
        }
    }

    private func goOff() {
        let due = state.withLock { state in
            let due = state.due(.now())
            if !state.pending.isEmpty { timer.schedule(deadline: state.set) }
            return due
        }
        for ring in due { ring() }
    }

    /// - Returns: whether it was still to come.
    fileprivate func callOff(_ number: Int) -> Bool { state.withLock { $0.pending.removeValue(forKey: number) != nil } }

    package var count: Int { state.withLock(\.pending.count) }
}

/// An alarm that was set.
package struct Alarm: Sendable {
    private let alarms: Alarms
    private let number: Int

    fileprivate init(_ alarms: Alarms, _ number: Int) {
        self.alarms = alarms
        self.number = number
    }

    /// - Returns: whether it had not rung.
    @discardableResult package func callOff() -> Bool { alarms.callOff(number) }
}

extension Int {
    /// Nanoseconds, bounded by about a century.
    fileprivate init(clamping time: Duration) {
        let (seconds, attoseconds) = time.components
        let bounded = Swift.min(Swift.max(seconds, 0), 3_000_000_000)
        self = Int(bounded) * 1_000_000_000 + (time > .zero ? Int(attoseconds / 1_000_000_000) : 0)
    }
}
