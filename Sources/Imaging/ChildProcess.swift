// One child program with bounds on its time, memory and output. Knows nothing of what the program does.

import CConfine
package import Foundation
import Synchronization

/// Runs a program without a shell and collects what it writes.
package struct ChildProcess {
    package struct Output {
        package let status: Int32
        package let standardOutput: [UInt8]
        package let standardError: String
    }

    package enum Failure: Error {
        case notFound
        case notStarted(reason: String)
        case timedOut
        /// Its leash was pulled.
        case calledOff
        /// There was more output than allowed, or its reader wanted no more.
        case outputRefused
    }

    /// What the child finds on standard input: a file that it may also open anew and move about in.
    package enum Input {
        case nothing
        case data(Data)
        case file(URL)
    }

    /// Name looked up in `PATH`, or a path from the root.
    package let program: String
    package let arguments: [String]
    /// A command that starts the program after giving up what it should not have; empty starts it as it is.
    package var launcher: [String] = []
    /// What the child can be called off by; nil is nothing.
    package var leash: ChildLeash?
    /// Wall-clock seconds; the processor seconds of all threads may be twice as many.
    package let timeout: Double
    /// Bytes of standard output.
    package let outputLimit: Int
    /// Bytes of address space.
    package let memoryLimit: Int

    package init(program: String, arguments: [String], timeout: Double, outputLimit: Int, memoryLimit: Int) {
        self.program = program
        self.arguments = arguments
        self.timeout = timeout
        self.outputLimit = outputLimit
        self.memoryLimit = memoryLimit
    }

    /// Waits for the end. The child is killed, and always reaped, when a bound is passed or its leash is pulled.
    package func run(input: Input = .nothing) throws(Failure) -> Output {
        var output: [UInt8] = []
        let end = try run(input: input) { bytes in
            guard output.count + bytes.count <= outputLimit else { return false }
            output += bytes
            return true
        }
        return Output(status: end.status, standardOutput: output, standardError: end.standardError)
    }

    /// Waits for the end, handing over standard output as it comes; `outputLimit` is the reader's own affair then.
    /// - Parameter receive: returns false to have no more; the child is killed then, and `outputRefused` thrown.
    package func run(
        input: Input = .nothing, receive: (UnsafeRawBufferPointer) -> Bool
    ) throws(Failure) -> (status: Int32, standardError: String) {
        guard let path = Self.find(program) else { throw .notFound }
        let leash = leash ?? ChildLeash()
        guard !leash.isPulled else { throw .calledOff }
        let inputFile = try Self.open(input)
        defer { if let inputFile { close(inputFile) } }
        let (child, out, error) = try Self.spawning.withLock { _ in
            Result { () throws(Failure) in try start(path, inputFile) }
        }.get()
        defer {
            close(out)
            close(error)
        }
        var time = ChildTime(seconds: timeout, now: Self.now)
        var collected = leash.hold(child) ? collect(out, error, &time, receive) : .failure(.calledOff)
        var status: Int32 = 0
        if case .success = collected, !Self.isReaped(child, leash, within: &time, &status) {
            collected = .failure(.timedOut)
        }
        if case .failure = collected {
            leash.letGo(child)
            kill(-child, SIGKILL)
            while waitpid(child, &status, 0) == -1, errno == EINTR {}
        }
        // What a killed child left behind is no answer.
        guard !leash.isPulled else { throw .calledOff }
        let errorText = try collected.get()
        // The low seven bits are the signal that ended the child, the next byte its exit status.
        let code = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
        return (code, String(decoding: errorText, as: UTF8.self))
    }

    /// Waits for the end of a child that has closed its pipes, which may still be far off.
    private static func isReaped(
        _ child: pid_t, _ leash: ChildLeash, within time: inout ChildTime, _ status: inout Int32
    ) -> Bool {
        var pause: UInt32 = 100
        while true {
            if leash.reap(child, &status) { return true }
            guard time.left(at: now) > 0 else { return false }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// The first executable file of this name in `PATH`, or the file at this path.
    package static func find(_ program: String) -> String? {
        if program.hasPrefix("/") { return access(program, X_OK) == 0 ? program : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// Descriptors are marked close-on-exec only after they are made; the lock keeps another child of this process from
    /// being started in between and holding the pipes open.
    private static let spawning = Mutex(())

    private static func open(_ input: Input) throws(Failure) -> Int32? {
        switch input {
        case .nothing: return nil
        case .data(let data): return try unnamedFile(data)
        case .file(let url):
            let file = Foundation.open(url.path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw .notStarted(reason: systemReason()) }
            return file
        }
    }

    /// A file without a name that holds `data` and is read from its beginning.
    private static func unnamedFile(_ data: Data) throws(Failure) -> Int32 {
        let path = FileManager.default.temporaryDirectory.appending(path: "monocle-\(UUID().uuidString)").path
        let file = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .notStarted(reason: systemReason()) }
        unlink(path)
        let isWritten = data.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = write(file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                offset += count
            }
            return true
        }
        guard isWritten, lseek(file, 0, SEEK_SET) == 0 else {
            close(file)
            throw .notStarted(reason: systemReason())
        }
        return file
    }

    private func start(_ path: String, _ input: Int32?) throws(Failure) -> (child: pid_t, out: Int32, error: Int32) {
        let out = try Self.makePipe()
        defer { close(out.write) }
        let error: (read: Int32, write: Int32)
        do {
            error = try Self.makePipe()
        } catch let failure {
            close(out.read)
            throw failure
        }
        defer { close(error.write) }
        do throws(Failure) {
            return (try spawn(path, input, standardOutput: out.write, standardError: error.write), out.read, error.read)
        } catch let failure {
            close(out.read)
            close(error.read)
            throw failure
        }
    }

    private static func makePipe() throws(Failure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .notStarted(reason: systemReason()) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private func spawn(
        _ path: String, _ input: Int32?, standardOutput: Int32, standardError: Int32
    ) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, standardOutput, 1)
        posix_spawn_file_actions_adddup2(&actions, standardError, 2)
        // Sockets of clients are not all marked close-on-exec; a child must neither reach them nor hold them open.
        _ = confine_descriptors(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that a kill reaches its children too.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        let command = bounded(path)
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("LC_ALL=C"), nil]
        defer { for word in words + environment { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, command[0], &actions, &attributes, &words, &environment)
        guard code == 0 else { throw .notStarted(reason: Self.systemReason(code)) }
        return child
    }

    /// The command under util-linux's `prlimit`, so that the kernel bounds the child too; as it is where that is
    /// missing.
    private func bounded(_ path: String) -> [String] {
        let command = launcher + [path] + arguments
        guard let prlimit = Self.find("prlimit") else { return command }
        // Two threads at once use no more before the time is up; the kernel stops what its parent no longer watches.
        let seconds = 2 * Int(timeout.rounded(.up)) + 1
        return [prlimit, "--as=\(memoryLimit)", "--cpu=\(seconds)", "--core=0", "--fsize=\(16 << 20)"] + command
    }

    /// Reads both pipes until the child closes them.
    /// - Returns: the beginning of what it wrote to standard error.
    private func collect(
        _ out: Int32, _ error: Int32, _ time: inout ChildTime, _ receive: (UnsafeRawBufferPointer) -> Bool
    ) -> Result<[UInt8], Failure> {
        let errorLimit = 16 << 10
        var errorText: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var polled = [out, error].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while polled.contains(where: { $0.fd >= 0 }) {
            let left = time.left(at: Self.now)
            guard left > 0 else { return .failure(.timedOut) }
            let ready = poll(&polled, 2, Int32(clamping: min(left, ChildTime.look) / 1_000_000 + 1))
            guard ready > 0 else { continue }
            for index in 0..<2 where polled[index].fd >= 0 && polled[index].revents != 0 {
                let count = read(polled[index].fd, &buffer, buffer.count)
                if count <= 0 {
                    if count < 0, errno == EINTR { continue }
                    // poll skips negative descriptors.
                    polled[index].fd = -1
                } else if index == 0 {
                    let isWanted = buffer.withUnsafeBytes { receive(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                    guard isWanted else { return .failure(.outputRefused) }
                } else if errorText.count < errorLimit {
                    errorText += buffer[..<count]
                }
            }
        }
        return .success(errorText)
    }

    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    private static func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
}
