import Foundation
import Imaging
import Testing

@Suite struct OrientationTests {
    /// The pixel of the page at (x, y) in terms of the stored image, from EXIF's own words: where its row 0 and its
    /// column 0 are.
    private func stored(_ value: Int, x: Int, y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
        switch value {
        case 2: (width - 1 - x, y)  // row 0 top, column 0 right
        case 3: (width - 1 - x, height - 1 - y)  // bottom, right
        case 4: (x, height - 1 - y)  // bottom, left
        case 5: (y, x)  // row 0 left, column 0 top
        case 6: (y, height - 1 - x)  // right, top
        case 7: (width - 1 - y, height - 1 - x)  // right, bottom
        case 8: (width - 1 - y, x)  // left, bottom
        default: (x, y)
        }
    }

    private func exif(_ value: UInt16, bigEndian: Bool, type: UInt16 = 3) -> [UInt8] {
        func short(_ value: UInt16) -> [UInt8] {
            let bytes = [UInt8(value >> 8), UInt8(value & 255)]
            return bigEndian ? bytes : bytes.reversed()
        }
        func long(_ value: UInt32) -> [UInt8] {
            let bytes = PNGBuilder.bigEndian(value)
            return bigEndian ? bytes : bytes.reversed()
        }
        let field = type == 4 ? long(UInt32(value)) : short(value) + [0, 0]
        return Array((bigEndian ? "MM" : "II").utf8) + short(42) + long(8) + short(1)
            + short(0x0112) + short(type) + long(1) + field + long(0)
    }

    @Test func everyOrientationOfAJPEG() throws {
        let plain = try Fixture.bytes("baseline_small.jpg")
        let upright = try PixelImage(decoding: plain.span.bytes)
        for value in 1...8 {
            let content =
                Array("Exif\0\0".utf8) + exif(UInt16(value), bigEndian: value % 2 == 0, type: value % 3 == 0 ? 4 : 3)
            let length = content.count + 2
            let file = plain[..<2] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + content + plain[2...]
            let page = try PixelImage(decoding: Array(file).span.bytes)
            let swaps = value >= 5
            #expect(page.width == (swaps ? upright.height : upright.width))
            #expect(page.height == (swaps ? upright.width : upright.height))
            for y in 0..<page.height {
                for x in 0..<page.width {
                    let from = stored(value, x: x, y: y, width: upright.width, height: upright.height)
                    let (here, there) = (3 * (y * page.width + x), 3 * (from.y * upright.width + from.x))
                    #expect(page.pixels[here..<here + 3] == upright.pixels[there..<there + 3])
                }
            }
        }
    }

    @Test func orientationOfAPNGAndItsXMP() throws {
        for (type, content, expected) in [
            ("eXIf", exif(6, bigEndian: true), (1, 2)), ("eXIf", exif(3, bigEndian: false), (2, 1)),
            ("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"8\"/>".utf8), (1, 2)),
            ("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>5</tiff:Orientation>".utf8), (1, 2)),
        ] {
            var png = PNGBuilder(width: 2, height: 1, bitDepth: 8, colorType: 0)
            png.append(type, content)
            png.appendData([0, 7, 9])
            png.end()
            let image = try PixelImage(decoding: png.bytes.span.bytes)
            #expect((image.width, image.height) == expected)
        }
    }

    @Test func garbageIsUpright() {
        let good = exif(6, bigEndian: true)
        #expect(Orientation(exif: good) == .rotated90)
        #expect(Orientation(exif: Array("Exif\0\0".utf8) + good) == .rotated90)
        #expect(Orientation(exif: exif(9, bigEndian: true)) == .upright)
        #expect(Orientation(exif: exif(0, bigEndian: false)) == .upright)
        #expect(Orientation(exif: exif(6, bigEndian: true, type: 2)) == .upright)
        #expect(Orientation(exif: Array("garbage!".utf8)) == .upright)
        #expect(Orientation(exif: Array("MM\0*".utf8) + [0xFF, 0xFF, 0xFF, 0xFF]) == .upright)
        for count in 0..<good.count - 4 where count < 22 {
            #expect(Orientation(exif: Array(good[..<count])) == .upright, "\(count) bytes")
        }
    }

    @Test func turnsComposeToTheIdentity() {
        let image = Fixture.pattern(width: 5, height: 3)
        for (turn, inverse) in [
            (Orientation.mirrored, Orientation.mirrored), (.rotated180, .rotated180), (.flipped, .flipped),
            (.transposed, .transposed), (.rotated90, .rotated270), (.transversed, .transversed),
        ] {
            #expect(image.applying(turn) != image)
            #expect(image.applying(turn).applying(inverse) == image)
        }
    }
}
