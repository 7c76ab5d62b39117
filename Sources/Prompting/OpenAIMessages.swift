// Chat messages in OpenAI's JSON form, whose image parts name files. Does not open the files.

package import Foundation
import JSONText

/// A conversation read from JSON: an array of messages, or an object whose `messages` is one. Fields it does not know
/// are passed over, as OpenAI clients send many.
package struct OpenAIMessages: Sendable, Equatable {
    package enum Detail: String, Sendable, CaseIterable {
        case low
        case high
        case auto
    }

    package struct Image: Sendable, Equatable {
        /// Path of the file, as written; from a `file://` URL, its path.
        package var path: String
        package var detail: Detail
    }

    package let conversation: Conversation
    /// The images that the conversation's parts number, in order.
    package let images: [Image]

    package static let byteLimit = 16 << 20
    package static let messageLimit = 4096
    package static let partLimit = 1024

    package init(_ data: Data) throws(PromptingError) {
        guard data.count <= Self.byteLimit else {
            throw .unreadableMessages(reason: "found \(data.count) bytes, expected at most \(Self.byteLimit)")
        }
        let root: JSON
        do throws(JSONFault) {
            root = try data.withUnsafeBytes { text in Result { () throws(JSONFault) in try JSON(text) } }.get()
        } catch {
            throw .unreadableMessages(
                reason: "not valid JSON at byte \(error.offset): found \(error.found), expected \(error.expected)")
        }
        guard case .array(let messages) = root["messages"] ?? root else {
            throw .message(
                path: "messages", found: (root["messages"] ?? root).summary, expected: "an array of messages")
        }
        guard !messages.isEmpty, messages.count <= Self.messageLimit else {
            throw .message(
                path: "messages", found: "\(messages.count) messages", expected: "1 to \(Self.messageLimit)")
        }
        var reader = Reader()
        var read: [Message] = []
        for (index, message) in messages.enumerated() {
            read.append(try reader.message(message, "messages[\(index)]"))
        }
        conversation = Conversation(read)
        images = reader.images
    }
}

private struct Reader {
    var images: [OpenAIMessages.Image] = []

    mutating func message(_ value: JSON, _ path: String) throws(PromptingError) -> Message {
        guard case .object = value else {
            throw .message(path: path, found: value.summary, expected: "an object with role and content")
        }
        guard case .string(let name)? = value["role"], let role = Message.Role(rawValue: name) else {
            throw .message(
                path: path + ".role", found: value["role"].summary, expected: oneOf(Message.Role.allCases))
        }
        switch value["content"] {
        case .string(let text): return Message(role, text)
        case .array(let parts):
            guard !parts.isEmpty, parts.count <= OpenAIMessages.partLimit else {
                throw .message(
                    path: path + ".content", found: "\(parts.count) parts",
                    expected: "1 to \(OpenAIMessages.partLimit)")
            }
            var content: [Message.Part] = []
            for (index, part) in parts.enumerated() {
                content.append(try self.part(part, "\(path).content[\(index)]"))
            }
            return Message(role, content)
        case let other:
            throw .message(
                path: path + ".content", found: other.summary, expected: "a string or an array of parts")
        }
    }

    private mutating func part(_ value: JSON, _ path: String) throws(PromptingError) -> Message.Part {
        switch value["type"] {
        case .string("text"):
            guard case .string(let text)? = value["text"] else {
                throw .message(path: path + ".text", found: value["text"].summary, expected: "a string")
            }
            return .text(text)
        case .string("image_url"):
            images.append(try image(value["image_url"], path + ".image_url"))
            return .image(images.count - 1)
        case let other:
            throw .message(
                path: path + ".type", found: other.summary, expected: "\"text\" or \"image_url\"")
        }
    }

    private func image(_ value: JSON?, _ path: String) throws(PromptingError) -> OpenAIMessages.Image {
        guard case .object? = value else {
            throw .message(path: path, found: value.summary, expected: "an object with url")
        }
        guard case .string(let url)? = value?["url"], let file = filePath(url) else {
            throw .message(
                path: path + ".url", found: (value?["url"]).summary, expected: "the path of a file, or a file:// URL")
        }
        let detail = value?["detail"] ?? .null
        if detail == .null { return .init(path: file, detail: .auto) }
        guard case .string(let name) = detail, let known = OpenAIMessages.Detail(rawValue: name) else {
            throw .message(
                path: path + ".detail", found: detail.summary, expected: oneOf(OpenAIMessages.Detail.allCases))
        }
        return .init(path: file, detail: known)
    }

    /// Path that a URL or path names; nil for an empty one and for other schemes.
    private func filePath(_ text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else {
            return text.isEmpty ? nil : text
        }
        let scheme = text[..<colon].lowercased()
        let isScheme = text[colon...].hasPrefix("://") || scheme == "data"
        guard isScheme else { return text }
        guard scheme == "file", let url = URL(string: text), ["", "localhost"].contains(url.host() ?? ""),
            !url.path.isEmpty
        else { return nil }
        return url.path(percentEncoded: false)
    }

    private func oneOf<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
        values.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }
}

extension JSON {
    /// How a message names the value.
    fileprivate var summary: String {
        summary(quoted: { $0.count > 60 ? "\"\($0.prefix(60))…\"" : "\"\($0)\"" })
    }
}

extension JSON? {
    fileprivate var summary: String { self?.summary ?? "nothing" }
}
