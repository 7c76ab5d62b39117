import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct PillowResizeTests {
    @Test func sizesEqualPillow() throws {
        let figures = try #require(Fixture.pillow)
        #expect(figures.resized.count == 12)
        let image = try Fixture.decode("photo_444.jpg")
        for (size, digest) in figures.resized {
            let sides = size.split(separator: "x").compactMap { Int($0) }
            let resized = PillowResize.resize(image, width: sides[0], height: sides[1])
            #expect([resized.width, resized.height] == sides)
            #expect(sha256(resized.pixels) == digest, "\(size)")
        }
    }

    @Test func passOrderIsThatOfPillow13() {
        let image = Fixture.pattern(width: 60, height: 80)
        // Height shrinks by 40, width grows: vertical first.
        #expect(
            PillowResize.resize(image, width: 70, height: 40)
                == PillowResize.horizontal(PillowResize.vertical(image, height: 40), width: 70))
        // Height shrinks by 40, width by 20, which is not less than half: horizontal first.
        #expect(
            PillowResize.resize(image, width: 40, height: 40)
                == PillowResize.vertical(PillowResize.horizontal(image, width: 40), height: 40))
        #expect(
            PillowResize.horizontal(PillowResize.vertical(image, height: 40), width: 40)
                != PillowResize.vertical(PillowResize.horizontal(image, width: 40), height: 40))
    }

    @Test func sameSizeIsACopyAndConstantsStay() {
        let image = Fixture.pattern(width: 7, height: 5)
        #expect(PillowResize.resize(image, width: 7, height: 5) == image)
        for level: UInt8 in [0, 1, 127, 254, 255] {
            let flat = PixelImage(width: 9, height: 4, pixels: [UInt8](repeating: level, count: 108))
            for (width, height) in [(1, 1), (33, 2), (3, 40), (512, 512)] {
                #expect(PillowResize.resize(flat, width: width, height: height).pixels.allSatisfy { $0 == level })
            }
        }
    }

    @Test func weightsSumToOne() {
        for (input, output) in [(1, 512), (512, 1), (640, 2048), (1920, 512), (16_384, 64), (3, 7)] {
            let axis = ResampleAxis(input: input, output: output)
            for position in 0..<output {
                let weights = axis.weights[position * axis.stride..<position * axis.stride + axis.counts[position]]
                #expect(abs(weights.reduce(0) { $0 + Int($1) } - 1 << 22) <= axis.counts[position])
                #expect(axis.starts[position] >= 0 && axis.starts[position] + axis.counts[position] <= input)
            }
        }
    }
}
