// A fixed team of threads that carries out parallel regions. Knows nothing of what the regions compute.

import CKernels
import Foundation
import Synchronization

/// Threads that run one function at a time together. The caller of `run` is member 0.
///
/// Between regions workers spin for `spinMicroseconds`, so that the next operation of a step starts within a
/// microsecond or so, and then sleep, so that an idle engine uses no processor. A team larger than the machine's cores
/// does not spin. Regions that arrive at once from several threads run one after the other; a region started inside a
/// region runs on the thread that starts it, member after member.
package final class ThreadTeam: Sendable {
    /// Members, the caller included; at least 1. Fewer than asked for when the system refuses more threads.
    package let count: Int

    private let region: Region
    private let threads: [pthread_t]
    private let caller = Mutex(())

    /// - Parameter threads: members, the caller included; nil for the cores this process may use.
    package init(threads: Int? = nil, spinMicroseconds: Int = 100) {
        let cores = CPUFeatures.current.cores
        let wanted = min(max(threads ?? cores, 1), 1024)
        let region = Region(spin: wanted > cores ? .zero : .microseconds(spinMicroseconds))
        var started: [pthread_t] = []
        for member in 1..<wanted {
            guard let thread = Worker.start(member: member, region: region) else { break }
            started.append(thread)
        }
        count = started.count + 1
        self.threads = started
        self.region = region
    }

    deinit {
        region.stop()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Calls `body(member, members)` once on every member and returns when all calls have returned.
    package func run(_ body: @Sendable (_ thread: Int, _ threads: Int) -> Void) {
        guard count > 1, !monocle_in_region() else {
            for member in 0..<count { body(member, count) }
            return
        }
        caller.withLock { _ in
            monocle_set_in_region(true)
            defer { monocle_set_in_region(false) }
            withoutActuallyEscaping(body) { body in
                withUnsafePointer(to: body) { body in
                    region.begin(Region.Job(body: body, members: count))
                    body.pointee(0, count)
                    region.waitForWorkers()
                }
            }
        }
    }

    /// Covers 0 ..< count with calls of `body` on runs of at most `grain` indices, handed out in order as members
    /// become free. A count of one run stays on the caller.
    package func forEach(_ count: Int, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
        let grain = max(grain, 1)
        guard count > grain, self.count > 1 else {
            if count > 0 { body(0..<count) }
            return
        }
        let next = Atomic<Int>(0)
        run { _, _ in
            while true {
                let start = next.wrappingAdd(grain, ordering: .relaxed).oldValue
                guard start < count else { return }
                body(start..<min(start + grain, count))
            }
        }
    }
}

/// One region at a time, and the two waits around it: workers for the region, the caller for the workers.
private final class Region: @unchecked Sendable {
    // Sendable: `job` is written by the one caller before it publishes a new `epoch`, while no worker runs, and is read
    // by workers after they have seen that epoch; everything else is atomic or a pthread object.
    struct Job {
        let body: UnsafePointer<@Sendable (Int, Int) -> Void>
        let members: Int
    }

    private let epoch = Atomic<UInt>(0)  // regions begun, plus one when stopping
    private let running = Atomic<Int>(0)  // workers that have not finished the region
    private let sleepers = Atomic<Int>(0)  // threads that sleep on `condition` or are about to
    private let stopping = Atomic<Bool>(false)
    private var job: Job?
    private let spin: Duration
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(spin: Duration) {
        self.spin = spin
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func begin(_ job: Job) {
        self.job = job
        running.store(job.members - 1, ordering: .relaxed)
        epoch.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wake()
    }

    func waitForWorkers() {
        wait { running.load(ordering: .sequentiallyConsistent) == 0 }
        job = nil
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        epoch.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wake()
    }

    /// A worker's life: one pass for every region, until the team stops.
    func work(as member: Int) {
        monocle_set_in_region(true)
        var seen: UInt = 0
        while true {
            wait { epoch.load(ordering: .sequentiallyConsistent) != seen }
            seen &+= 1
            guard !stopping.load(ordering: .relaxed), let job else { return }
            job.body.pointee(member, job.members)
            if running.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 { wake() }
        }
    }

    /// Spins while the condition may soon hold, then sleeps until it does.
    private func wait(until holds: () -> Bool) {
        if spin > .zero {
            for _ in 0..<64 {
                if holds() { return }
                monocle_relax()
            }
            let end = ContinuousClock.now + spin
            repeat {
                for _ in 0..<32 {
                    if holds() { return }
                    monocle_relax()
                }
            } while ContinuousClock.now < end
        }
        // Either this thread sees the change after it has announced itself, or the changing thread sees the
        // announcement after its change and wakes it: both sides are sequentially consistent.
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while !holds() { pthread_cond_wait(condition, mutex) }
        sleepers.wrappingSubtract(1, ordering: .relaxed)
        pthread_mutex_unlock(mutex)
    }

    private func wake() {
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }
}

/// The start of a worker thread.
private final class Worker {
    private let member: Int
    private let region: Region

    private init(member: Int, region: Region) {
        self.member = member
        self.region = region
    }

    /// nil when the system refuses a thread.
    static func start(member: Int, region: Region) -> pthread_t? {
        var thread = pthread_t()
        let worker = Unmanaged.passRetained(Worker(member: member, region: region))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let worker = Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue()
                monocle_name_thread("monocle-\(worker.member)")
                worker.region.work(as: worker.member)
                return nil
            }, worker.toOpaque())
        guard status == 0 else {
            worker.release()
            return nil
        }
        return thread
    }
}
