// A file that one process at a time writes. Knows nothing of what is in it.

import Foundation
import Synchronization

/// Open for reading and writing, made where it was missing, and locked until it is closed or let go.
final class LockedFile: Sendable {
    let handle: FileHandle
    private let isOpen = Mutex(true)

    /// - Throws: `unwritable` where it cannot be opened, another process holds it, or it was replaced while it was opened.
    init(_ path: String) throws(EvaluationError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .unwritable(path: path, reason: "another process is writing it")
        }
        // A file that takes this one's place by renaming has a lock of its own: the name must still be this file's.
        var (own, named) = (stat(), stat())
        guard fstat(descriptor, &own) == 0, stat(path, &named) == 0, own.st_dev == named.st_dev,
            own.st_ino == named.st_ino
        else {
            throw .unwritable(path: path, reason: "another process has replaced it")
        }
    }

    deinit { close() }

    /// Lets go of the lock by name: a child that is just being started may hold the file open a moment longer.
    func close() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            flock(handle.fileDescriptor, LOCK_UN)
            try? handle.close()
            isOpen = false
        }
    }
}
