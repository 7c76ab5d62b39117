// Lists of prompts and answers as JSON Lines. Knows nothing of models, tokens or what the lists are for.

package import Foundation
import JSONText
package import Prompting

/// A file of one example a line: `question` with or without `answer`, or `messages` in OpenAI's form with plain text; and
/// `image` or `images`, paths beside the file. `text` is another name for `question`. `monocle documents` writes such files.
package enum ExampleList {
    package struct Entry: Sendable {
        package let images: [URL]
        package let conversation: Conversation
        /// The family a document is of, or the file's name.
        package let group: String
        /// The line, for messages.
        package let place: String

        package init(images: [URL], conversation: Conversation, group: String, place: String) {
            self.images = images
            self.conversation = conversation
            self.group = group
            self.place = place
        }

        /// Whether the conversation ends with an answer.
        package var isAnswered: Bool { conversation.messages.last?.role == .assistant }

        /// What the last answer, if there is one, answers.
        package var prompt: Conversation {
            isAnswered ? Conversation(Array(conversation.messages.dropLast())) : conversation
        }
    }

    package static func entries(of url: URL) throws -> [Entry] {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw DatasetError.folder(
                url.path(percentEncoded: false), found: (error as NSError).localizedDescription,
                expected: "a file with an example in each line")
        }
        return try data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .filter { !$1.allSatisfy { [0x20, 0x09, 0x0D].contains($0) } }
            .map { try entry($1, of: url, line: $0 + 1) }
    }

    private static func entry(_ text: Data, of url: URL, line: Int) throws -> Entry {
        let (folder, file) = (url.deletingLastPathComponent(), url.lastPathComponent)
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
        if let question = object["question"]?.text ?? object["text"]?.text {
            messages =
                [Message(.user, images + [.text(question)])]
                + (object["answer"]?.text.map { [Message(.assistant, [.text($0)])] } ?? [])
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
            throw fault("neither question nor messages", "one of them")
        }
        return Entry(
            images: names.map { URL(filePath: $0, relativeTo: folder) }, conversation: Conversation(messages),
            group: object["family"]?.text ?? file, place: "\(file), line \(line)")
    }
}
