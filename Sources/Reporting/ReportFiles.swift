// The files of a report's folder: what is written, and what an earlier report left there. Knows no figures.

import Evaluation
import Foundation

/// Keeps a list of what it writes, so that the next report into the folder can remove what it does not write again, and
/// nothing else.
final class ReportFiles {
    private let folder: URL
    /// Names that an earlier report wrote, or began to write.
    private let before: Set<String>
    private var written: Set<String> = []
    private let list: FileHandle

    /// A name a line; a name stands there before its file does.
    private static let listName = "data/files.txt"
    private static let subfolders = ["data", "images"]

    /// - Parameter folder: made where it is missing.
    init(_ folder: URL) throws(EvaluationError) {
        self.folder = folder
        let path = folder.appending(path: Self.listName)
        do {
            for name in Self.subfolders {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: true)
            }
            if !FileManager.default.fileExists(atPath: path.path) { try Data().write(to: path) }
            list = try FileHandle(forUpdating: path)
            let text = try list.readToEnd() ?? Data()
            before = Set(String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
            // A line that a killed process left without its end.
            if let last = text.last, last != UInt8(ascii: "\n") { try list.write(contentsOf: Data("\n".utf8)) }
        } catch {
            throw .unwritable(path: path.path, reason: error.localizedDescription)
        }
    }

    /// - Parameter name: in the report's folder.
    func write(_ data: Data, _ name: String) throws(EvaluationError) {
        let url = folder.appending(path: name)
        do {
            if written.insert(name).inserted, !before.contains(name) {
                try list.write(contentsOf: Data((name + "\n").utf8))
            }
            try data.write(to: url)
        } catch {
            throw .unwritable(path: url.path, reason: error.localizedDescription)
        }
    }

    /// Removes what an earlier report wrote and this one did not.
    func finish() throws(EvaluationError) {
        for name in before.subtracting(written) where Self.isReports(name) {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
        let path = folder.appending(path: Self.listName)
        do {
            try list.close()
            try Data(written.sorted().map { $0 + "\n" }.joined().utf8).write(to: path, options: .atomic)
        } catch {
            throw .unwritable(path: path.path, reason: error.localizedDescription)
        }
    }

    /// Whether a report can have written a file of this name: whoever changed the list cannot have others removed.
    static func isReports(_ name: String) -> Bool {
        name.wholeMatch(
            of: #/(?:data/(?:summary|samples-[0-9]+-[0-9]+)\.js|images/[0-9a-f]{16}(?:-[0-9]+)?\.(?:png|jpg|webp))/#)
            != nil
    }
}
