import Foundation
import Imaging
import Testing

@Suite struct ImageHeaderTests {
    @Test func headersOfTheFixtures() throws {
        for (name, format, width, height, depth, channels) in [
            ("gray16.png", ImageFormat.png, 101, 0, 16, 1), ("rgb16.png", .png, 0, 0, 16, 3),
            ("bilevel.png", .png, 120, 64, 1, 1), ("cmyk.jpg", .jpeg, 96, 64, 8, 4), ("gray.jpg", .jpeg, 41, 30, 8, 1),
            ("exif_rot6.jpg", .jpeg, 160, 100, 8, 3), ("lossy.webp", .webP, 61, 43, 8, 3),
            ("lossless_alpha.webp", .webP, 22, 17, 8, 4), ("animated.webp", .webP, 32, 24, 8, 3),
        ] {
            let bytes = try Fixture.bytes(name)
            let header = try ImageHeader(bytes.span.bytes)
            #expect(header.format == format, "\(name)")
            if width > 0, height > 0 { #expect((header.width, header.height) == (width, height), "\(name)") }
            #expect((header.bitDepth, header.channels) == (depth, channels), "\(name)")
        }
    }

    @Test func otherTypesAreNamed() {
        let brand = [UInt8](repeating: 0, count: 4)
        for (bytes, name) in [
            (Array("GIF89a\0\0".utf8), "a GIF image"), ([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0], "a TIFF image"),
            ([0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8], "a TIFF image"),
            (brand + Array("ftypheic".utf8), "a HEIC image"), (brand + Array("ftypavif".utf8), "an AVIF image"),
            (Array("BM".utf8) + [UInt8](repeating: 0, count: 30), "a BMP image"),
            (Array("<?xml version='1.0'?>\n<svg xmlns=''/>".utf8), "an SVG drawing"),
            (Array("PK\u{3}\u{4}....".utf8), "a ZIP archive or office document"),
        ] {
            let error = headerRefusal(bytes)
            #expect(error == .unsupported(found: name))
            #expect("\(error as Any)".contains("JPEG, PNG, WebP, PDF and video"))
        }
        #expect(headerRefusal([1, 2, 3]) == .unsupported(found: nil))
        #expect(headerRefusal([]) == .empty)
        #expect((try? ImageFormat(sniffing: Array("%PDF-1.7".utf8).span.bytes)) == .pdf)
    }

    @Test func archivesBehindImagesAreRefused() throws {
        for name in ["baseline_small.jpg", "pixel.png", "lossy.webp"] {
            let bytes = try Fixture.bytes(name)
            let archive = bytes + [0x50, 0x4B, 3, 4, 20, 0]
            let error = headerRefusal(archive)
            guard case .unsupported(let found?) = error else {
                Issue.record("\(name): \(error as Any)")
                continue
            }
            #expect(found.contains("ZIP"))
            // A phone's appendix is not.
            _ = try PixelImage(decoding: (bytes + Array("MotionPhoto_Data....".utf8)).span.bytes)
        }
    }

    @Test func giantHeadersAreRefusedBeforeDecoding() {
        let jpeg: [UInt8] = [
            0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0xFF, 0xFF, 0xFF, 0xFF, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1,
        ]
        var png = PNGBuilder(width: 65_535, height: 65_535, bitDepth: 8, colorType: 6)
        png.appendData([])
        var largest = PNGBuilder(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF, bitDepth: 16, colorType: 6)
        largest.appendData([])
        let webP =
            Array("RIFF".utf8) + [22, 0, 0, 0] + Array("WEBPVP8X".utf8) + [10, 0, 0, 0, 0, 0, 0, 0]
            + [UInt8](repeating: 0xFF, count: 6)
        for bytes in [jpeg, png.bytes, largest.bytes, webP] {
            guard case .overLimit(_, let found, let allowed, _) = headerRefusal(bytes) else {
                Issue.record("accepted")
                continue
            }
            #expect(found > allowed)
        }
    }

    @Test func everyLimitIsKept() {
        let limits = ImageLimits(bytes: 100, pixels: 1000, side: 100, decodedBytes: 2000)
        #expect(failure { () throws(ImagingError) in try limits.check(byteCount: 100) } == nil)
        #expect(failure { () throws(ImagingError) in try limits.check(byteCount: 101) } != nil)
        func check(_ width: Int, _ height: Int, _ bytes: Int) -> String? {
            failure { () throws(ImagingError) in
                try limits.check(width: width, height: height, workingBytesPerPixel: bytes)
            }.map { "\($0)" }
        }
        #expect(check(100, 6, 3) == nil)
        #expect(check(101, 1, 3)?.contains("width is 101 pixels") == true)
        #expect(check(1, 101, 3)?.contains("height is 101 pixels") == true)
        #expect(check(40, 26, 1)?.contains("1040 pixels") == true)
        #expect(check(40, 25, 3)?.contains("3000 bytes") == true)
        let open = ImageLimits(bytes: .max, pixels: .max, side: .max, decodedBytes: .max)
        #expect(
            failure { () throws(ImagingError) in try open.check(width: .max, height: 2, workingBytesPerPixel: 3) }
                != nil)
        #expect(
            failure { () throws(ImagingError) in try open.check(width: .max, height: 1, workingBytesPerPixel: 3) }
                != nil)
    }

    @Test func variantsAreNamed() throws {
        var bytes = try Fixture.bytes("baseline_small.jpg")
        let frame = try #require((0..<bytes.count).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes[frame + 4] = 12
        #expect("\(headerRefusal(bytes) as Any)".contains("12-bit"))
        bytes[frame + 4] = 8
        bytes[frame + 1] = 0xC3
        #expect("\(headerRefusal(bytes) as Any)".contains("lossless"))
        bytes[frame + 1] = 0xC0
        bytes[frame + 9] = 2
        #expect("\(headerRefusal(bytes) as Any)".contains("2 components"))
    }
}
