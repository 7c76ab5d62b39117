import Checkpoint
import Foundation
import Imaging
import TestSupport
import Testing

/// Decoding against vLLM and Pillow 13: every byte equal.
@Suite struct ImageDecoderTests {
    @Test func fixturesDecodeAsVLLMDoes() throws {
        let figures = try #require(Fixture.preprocessed)
        #expect(figures.count == 21)
        for (name, figure) in figures {
            let image = try Fixture.decode(name)
            #expect([image.width, image.height] == figure.decoded_size_wh, "\(name)")
            #expect(sha256(image.pixels) == figure.decoded_sha256, "\(name)")
        }
    }

    @Test func moreFormatsDecodeAsPillowDoes() throws {
        let figures = try #require(Fixture.pillow)
        #expect(figures.images.count == 10)
        for (name, figure) in figures.images {
            let image = try Fixture.decode(name)
            #expect([image.width, image.height] == figure.decoded_size_wh, "\(name)")
            #expect(sha256(image.pixels) == figure.decoded_sha256, "\(name)")
        }
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func goldenPixelsAreEqual() throws {
        let goldens = try #require(Goldens.full)
        let file = try SafetensorsFile(mapping: goldens.appending(path: "preprocess/decoded_rgb.safetensors"))
        for name in file.names {
            let image = try Fixture.decode(String(name.prefix { $0 != "#" }))
            let golden = try file.tensor(name)
            #expect(golden.shape.extents == [image.height, image.width, 3], "\(name)")
            #expect(image.pixels.elementsEqual(golden.bytes), "\(name)")
        }
    }

    @Test func grayTransparencyFollowsPillow() throws {
        // 4-bit gray: the transparent value is compared with the spread level, not with the stored one.
        for (value, expected) in [(UInt8(5), [UInt8(0x55), 0x55, 0x11, 0x22]), (0x55, [255, 255, 0x11, 0x22])] {
            var png = PNGBuilder(width: 4, height: 1, bitDepth: 4, colorType: 0)
            png.append("tRNS", [0, value])
            png.appendData([0, 0x55, 0x12])
            png.end()
            let image = try PixelImage(decoding: png.bytes.span.bytes)
            #expect(image.pixels == expected.flatMap { [$0, $0, $0] })
        }
        // 16-bit gray: clipped, and compared by the low byte.
        var png = PNGBuilder(width: 4, height: 1, bitDepth: 16, colorType: 0)
        png.append("tRNS", [1, 5])
        png.appendData([0, 0, 5, 1, 5, 1, 44, 0, 7])
        png.end()
        #expect(
            try PixelImage(decoding: png.bytes.span.bytes).pixels
                == [255, 255, 255, 7].flatMap { [UInt8($0), $0, $0] })
    }

    @Test func indexOutsideOfThePaletteIsBlack() throws {
        var png = PNGBuilder(width: 3, height: 1, bitDepth: 8, colorType: 3)
        png.append("PLTE", [10, 20, 30, 40, 50, 60])
        png.append("tRNS", [255, 0])
        png.appendData([0, 0, 1, 200])
        png.end()
        #expect(try PixelImage(decoding: png.bytes.span.bytes).pixels == [10, 20, 30, 255, 255, 255, 0, 0, 0])
    }

    @Test func blendIsTheRoundedQuotient() {
        for sample in 0...255 {
            for alpha in 0...255 {
                let exact = Double(sample * alpha + 255 * (255 - alpha)) / 255
                #expect(overWhite(UInt8(sample), alpha: UInt8(alpha)) == UInt8(exact.rounded()))
            }
        }
        #expect(fromInvertedInk(255, black: 255) == 255)
        #expect(fromInvertedInk(0, black: 255) == 0)
        #expect(fromInvertedInk(255, black: 0) == 0)
    }
}
