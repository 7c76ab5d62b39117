// A folder of samples on disk: PNG files and documents.jsonl. Knows nothing of how samples are made.

import Foundation

/// Writes PNG files and one JSON line a sample. `documents.jsonl` gets its name when everything is written, so that a
/// folder which was cut short holds none.
package struct DocumentFolder {
    package static let listName = "documents.jsonl"

    private let folder: URL

    private struct Line: Encodable {
        let images: [String]
        let question: String
        let answer: String
        let answers: [String]
        let family: String
        let kind: String
        let layout: String
        let font: String
        let tiles: Int
    }

    /// Throws `folderNotEmpty`, `unwritable`.
    package init(creating path: String) throws(DocumentsError) {
        folder = URL(filePath: path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
        let found: [String]
        do {
            found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
        guard found.isEmpty else { throw .folderNotEmpty(path: path) }
    }

    /// Writes samples 0..<count of `generator`, all of `family` when it is given; returns how many of each family.
    package func write(
        _ count: Int, of generator: DocumentGenerator, family: Family?, progress: (_ done: Int) -> Void
    ) throws(DocumentsError) -> [Family: Int] {
        let partial = folder.appending(path: Self.listName + ".partial")
        guard FileManager.default.createFile(atPath: partial.path, contents: nil),
            let list = FileHandle(forWritingAtPath: partial.path)
        else { throw .unwritable(path: partial.path, reason: "the file cannot be created") }
        defer { try? list.close() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var families: [Family: Int] = [:]
        for index in 0..<count {
            let sample = try generator.sample(at: UInt64(index), family: family)
            let number = String(repeating: "0", count: max(0, 6 - "\(index)".count)) + "\(index)"
            var names: [String] = []
            for (frame, image) in sample.images.enumerated() {
                let name = number + (sample.images.count > 1 ? "-\(frame + 1)" : "") + ".png"
                try image.writePNG(to: folder.appending(path: name).path)
                names.append(name)
            }
            let line = Line(
                images: names, question: sample.question, answer: sample.answer, answers: sample.answers,
                family: sample.family.rawValue, kind: sample.kind, layout: sample.layout.rawValue, font: sample.font,
                tiles: sample.tiles)
            do {
                try list.write(contentsOf: encoder.encode(line) + Data("\n".utf8))
            } catch {
                throw .unwritable(path: partial.path, reason: error.localizedDescription)
            }
            families[sample.family, default: 0] += 1
            progress(index + 1)
        }
        do {
            try FileManager.default.moveItem(at: partial, to: folder.appending(path: Self.listName))
        } catch {
            throw .unwritable(path: folder.path, reason: error.localizedDescription)
        }
        return families
    }
}
