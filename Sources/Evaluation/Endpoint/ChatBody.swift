// The body of a request for a chat completion: one user turn of texts and images, greedy. Knows no server.

import BenchmarkData
import Foundation
import Imaging
import JSONText

enum ChatBody {
    /// - Throws: `AnswerOutcome.Failure` for an image that cannot be sent.
    static func bytes(_ item: BenchmarkItem, model: String, maxTokens: Int) throws(AnswerOutcome.Failure) -> [UInt8] {
        var urls: [String] = []
        for image in item.images { urls.append(try url(image)) }
        guard !urls.isEmpty else { return bytes(JSON.literal(item.text), model: model, maxTokens: maxTokens) }
        let parts = item.prompt.compactMap { part -> String? in
            switch part {
            case .text(let text):
                // Servers refuse a part without text, which says nothing anyway.
                return text.isEmpty ? nil : #"{"type": "text", "text": \#(JSON.literal(text))}"#
            case .image(let place):
                let detail = item.images[place].detail == .low ? #", "detail": "low""# : ""
                return #"{"type": "image_url", "image_url": {"url": "\#(urls[place])"\#(detail)}}"#
            }
        }
        return bytes("[" + parts.joined(separator: ", ") + "]", model: model, maxTokens: maxTokens)
    }

    static func bytes(question: String, model: String, maxTokens: Int) -> [UInt8] {
        bytes(JSON.literal(question), model: model, maxTokens: maxTokens)
    }

    private static func bytes(_ content: String, model: String, maxTokens: Int) -> [UInt8] {
        Array(
            #"{"model": \#(JSON.literal(model)), "messages": [{"role": "user", "content": \#(content)}], "#.utf8)
            + Array(#""temperature": 0, "max_tokens": \#(maxTokens), "stream": false}"#.utf8)
    }

    /// The image's own bytes; a drawn one as PNG. Never another size or a lossy coding.
    private static func url(_ image: ItemImage) throws(AnswerOutcome.Failure) -> String {
        do {
            let data =
                switch image.source {
                case .data(let bytes, _): bytes
                case .pixels(let pixels, _): try pixels.png()
                case .file(let url): try Data(contentsOf: url)
                }
            return "data:\(try type(data));base64," + data.base64EncodedString()
        } catch {
            throw AnswerOutcome.Failure(.data, "\(image.source.name): \(error)")
        }
    }

    private static func type(_ data: Data) throws(ImagingError) -> String {
        "image/" + (try ImageFormat(sniffing: data.bytes)).rawValue.lowercased()
    }
}
