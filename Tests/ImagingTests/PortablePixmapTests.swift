import Imaging
import Testing

@Suite struct PortablePixmapTests {
    @Test func aStreamIsCutWhereverItsBytesEnd() {
        let images = [
            Fixture.pattern(width: 3, height: 2), .init(width: 1, height: 1, pixels: [7, 8, 9]),
            Fixture.pattern(width: 17, height: 5),
        ]
        let bytes = images.flatMap { Array("P6\n\($0.width) \($0.height)\n255\n".utf8) + $0.pixels }
        for step in [1, 2, 7, 20, 64, bytes.count] {
            var stream = PortablePixmap.Stream(pixels: 100)
            var seen: [PixelImage] = []
            for start in stride(from: 0, to: bytes.count, by: step) {
                let chunk = Array(bytes[start..<min(start + step, bytes.count)])
                let isAccepted = chunk.withUnsafeBytes { chunk in
                    stream.append(chunk) { image in
                        seen.append(image)
                        return true
                    }
                }
                #expect(isAccepted)
            }
            #expect(seen == images, "in pieces of \(step)")
        }
    }

    @Test func whatIsNoStreamOfPixmapsIsRefused() {
        for text in ["P5 2 2 255 ", "P6 9999 9999 255 ", String(repeating: "P6 ", count: 30), "P6 0 3 255 "] {
            var stream = PortablePixmap.Stream(pixels: 100)
            let padded = Array(text.utf8) + [UInt8](repeating: 0x20, count: 64)
            #expect(!padded.withUnsafeBytes { stream.append($0) { _ in true } }, "\(text)")
        }
    }

    @Test func oneImageIsItsBytesAndNoMore() {
        func image(_ text: String, _ samples: Int) -> PixelImage? {
            PortablePixmap.image((Array(text.utf8) + [UInt8](repeating: 5, count: samples)).span.bytes)
        }
        #expect(image("P6\n2 1\n255\n", 6)?.pixels == [5, 5, 5, 5, 5, 5])
        #expect(image("P6\n2 1\n255\n", 5) == nil)
        #expect(image("P6\n2 1\n255\n", 7) == nil)
        #expect(image("P6\n0 1\n255\n", 0) == nil)
        #expect(image("P6\n999999999 999999999\n255\n", 9) == nil)
        #expect(image("P5\n2 1\n255\n", 6) == nil)
        #expect(image("", 0) == nil)
    }
}
