// Which kind of data lies at a path: a file, or a folder in one of the layouts that benchmarks are published in.

package import Foundation
import JSONText
import Scoring

package enum DataSource {
    /// - Parameter url: a `.tsv`, `.json` or `.jsonl` file, or a folder.
    package static func table(_ url: URL) throws(BenchmarkDataError) -> any ItemTable {
        let path = url.path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .unreadable(path: path, reason: "there is no such file or folder")
        }
        if isFolder.boolValue { return try folder(url) }
        switch url.pathExtension.lowercased() {
        case "tsv": return try TSVTable(url)
        case "json", "jsonl":
            return try JSONTable([(url, [:])], folder: url.deletingLastPathComponent(), format: url.pathExtension)
        case "parquet": throw parquet(path)
        default: throw .layout(path: path, found: "a file .\(url.pathExtension)", expected: expected)
        }
    }

    private static let expected = "a .tsv, .json or .jsonl file, or a folder with one"

    private static func parquet(_ path: String) -> BenchmarkDataError {
        .layout(
            path: path, found: "parquet files",
            expected: "what `monocle eval convert \(path) -o FOLDER` makes of them: --data FOLDER")
    }

    private static func folder(_ url: URL) throws(BenchmarkDataError) -> any ItemTable {
        let path = url.path(percentEncoded: false)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        if names.contains("questions"), names.contains("images") { return try DiagramFolder.table(url) }
        let parts = names.filter { $0 == "test_human.json" || $0 == "test_augmented.json" }
        if !parts.isEmpty {
            let files = parts.map { name in
                (url.appending(path: name), ["split": PythonValue.text(CodePoints(String(name.dropLast(5))))])
            }
            return try JSONTable(files, folder: url, format: "json")
        }
        for suffix in [".jsonl", ".tsv", ".json"] {
            let found = names.filter { $0.hasSuffix(suffix) }
            guard let name = found.first else { continue }
            guard found.count == 1 else {
                throw .layout(
                    path: path, found: "\(found.count) files \(suffix) (\(found.prefix(3).joined(separator: ", ")))",
                    expected: "one; name the file itself")
            }
            return try table(url.appending(path: name))
        }
        if names.contains(where: { $0.hasSuffix(".parquet") }) { throw parquet(path) }
        let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", … (\(names.count) in all)" : "")
        throw .layout(
            path: path, found: names.isEmpty ? "an empty folder" : "a folder with \(shown)", expected: expected)
    }
}

/// AI2D as its authors publish it: `questions/NAME.json` for each of `images/NAME`, and a list of test images.
private enum DiagramFolder {
    static func table(_ url: URL) throws(BenchmarkDataError) -> JSONTable {
        let folder = url.appending(path: "questions")
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        } catch {
            throw .unreadable(path: folder.path, reason: error.localizedDescription)
        }
        let tested = try? String(contentsOf: url.appending(path: "ai2d_test_ids.csv"), encoding: .utf8)
        let ids = tested.map { Set($0.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map(String.init)) }
        var rows: [[String: PythonValue]] = []
        var hash = FNV1a()
        for name in names.sorted(by: { $0.compare($1, options: .numeric) == .orderedAscending }) {
            let image = String(name.dropLast(5))
            if let ids, !ids.contains(image), !ids.contains(String(image.prefix { $0 != "." })) { continue }
            let file = folder.appending(path: name)
            guard let data = try? Data(contentsOf: file) else {
                throw .unreadable(path: file.path, reason: "it cannot be read")
            }
            hash.add(data.bytes)
            let value = data.withUnsafeBytes { bytes -> PythonValue? in
                guard var scanner = try? JSONScanner(bytes), let value = try? PythonValue(&scanner),
                    (try? scanner.end()) != nil
                else { return nil }
                return value
            }
            guard let questions = value?.dictionary?["questions"]?.dictionary else {
                throw .layout(path: file.path, found: "no object `questions`", expected: "AI2D's own layout")
            }
            for (question, members) in questions.pairs {
                guard let members = members.dictionary else { continue }
                rows.append([
                    "question": question, "image": .text(CodePoints(image)),
                    "options": members["answerTexts"] ?? .none, "answer": members["correctAnswer"] ?? .none,
                    "id": members["questionId"] ?? .none,
                ])
            }
        }
        return JSONTable(rows, folder: url, format: "ai2d", hash)
    }
}
