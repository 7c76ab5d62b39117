// A chat completion to ask for, and the body that asks for it. Knows OpenAI's form, no connection.

package import Foundation

package struct ChatCall: Sendable, Equatable {
    package enum Part: Sendable, Equatable {
        case text(String)
        /// An encoded image, its media type, and `low`, `high` or `auto`; nil leaves that to the server.
        case image(Data, type: String, detail: String? = nil)
    }

    package struct Message: Sendable, Equatable {
        package let role: String
        package let parts: [Part]

        package init(_ role: String, _ parts: [Part]) {
            self.role = role
            self.parts = parts
        }
    }

    package var messages: [Message]
    package var maxTokens: Int
    /// Nil leaves it to the server.
    package var temperature: Double?
    /// Whether the answer goes on to `maxTokens`, whatever the model says. Servers without `ignore_eos` refuse or overlook it.
    package var ignoresEnd: Bool

    package init(_ messages: [Message], maxTokens: Int, temperature: Double? = nil, ignoresEnd: Bool = false) {
        self.messages = messages
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.ignoresEnd = ignoresEnd
    }

    /// The JSON of the request, which asks for a stream that ends with its usage.
    package func body(model: String) throws(ClientError) -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let body = Body(
            model: model, messages: messages.map(Body.Message.init), maxTokens: maxTokens, temperature: temperature,
            ignoreEos: ignoresEnd ? true : nil)
        do {
            return try encoder.encode(body)
        } catch {
            throw .malformed("a temperature that is not a number")
        }
    }
}

private struct Body: Encodable {
    struct Message: Encodable {
        let role: String
        let content: Content

        init(_ message: ChatCall.Message) {
            role = message.role
            content = Content(message.parts)
        }
    }
    /// A string where it is one text, which servers without images know too.
    enum Content: Encodable {
        case text(String)
        case parts([Part])

        init(_ parts: [ChatCall.Part]) {
            if case .text(let text) = parts.first, parts.count == 1 {
                self = .text(text)
            } else {
                self = .parts(parts.map(Part.init))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .parts(let parts): try container.encode(parts)
            }
        }
    }
    struct Part: Encodable {
        let type: String
        var text: String?
        var imageUrl: ImageURL?

        init(_ part: ChatCall.Part) {
            switch part {
            case .text(let text):
                type = "text"
                self.text = text
            case .image(let data, let media, let detail):
                type = "image_url"
                imageUrl = ImageURL(url: "data:\(media);base64,\(data.base64EncodedString())", detail: detail)
            }
        }
    }
    struct ImageURL: Encodable {
        let url: String
        let detail: String?
    }
    struct StreamOptions: Encodable { let includeUsage = true }

    let model: String
    let messages: [Message]
    let maxTokens: Int
    let temperature: Double?
    let ignoreEos: Bool?
    let stream = true
    let streamOptions = StreamOptions()
}
