// A folder that gets its name when it is complete. Knows nothing of what is written into it.

package import Foundation

/// A temporary folder beside its destination, removed unless it was completed.
package final class DraftFolder {
    /// Where to write.
    package let url: URL
    private let destination: URL
    private var isComplete = false

    /// - Parameter destination: a folder that does not exist or is empty.
    package init(for destination: URL) throws(CheckpointError) {
        let path = destination.path(percentEncoded: false)
        let destination = URL(filePath: path, directoryHint: .notDirectory).standardizedFileURL
        let files = FileManager.default
        if (try? files.attributesOfItem(atPath: path)) != nil {
            guard let contents = try? files.contentsOfDirectory(atPath: path), contents.isEmpty else {
                throw .writing(path, reason: "it exists and is not an empty folder; remove it or name another")
            }
        }
        self.destination = destination
        let parent = destination.deletingLastPathComponent()
        url = parent.appending(
            path: ".\(destination.lastPathComponent).partial-\(getpid())", directoryHint: .isDirectory)
        do {
            try files.createDirectory(at: parent, withIntermediateDirectories: true)
            try files.createDirectory(at: url, withIntermediateDirectories: false)
        } catch {
            isComplete = true  // nothing to remove
            throw .writing(path, reason: (error as NSError).localizedDescription)
        }
    }

    deinit {
        if !isComplete { try? FileManager.default.removeItem(at: url) }
    }

    /// Gives the folder its name.
    package func complete() throws(CheckpointError) {
        let path = destination.path(percentEncoded: false)
        guard rename(url.path(percentEncoded: false), path) == 0 else {
            throw .writing(path, reason: MappedFile.reason(errno))
        }
        isComplete = true
    }
}
