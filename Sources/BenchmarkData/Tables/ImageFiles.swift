// Image files that rows name, found beside the data. Never looks outside the data's folder.

import Foundation
import Imaging

struct ImageFiles {
    private let folder: URL

    /// Folders in which the originals keep their images.
    private static let folders = [
        "", "images", "png", "documents", "infographicsvqa_images", "OCRBench_Images", "videos",
    ]

    init(_ folder: URL) { self.folder = folder }

    /// The files' bytes, so that what is asked about is what is recorded.
    func sources(_ paths: [String], row number: Int) throws(RowFault) -> [ImageSource] {
        var sources: [ImageSource] = []
        for path in paths {
            let url = try find(path, row: number)
            do {
                sources.append(.data(try Data(contentsOf: url), name: path))
            } catch {
                throw RowFault(row: number, "\(path) cannot be read: \(error.localizedDescription)")
            }
        }
        return sources
    }

    /// Adds the bytes of the files to a digest of the data, or that one is not there.
    func add(_ paths: some Sequence<String>, to hash: inout FNV1a) {
        for path in paths {
            let url = try? find(path, row: 0)
            if url.flatMap({ hash.add(contentsOf: $0) }) == nil { hash.add("no file") }
        }
    }

    func find(_ path: String, row number: Int) throws(RowFault) -> URL {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.hasPrefix("/"), !parts.contains("..") else {
            throw RowFault(row: number, "\"\(path)\" is not a path inside the data's folder")
        }
        for name in Self.folders {
            let url = (name.isEmpty ? folder : folder.appending(path: name)).appending(path: path)
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue {
                return url
            }
        }
        throw RowFault(row: number, "\(path) is not in \(folder.path)")
    }
}
