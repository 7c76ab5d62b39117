// Reads one message after another and collects what their parts refer to. Knows the JSON form, not where it came from.

import Foundation
import JSONText

struct MessageReader {
    private(set) var attachments: [OpenAIMessages.Attachment] = []
    private var partsLeft: Int
    private let bounds: OpenAIMessages.Bounds

    init(partsLeft: Int, bounds: OpenAIMessages.Bounds) {
        self.partsLeft = partsLeft
        self.bounds = bounds
    }

    mutating func message(_ value: JSON, _ path: String) throws(PromptingError) -> Message {
        guard case .object = value else {
            throw .message(path: path, found: value.shortSummary, expected: "an object with role and content")
        }
        guard case .string(let name)? = value["role"], let role = Message.Role(name: name) else {
            throw .message(
                path: path + ".role", found: value["role"].shortSummary, expected: oneOf(Message.Role.allCases))
        }
        let calls = role == .assistant ? try self.calls(value["tool_calls"] ?? .null, path + ".tool_calls") : []
        switch value["content"] {
        case .string(let text): return Message(role, (text.isEmpty && !calls.isEmpty ? [] : [.text(text)]) + calls)
        case .null where !calls.isEmpty, nil where !calls.isEmpty: return Message(role, calls)
        case .array(let parts):
            guard !parts.isEmpty, parts.count <= partsLeft else {
                throw .message(
                    path: path + ".content", found: "\(parts.count) parts",
                    expected: "at least 1, and at most \(bounds.parts) in all messages")
            }
            partsLeft -= parts.count
            var content: [Message.Part] = []
            for (index, part) in parts.enumerated() {
                content.append(try self.part(part, role, "\(path).content[\(index)]"))
            }
            return Message(role, content + calls)
        case let other:
            throw .message(
                path: path + ".content", found: other.shortSummary, expected: "a string or an array of parts")
        }
    }

    // MARK: Parts

    private mutating func part(_ value: JSON, _ role: Message.Role, _ path: String) throws(PromptingError)
        -> Message.Part
    {
        switch value["type"] {
        case .string("text"):
            guard case .string(let text)? = value["text"] else {
                throw .message(path: path + ".text", found: value["text"].shortSummary, expected: "a string")
            }
            return .text(text)
        case .string("image_url") where role != .tool:
            attachments.append(try image(value["image_url"], path + ".image_url"))
            return .image(attachments.count - 1)
        case .string("file") where role != .tool:
            attachments.append(try document(value["file"], path + ".file"))
            return .image(attachments.count - 1)
        case .string("video_url") where role != .tool:
            attachments.append(try video(value["video_url"], path + ".video_url"))
            return .image(attachments.count - 1)
        case let other:
            throw .message(
                path: path + ".type", found: other.shortSummary,
                expected: role != .tool ? "\"text\", \"image_url\", \"video_url\" or \"file\"" : "\"text\"")
        }
    }

    /// An object whose `url` says where the bytes are.
    private func reference(_ value: JSON?, _ path: String) throws(PromptingError) -> OpenAIMessages.Attachment {
        guard case .object? = value else {
            throw .message(path: path, found: value.shortSummary, expected: "an object with url")
        }
        guard case .string(let url)? = value?["url"] else {
            throw .message(path: path + ".url", found: (value?["url"]).shortSummary, expected: "a string")
        }
        return OpenAIMessages.Attachment(media: try media(url, path + ".url"), path: path + ".url")
    }

    private func image(_ value: JSON?, _ path: String) throws(PromptingError) -> OpenAIMessages.Attachment {
        var attachment = try reference(value, path)
        let detail = value?["detail"] ?? .null
        if detail != .null {
            guard case .string(let name) = detail, let known = OpenAIMessages.Detail(rawValue: name) else {
                throw .message(
                    path: path + ".detail", found: detail.shortSummary, expected: oneOf(OpenAIMessages.Detail.allCases))
            }
            attachment.detail = known
        }
        attachment.maxTiles = try count(value, "max_tiles", path, in: 1...64)
        return attachment
    }

    private func video(_ value: JSON?, _ path: String) throws(PromptingError) -> OpenAIMessages.Attachment {
        var attachment = try reference(value, path)
        attachment.kind = .video
        attachment.frames = try count(value, "frames", path, in: 1...256)
        return attachment
    }

    private func count(
        _ value: JSON?, _ name: String, _ path: String, in range: ClosedRange<Int>
    ) throws(PromptingError) -> Int? {
        guard let number = value?[name], number != .null else { return nil }
        guard let count = number.wholeNumber, range.contains(count) else {
            throw .message(
                path: "\(path).\(name)", found: number.shortSummary,
                expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    private func document(_ value: JSON?, _ path: String) throws(PromptingError) -> OpenAIMessages.Attachment {
        guard case .object? = value else {
            throw .message(path: path, found: value.shortSummary, expected: "an object with file_data")
        }
        guard case .string(let url)? = value?["file_data"] else {
            throw .message(
                path: path + ".file_data", found: (value?["file_data"]).shortSummary,
                expected: "a string; files are not kept, so file_id names none")
        }
        let media = try media(url, path + ".file_data")
        if case .data(_, let type) = media, type != "application/pdf" {
            throw .media(
                path: path + ".file_data", reason: "is not of type application/pdf, the only one accepted here")
        }
        var attachment = OpenAIMessages.Attachment(media: media, path: path + ".file_data")
        attachment.kind = .document
        let pages = value?["pages"] ?? .null
        if pages != .null {
            guard
                let range = pages.text.flatMap(Self.pageRange) ?? pages.wholeNumber.flatMap({ Self.pageRange("\($0)") })
            else {
                throw .message(
                    path: path + ".pages", found: pages.shortSummary,
                    expected: "a page such as \"2\" or a range \"2-4\"")
            }
            attachment.pages = range
        }
        return attachment
    }

    private func media(_ url: String, _ path: String) throws(PromptingError) -> MediaURL {
        do throws(MediaURL.Fault) {
            return try MediaURL(url)
        } catch {
            throw .media(path: path, reason: error.reason)
        }
    }

    private static func pageRange(_ text: String) -> ClosedRange<Int>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil, first >= 1,
            last >= first
        else { return nil }
        return first...last
    }

    // MARK: Calls of tools

    /// Earlier calls as the model writes them.
    private func calls(_ value: JSON, _ path: String) throws(PromptingError) -> [Message.Part] {
        guard value != .null else { return [] }
        guard case .array(let calls) = value, calls.count <= bounds.parts else {
            throw .message(path: path, found: value.shortSummary, expected: "an array of calls")
        }
        var texts: [String] = []
        for (index, call) in calls.enumerated() {
            let function = call["function"]
            guard case .string(let name)? = function?["name"] else {
                throw .message(
                    path: "\(path)[\(index)].function.name", found: (function?["name"]).shortSummary,
                    expected: "a string")
            }
            guard case .string(let arguments)? = function?["arguments"],
                let parsed = try? Data(arguments.utf8).withUnsafeBytes({ try JSON($0) }), case .object = parsed
            else {
                throw .message(
                    path: "\(path)[\(index)].function.arguments", found: (function?["arguments"]).shortSummary,
                    expected: "the JSON text of an object")
            }
            texts.append(#"{"name": \#(JSON.literal(name)), "parameters": \#(arguments)}"#)
        }
        return texts.isEmpty ? [] : [.text(texts.joined(separator: "; "))]
    }

    private func oneOf<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
        values.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }
}
