// Replies of judges on disk, so that none is paid for twice. Knows no rule.

import Foundation

/// One JSON line a reply. A line that a killed process left without its end is dropped.
package actor JudgeCache {
    private struct Key: Codable, Hashable {
        let model: String
        let prompt: String
        let attempt: Int
    }

    private struct Line: Codable {
        let key: Key
        let reply: String
    }

    private var replies: [Key: String] = [:]
    private let file: LockedFile
    private let path: String

    package init(_ path: String) throws(EvaluationError) {
        self.path = path
        let file = try LockedFile(path)
        self.file = file
        do {
            let data = try file.handle.readToEnd() ?? Data()
            let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            for (number, text) in data[..<whole].split(separator: UInt8(ascii: "\n")).enumerated() {
                guard let line = try? JSONDecoder().decode(Line.self, from: text) else {
                    throw EvaluationError.line(
                        path: path, number: number + 1, found: String(decoding: text.prefix(60), as: UTF8.self),
                        expected: "a judge's reply")
                }
                replies[line.key] = line.reply
            }
            try file.handle.truncate(atOffset: UInt64(whole))
        } catch let error as EvaluationError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    func reply(_ model: String, _ prompt: String, _ attempt: Int) -> String? {
        replies[Key(model: model, prompt: prompt, attempt: attempt)]
    }

    func add(_ reply: String, _ model: String, _ prompt: String, _ attempt: Int) throws(EvaluationError) {
        let key = Key(model: model, prompt: prompt, attempt: attempt)
        replies[key] = reply
        do {
            try file.handle.write(
                contentsOf: JSONEncoder().encode(Line(key: key, reply: reply)) + [UInt8(ascii: "\n")])
        } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
    }
}
