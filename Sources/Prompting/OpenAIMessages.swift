// Chat messages in OpenAI's JSON form. Does not open what their parts refer to.

package import Foundation
package import JSONText

/// A conversation read from JSON: an array of messages, or an object whose `messages` is one. Fields it does not know
/// are passed over, as OpenAI clients send many.
package struct OpenAIMessages: Sendable, Equatable {
    package enum Detail: String, Sendable, CaseIterable {
        case low
        case high
        case auto
    }

    /// What a part refers to.
    package struct Attachment: Sendable, Equatable {
        package enum Kind: Sendable {
            /// An `image_url`.
            case image
            /// A `file`, which is a PDF document.
            case document
            /// A `video_url`.
            case video
        }

        package var media: MediaURL
        package var detail: Detail = .auto
        /// Tiles of the grid at most.
        package var maxTiles: Int?
        package var kind = Kind.image
        /// Pages of a document; nil leaves the choice to the reader.
        package var pages: ClosedRange<Int>?
        /// Frames of a video; nil leaves the choice to the reader.
        package var frames: Int?
        /// Where the reference stands, such as `messages[0].content[1].image_url.url`.
        package var path: String
    }

    package struct Bounds: Sendable {
        package var messages: Int
        /// Parts of all messages together.
        package var parts: Int

        package init(messages: Int = 4096, parts: Int = 4096) {
            self.messages = messages
            self.parts = parts
        }
    }

    package private(set) var conversation: Conversation
    /// What the conversation's image parts number, in order.
    package let attachments: [Attachment]

    package static let byteLimit = 16 << 20

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
        try self.init(root["messages"] ?? root)
    }

    /// - Parameter value: the array of messages.
    package init(_ value: JSON, bounds: Bounds = Bounds()) throws(PromptingError) {
        guard case .array(let messages) = value else {
            throw .message(path: "messages", found: value.shortSummary, expected: "an array of messages")
        }
        guard !messages.isEmpty, messages.count <= bounds.messages else {
            throw .message(
                path: "messages", found: "\(messages.count) messages", expected: "1 to \(bounds.messages)")
        }
        var reader = MessageReader(partsLeft: bounds.parts, bounds: bounds)
        var read: [Message] = []
        for (index, message) in messages.enumerated() {
            read.append(try reader.message(message, "messages[\(index)]"))
        }
        conversation = Conversation(read)
        attachments = reader.attachments
    }

    /// Puts text before everything the user says first, or into a user turn of its own.
    package mutating func prepend(toFirstUserTurn text: String) {
        if let first = conversation.messages.firstIndex(where: { $0.role == .user }) {
            conversation.messages[first].content.insert(.text(text), at: 0)
        } else {
            conversation.messages.append(Message(.user, text))
        }
    }
}

extension JSON {
    /// How a message names the value.
    var shortSummary: String {
        summary(quoted: { $0.count > 60 ? "\"\($0.prefix(60))…\"" : "\"\($0)\"" })
    }
}

extension JSON? {
    var shortSummary: String { self?.shortSummary ?? "nothing" }
}
