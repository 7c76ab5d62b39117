// A folder that appears under its name only when it is complete. Knows nothing of what is in it.

import Foundation

/// A hidden folder beside its destination, removed unless it is completed.
final class DraftFolder {
    let url: URL
    private let destination: URL
    private var isComplete = false

    /// - Parameter destination: a folder that does not exist or is empty.
    /// - Throws: when it holds something, or nothing can be made beside it.
    init(for destination: URL) throws(QuantizationError) {
        let given = destination.path(percentEncoded: false)
        let destination = URL(filePath: given, directoryHint: .notDirectory).standardizedFileURL
        let files = FileManager.default
        let path = destination.path(percentEncoded: false)
        if (try? files.attributesOfItem(atPath: path)) != nil {
            guard let contents = try? files.contentsOfDirectory(atPath: path), contents.isEmpty else {
                throw .destination(path, reason: "it exists and is not an empty folder; remove it or name another")
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
            throw .destination(path, reason: (error as NSError).localizedDescription)
        }
    }

    deinit {
        if !isComplete { try? FileManager.default.removeItem(at: url) }
    }

    /// Gives the folder its name.
    func complete() throws(QuantizationError) {
        let path = destination.path(percentEncoded: false)
        guard rename(url.path(percentEncoded: false), path) == 0 else {
            throw .destination(path, reason: String(cString: strerror(errno)).lowercased())
        }
        isComplete = true
    }
}
