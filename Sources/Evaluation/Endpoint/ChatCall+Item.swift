// Questions as calls: one user turn of texts and images, greedy. Knows no server.

import BenchmarkData
import Foundation
import Imaging
import OpenAIClient

extension ChatCall {
    /// - Throws: `AnswerOutcome.Failure` for an image that cannot be sent.
    init(_ item: BenchmarkItem, maxTokens: Int) throws(AnswerOutcome.Failure) {
        guard !item.images.isEmpty else {
            self.init(question: item.text, maxTokens: maxTokens)
            return
        }
        // An image that the prompt names twice is coded once.
        var images: [Part] = []
        for image in item.images { images.append(try Part(image)) }
        let parts = item.prompt.compactMap { part -> Part? in
            switch part {
            // Servers refuse a part without text, which says nothing anyway.
            case .text(let text): text.isEmpty ? nil : .text(text)
            case .image(let place): images[place]
            }
        }
        self.init([Message("user", parts)], maxTokens: maxTokens, temperature: 0)
    }

    init(question: String, maxTokens: Int) {
        self.init([Message("user", [.text(question)])], maxTokens: maxTokens, temperature: 0)
    }
}

extension ChatCall.Part {
    /// The image's own bytes; a drawn one as PNG. Never another size or a lossy coding.
    fileprivate init(_ image: ItemImage) throws(AnswerOutcome.Failure) {
        do {
            let data =
                switch image.source {
                case .data(let bytes, _): bytes
                case .pixels(let pixels, _): try pixels.png()
                case .file(let url): try Data(contentsOf: url)
                }
            let type = "image/" + (try ImageFormat(sniffing: data.bytes)).rawValue.lowercased()
            self = .image(data, type: type, detail: image.detail == .low ? "low" : nil)
        } catch {
            throw AnswerOutcome.Failure(.data, "\(image.source.name): \(error)")
        }
    }
}
