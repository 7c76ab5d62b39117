// Examples of a folder that a user brings: images and a list of conversations. Knows nothing of batches.

package import Foundation
import Imaging
import JSONText
import Prompting
import Training

/// A folder with `*.jsonl` files of one example a line: `question` and `answer`, or `messages` in OpenAI's form with
/// plain text; and `image` or `images`, paths beside the file. `monocle documents` writes such folders.
///
/// Each pass over the examples has its own order, drawn from the seed.
package struct FolderExamples: Examples {
    private struct Entry: Sendable {
        let images: [URL]
        let conversation: Conversation
        let group: String
        let place: String
    }

    private let entries: [Entry]
    private let builder: ExampleBuilder
    private let seed: UInt64

    package var count: Int { entries.count }

    package init(_ folder: URL, seed: UInt64, builder: ExampleBuilder) throws {
        let path = folder.path(percentEncoded: false)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".jsonl") }.sorted()
        } catch {
            throw DatasetError.folder(
                path, found: (error as NSError).localizedDescription, expected: "a folder of images and .jsonl files")
        }
        guard !names.isEmpty else {
            throw DatasetError.folder(path, found: "no .jsonl file", expected: "one with an example in each line")
        }
        var entries: [Entry] = []
        for name in names {
            let data = try Data(contentsOf: folder.appending(path: name))
            for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .enumerated()
            where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
                entries.append(try Self.entry(line, in: folder, file: name, line: index + 1))
            }
        }
        guard !entries.isEmpty else {
            throw DatasetError.folder(path, found: "empty .jsonl files", expected: "an example in each line")
        }
        self.entries = entries
        self.builder = builder
        self.seed = seed
    }

    package func example(at index: UInt64) throws -> LabelledExample {
        let count = UInt64(entries.count)
        let entry = entries[Int(Self.place(index % count, of: count, pass: seed &+ index / count))]
        do {
            let images = try entry.images.map { url in
                guard let image = try ImageLoader().load(.file(url)).first else {
                    throw DatasetError.example(url.relativePath, reason: "it holds no image")
                }
                return image
            }
            return LabelledExample(
                example: try builder.example(images: images, entry.conversation), group: entry.group)
        } catch {
            throw DatasetError.example(entry.place, reason: "\(error)")
        }
    }

    /// The place of number `index` in the order of a pass: a bijection of 0..<count, a Feistel network over the next
    /// power of four, walked until it lands inside.
    private static func place(_ index: UInt64, of count: UInt64, pass: UInt64) -> UInt64 {
        var half: UInt64 = 1
        while (UInt64(1) << (2 * half)) < count { half += 1 }
        let mask = (UInt64(1) << half) - 1
        var value = index
        repeat {
            var (left, right) = (value >> half, value & mask)
            for round in 0..<4 as Range<UInt64> {
                var mixed = right &+ pass &* 0x9E37_79B9_7F4A_7C15 &+ round &* 0xD1B5_4A32_D192_ED03
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                (left, right) = (right, left ^ ((mixed ^ (mixed >> 31)) & mask))
            }
            value = left << half | right
        } while value >= count
        return value
    }

    private static func entry(_ text: Data, in folder: URL, file: String, line: Int) throws -> Entry {
        func fault(_ found: String, _ expected: String) -> DatasetError {
            .line(file: file, line: line, found: found, expected: expected)
        }
        let object: JSON
        do {
            object = try text.withUnsafeBytes { try JSON($0) }
        } catch let error as JSONFault {
            throw fault("\(error.found) at byte \(error.offset)", error.expected)
        }
        let names: [String]
        if let one = object["image"]?.text {
            names = [one]
        } else if let list = object["images"]?.elements {
            names = list.compactMap(\.text)
            guard names.count == list.count else { throw fault("an image that is not text", "paths beside the file") }
        } else {
            names = []
        }
        let images = names.indices.map { Message.Part.image($0) }
        let messages: [Message]
        if let question = object["question"]?.text, let answer = object["answer"]?.text {
            messages = [Message(.user, images + [.text(question)]), Message(.assistant, [.text(answer)])]
        } else if let list = object["messages"]?.elements {
            var placed = false
            messages = try list.map { item in
                guard let name = item["role"]?.text, let role = Message.Role(rawValue: name),
                    let text = item["content"]?.text
                else { throw fault("a message without role or text", "{\"role\": ..., \"content\": \"...\"}") }
                defer { placed = placed || role == .user }
                return Message(role, (role == .user && !placed ? images : []) + [.text(text)])
            }
        } else {
            throw fault("neither question and answer nor messages", "one of them")
        }
        guard messages.last?.role == .assistant else { throw fault("no answer at the end", "an assistant's message") }
        return Entry(
            images: names.map { folder.appending(path: $0) }, conversation: Conversation(messages),
            group: object["family"]?.text ?? file, place: "\(file), line \(line)")
    }
}
