// Images kept between questions: decoded once, forgotten in order, never confused.

import Foundation
import Imaging
import Synchronization
import TestSupport
import Testing

@testable import Monocle

@Suite struct CutImagesTests {
    private final class Counter: Sendable {
        let count = Mutex(0)
        var loader: ImageLoader {
            var loader = ImageLoader()
            loader.decode = { (data, limits) throws(ImagingError) in
                self.count.withLock { $0 += 1 }
                return try PixelImage(decoding: data.bytes, limits: limits)
            }
            return loader
        }
    }

    private static func inquiry(
        _ name: String = "wide_text.png", as path: String = "messages[0]", detail: Detail = .auto, maxTiles: Int? = nil
    ) throws -> Inquiry {
        let data = try Data(contentsOf: Goldens.file("images/" + name))
        let source = Inquiry.Source(.data(data, name: path), detail: detail)
        return Inquiry(.question("What?", system: nil), sources: [source], maxTiles: maxTiles)
    }

    private static func model() throws -> VisionLanguageModel {
        try VisionLanguageModel(loading: Goldens.file("ckpt/nvfp4"), options: LoadOptions(context: 1024))
    }

    @Test func aSecondQuestionDecodesNothing() throws {
        let (model, counter, kept) = (try Self.model(), Counter(), CutImages(limit: 1 << 24))
        let first = try model.prepare(Self.inquiry(), loader: counter.loader, kept: kept)
        let second = try model.prepare(Self.inquiry(as: "messages[7]"), loader: counter.loader, kept: kept)
        #expect(counter.count.withLock(\.self) == 1)
        #expect(
            first.request.images.map(\.content) == second.request.images.map(\.content)
                && first.request.prompt == second.request.prompt)
        #expect(first.images.map(\.file) == ["messages[0]"] && second.images.map(\.file) == ["messages[7]"])
        #expect(
            first.request.images.map(\.content) == (try model.prepare(Self.inquiry()).request.images.map(\.content)))
    }

    @Test func anotherPlanIsAnotherImage() throws {
        let (model, counter, kept) = (try Self.model(), Counter(), CutImages(limit: 1 << 24))
        let plans = [
            try Self.inquiry(), try Self.inquiry(detail: .low), try Self.inquiry(maxTiles: 2),
            try Self.inquiry("gray.png"),
        ]
        for _ in 0..<2 {
            for plan in plans {
                let prepared = try model.prepare(plan, loader: counter.loader, kept: kept)
                #expect(
                    prepared.request.images.map(\.content) == (try model.prepare(plan).request.images.map(\.content)))
            }
        }
        #expect(counter.count.withLock(\.self) == plans.count)
    }

    @Test func theBoundHolds() throws {
        let (model, counter) = (try Self.model(), Counter())
        let none = CutImages(limit: 0)
        for _ in 0..<2 { _ = try model.prepare(Self.inquiry(), loader: counter.loader, kept: none) }
        #expect(counter.count.withLock(\.self) == 2)
        // Room for one of the two: the other is forgotten each time.
        let bytes = try model.prepare(Self.inquiry()).request.images[0].content.pixels.count
        let few = CutImages(limit: bytes)
        for _ in 0..<2 {
            for name in ["wide_text.png", "gray.png"] {
                _ = try model.prepare(Self.inquiry(name), loader: counter.loader, kept: few)
            }
        }
        #expect(counter.count.withLock(\.self) == 6)
    }

    @Test func whatCannotBeDecodedIsNotKept() throws {
        let (model, counter, kept) = (try Self.model(), Counter(), CutImages(limit: 1 << 24))
        let broken = Inquiry(
            .question("What?", system: nil), sources: [.init(.data(Data("\u{89}PNG".utf8), name: "x"), detail: .auto)])
        for _ in 0..<2 {
            #expect(throws: ImagingError.self) {
                _ = try model.prepare(broken, loader: counter.loader, kept: kept)
            }
        }
    }
}
