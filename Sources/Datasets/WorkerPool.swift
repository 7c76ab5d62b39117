// Processes that draw documents beside the one that trains. Knows frames and pipes, not what is drawn.

package import Foundation

/// Examples from several processes in the order of their numbers: process w of n makes the numbers w, w + n, ...
///
/// Processes, because Cairo draws text on one thread at a time.
package final class WorkerPool: Sendable {
    private struct Worker: @unchecked Sendable {
        // Sendable: the process is only terminated, once, by the pool's end.
        let process: Process
        let queue: BoundedQueue<LabelledExample>
    }

    private let workers: [Worker]
    private let first: UInt64

    /// Examples read ahead from each process.
    private static let ahead = 16

    /// - Parameters:
    ///   - first: the number of the first example wanted.
    ///   - command: program and arguments of the process that makes numbers `start`, `start + step`, ...
    package init(
        count: Int, first: UInt64, command: (_ start: UInt64, _ step: Int) -> (program: URL, arguments: [String])
    ) throws(DatasetError) {
        self.first = first
        var workers: [Worker] = []
        for index in 0..<max(count, 1) {
            let (program, arguments) = command(first + UInt64(index), max(count, 1))
            let process = Process()
            process.executableURL = program
            process.arguments = arguments
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardInput = FileHandle.nullDevice
            do {
                try process.run()
            } catch {
                for worker in workers { worker.process.terminate() }
                throw .worker(index, reason: (error as NSError).localizedDescription)
            }
            let queue = BoundedQueue<LabelledExample>(capacity: Self.ahead)
            let handle = pipe.fileHandleForReading
            let thread = Thread { Self.read(handle, into: queue, index: index) }
            thread.start()
            workers.append(Worker(process: process, queue: queue))
        }
        self.workers = workers
    }

    deinit {
        for worker in workers {
            worker.process.terminate()
            worker.queue.close()
        }
    }

    package func example(at index: UInt64) throws -> LabelledExample {
        try workers[Int((index - first) % UInt64(workers.count))].queue.next()
    }

    private static func read(_ handle: FileHandle, into queue: BoundedQueue<LabelledExample>, index: Int) {
        do {
            while true {
                let header = try bytes(ExampleFrame.headerBytes, of: handle, index)
                let body = try bytes(try ExampleFrame.bodyBytes(header: header), of: handle, index)
                guard queue.append(try ExampleFrame.example(header: header, body: body)) else { return }
            }
        } catch {
            queue.fail(error)
        }
    }

    private static func bytes(_ count: Int, of handle: FileHandle, _ index: Int) throws -> [UInt8] {
        var read = 0
        var failed: Int32 = 0
        let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while read < count {
                let got = Foundation.read(handle.fileDescriptor, buffer.baseAddress.map { $0 + read }, count - read)
                if got < 0 && errno == EINTR { continue }
                if got <= 0 {
                    failed = got < 0 ? errno : 0
                    break
                }
                read += got
            }
            filled = read
        }
        guard read == count else {
            throw DatasetError.worker(
                index, reason: failed == 0 ? "see its message above" : String(cString: strerror(failed)))
        }
        return result
    }
}
