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
        var images: [[Part]] = []
        for image in item.images { images.append(try image.parts()) }
        let parts = item.prompt.flatMap { part -> [Part] in
            switch part {
            // Servers refuse a part without text, which says nothing anyway.
            case .text(let text): text.isEmpty ? [] : [.text(text)]
            case .image(let place): images[place]
            }
        }
        self.init([Message("user", parts)], maxTokens: maxTokens, temperature: 0)
    }

    init(question: String, maxTokens: Int) {
        self.init([Message("user", [.text(question)])], maxTokens: maxTokens, temperature: 0)
    }
}

extension ItemImage {
    /// The image's own bytes; a drawn one as PNG; of a video a PNG a frame. Never another size or a lossy coding.
    fileprivate func parts() throws(AnswerOutcome.Failure) -> [ChatCall.Part] {
        do {
            switch source {
            case .data(let bytes, _): return [try part(bytes)]
            case .pixels(let pixels, _): return [try part(pixels.png())]
            case .file(let url):
                guard let frames else { return [try part(try Data(contentsOf: url))] }
                // Each frame is coded as soon as it is decoded: pixels are held of one at a time.
                var coded: [Result<Data, ImagingError>] = []
                _ = try VideoDecoder().frames(of: source, frames) { frame in
                    coded.append(Result { () throws(ImagingError) in try frame.png() })
                }
                return try coded.map { try part($0.get()) }
            }
        } catch {
            throw AnswerOutcome.Failure(.data, "\(source.name): \(error)")
        }
    }

    private func part(_ data: Data) throws(ImagingError) -> ChatCall.Part {
        let type = "image/" + (try ImageFormat(sniffing: data.bytes)).rawValue.lowercased()
        return .image(data, type: type, detail: detail == .low ? "low" : nil)
    }
}
