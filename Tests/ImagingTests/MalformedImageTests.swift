import Foundation
import Imaging
import Testing

/// Broken files: an error or, where Pillow shows a picture, the picture. Never a trap, never long.
@Suite struct MalformedImageTests {
    private func isRefused(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) -> Bool {
        failure { () throws(ImagingError) in _ = try PixelImage(decoding: bytes.span.bytes, limits: limits) } != nil
    }

    @Test(arguments: [
        "baseline_small.jpg", "progressive_small.jpg", "cmyk_small.jpg", "gray.jpg", "pixel.png", "palette_trns.png",
        "rgba.png", "interlaced.png", "lossy.webp", "lossy_alpha.webp", "lossless.webp", "lossless_alpha.webp",
        "animated.webp", "exif_rot8.webp",
    ])
    func truncatedAtEveryByte(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let whole = try PixelImage(decoding: bytes.span.bytes)
        // What may be cut off without loss: IEND and a checksum of a PNG, padding and metadata at the end of a WebP,
        // frames of an animation after the first.
        let lossless = name.hasSuffix(".png") ? 16 : name.hasSuffix(".jpg") ? 0 : bytes.count
        for count in 0..<bytes.count {
            do throws(ImagingError) {
                let image = try PixelImage(decoding: Array(bytes[..<count]).span.bytes)
                #expect(count >= bytes.count - lossless, "\(name) decoded from \(count) of \(bytes.count) bytes")
                #expect(image == whole, "\(name) from \(count) bytes shows another picture")
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }

    @Test(arguments: [
        "baseline_small.jpg", "progressive_small.jpg", "pixel.png", "palette_trns.png", "lossy_alpha.webp",
        "lossless.webp",
    ])
    func everyByteFlipped(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let limits = ImageLimits(pixels: 1 << 20, decodedBytes: 16 << 20)
        var refused = 0
        for offset in bytes.indices {
            for change: UInt8 in [0xFF, 0x01, 0x80] {
                var broken = bytes
                broken[offset] ^= change
                if isRefused(broken, limits: limits) { refused += 1 }
            }
        }
        #expect(refused > 0)
    }

    @Test func checksumsOfChunksAreChecked() throws {
        var bytes = try Fixture.bytes("palette.png")
        let palette = try #require((0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == Array("PLTE".utf8) })
        bytes[palette + 5] ^= 1
        #expect(isRefused(bytes))
    }

    @Test func zeroSides() {
        for (width, height): (UInt32, UInt32) in [(0, 0), (0, 5), (5, 0), (0x8000_0000, 1)] {
            var png = PNGBuilder(width: width, height: height, bitDepth: 8, colorType: 2)
            png.appendData([0])
            png.end()
            #expect(isRefused(png.bytes))
        }
        #expect(isRefused([0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 0, 0, 5, 1, 1, 0x11, 0, 0xFF, 0xD9]))
    }

    @Test func aMillionTinyChunks() {
        var png = PNGBuilder(width: 1, height: 1, bitDepth: 8, colorType: 0)
        var tiny = PNGBuilder(width: 1, height: 1, bitDepth: 8, colorType: 0)
        tiny.bytes = []
        tiny.append("teXt", [])
        for _ in 0..<1_000_000 { png.bytes += tiny.bytes }
        png.appendData([0, 9])
        png.end()
        let start = ContinuousClock.now
        _ = isRefused(png.bytes)
        #expect(ContinuousClock.now - start < .seconds(1))
    }

    @Test func inflatingChunksAreBounded() throws {
        // 1 GiB of zeros in zTXt and iCCP: deflate runs of 258 from a fixed-code block.
        let bomb = Self.deflatedZeros(megabytes: 1024)
        for type in ["zTXt", "iCCP"] {
            var png = PNGBuilder(width: 1, height: 1, bitDepth: 8, colorType: 0)
            png.append(type, Array("name\0\0".utf8) + bomb)
            png.appendData([0, 9])
            png.end()
            let start = ContinuousClock.now
            _ = isRefused(png.bytes)
            #expect(ContinuousClock.now - start < .seconds(1), "\(type)")
        }
    }

    @Test func tooFewAndTooManyRows() {
        for rows in [1, 2, 4] {
            var png = PNGBuilder(width: 2, height: 3, bitDepth: 8, colorType: 0)
            png.appendData((0..<rows).flatMap { _ in [UInt8(0), 1, 2] })
            png.end()
            if rows < 3 { #expect(isRefused(png.bytes)) } else { _ = isRefused(png.bytes) }
        }
    }

    @Test func aThousandScansAreRefused() throws {
        let bytes = try Fixture.bytes("progressive_small.jpg")
        let end = bytes.count - 2
        let scan = try #require((0..<end).last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
        var bomb = Array(bytes[..<end])
        for _ in 0..<1000 { bomb += bytes[scan..<end] }
        bomb += [0xFF, 0xD9]
        let error = failure { () throws(ImagingError) in _ = try PixelImage(decoding: bomb.span.bytes) }
        #expect("\(error as Any)".contains("scans"))
    }

    @Test func missingPaletteAndShortTransparency() {
        var png = PNGBuilder(width: 1, height: 1, bitDepth: 8, colorType: 3)
        png.appendData([0, 0])
        png.end()
        #expect(isRefused(png.bytes))
        png = PNGBuilder(width: 1, height: 1, bitDepth: 8, colorType: 0)
        png.append("tRNS", [1])
        png.appendData([0, 0])
        png.end()
        #expect(isRefused(png.bytes))
    }

    /// A zlib stream of `megabytes` MiB of zeros, about a thousandth as long: one fixed-code block of runs of 258.
    private static func deflatedZeros(megabytes: Int) -> [UInt8] {
        // Bits in file order: final block, fixed codes, literal 0; then runs of 258 (code 285) at distance 1 (code 0).
        let head = "1" + "10" + "00110000"
        let run = "11000101" + "00000"
        // Thirteen bits a run, so that eight of them fill thirteen bytes and every period is the same.
        let period = String(repeating: run, count: 8)
        let bits = Array((head + period + period + period).utf8).map { $0 == UInt8(ascii: "1") ? UInt8(1) : 0 }
        let bytes = (0..<bits.count / 8).map { byte in
            (0..<8).reduce(UInt8(0)) { $0 | bits[8 * byte + $1] << UInt8($1) }
        }
        let (first, middle) = (bytes[..<13], bytes[13..<26])
        return [0x78, 0x01] + first + (0..<(megabytes << 20) / (258 * 8)).flatMap { _ in middle }
    }
}
