// A chat completion to ask for, and the body that asks for it. Knows OpenAI's form, no connection.

package import Foundation

package struct ChatCall: Sendable, Equatable {
    package enum Part: Sendable, Equatable {
        case text(String)
        /// An encoded image and its media type.
        case image(Data, type: String)
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
    /// `low`, `high` or `auto`, for every image; nil leaves it out.
    package var detail: String?

    package init(
        _ messages: [Message], maxTokens: Int, temperature: Double? = nil, ignoresEnd: Bool = false,
        detail: String? = nil
    ) {
        self.messages = messages
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.ignoresEnd = ignoresEnd
        self.detail = detail
    }

    /// The JSON of the request, which asks for a stream that ends with its usage.
    package func body(model: String) throws(ClientError) -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let body = Body(
            model: model, messages: messages.map { Body.Message($0, detail: detail) }, maxTokens: maxTokens,
            temperature: temperature, ignoreEos: ignoresEnd ? true : nil)
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
        let content: [Part]

        init(_ message: ChatCall.Message, detail: String?) {
            role = message.role
            content = message.parts.map { part in
                switch part {
                case .text(let text): Part(type: "text", text: text)
                case .image(let data, let type):
                    Part(
                        type: "image_url",
                        imageUrl: .init(url: "data:\(type);base64,\(data.base64EncodedString())", detail: detail))
                }
            }
        }
    }
    struct Part: Encodable {
        let type: String
        var text: String?
        var imageUrl: ImageURL?
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
