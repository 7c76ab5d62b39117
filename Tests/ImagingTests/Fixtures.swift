// Images and figures of these tests. Knows where they lie and builds broken ones.

import Foundation
import Imaging
import TestSupport

enum Fixture {
    static let folder = Goldens.fixtures.appending(path: "images")

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    static func decode(_ name: String) throws -> PixelImage {
        let bytes = try bytes(name)
        return try PixelImage(decoding: bytes.span.bytes)
    }

    static func json<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }

    /// vLLM's figures for the golden images.
    struct Preprocessed: Decodable {
        struct Cut: Decodable {
            let image_size: Int
            let max_num_tiles: Int
            let tiles: Int
            let grid_cols_rows: [Int]
            let sha256_u8_NCHW: String
        }
        let decoded_size_wh: [Int]
        let decoded_sha256: String
        let tiny: Cut
        let real: Cut
    }

    static let preprocessed = try? json("vllm_preprocess.json", as: [String: Preprocessed].self)

    /// Pillow 13.0.0's figures for images and sizes that the golden set lacks.
    struct Pillow: Decodable {
        struct Image: Decodable {
            let decoded_size_wh: [Int]
            let decoded_sha256: String
        }
        let images: [String: Image]
        let resized: [String: String]
        private enum CodingKeys: String, CodingKey {
            case images
            case resized = "photo_444.jpg resized"
        }
    }

    static let pillow = try? json("pillow13.json", as: Pillow.self)

    /// A picture without symmetry.
    static func pattern(width: Int, height: Int) -> PixelImage {
        var state: UInt32 = 12_345
        let pixels = (0..<3 * width * height).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        return PixelImage(width: width, height: height, pixels: pixels)
    }
}

/// Writes PNG files chunk by chunk, with stored (uncompressed) deflate blocks, so that any of them can be wrong.
struct PNGBuilder {
    var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    init(width: UInt32, height: UInt32, bitDepth: UInt8, colorType: UInt8, interlace: UInt8 = 0) {
        append("IHDR", Self.bigEndian(width) + Self.bigEndian(height) + [bitDepth, colorType, 0, 0, interlace])
    }

    mutating func append(_ type: String, _ content: [UInt8]) {
        let body = Array(type.utf8) + content
        bytes += Self.bigEndian(UInt32(content.count)) + body + Self.bigEndian(Self.crc(body))
    }

    /// Rows with their filter bytes.
    mutating func appendData(_ rows: [UInt8]) { append("IDAT", Self.stored(rows)) }

    mutating func end() { append("IEND", []) }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    static func stored(_ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x78, 0x01]
        var offset = 0
        repeat {
            let count = min(65_535, content.count - offset)
            let isLast: UInt8 = offset + count == content.count ? 1 : 0
            let (low, high) = (UInt8(count & 255), UInt8(count >> 8))
            result += [isLast, low, high, ~low, ~high] + content[offset..<offset + count]
            offset += count
        } while offset < content.count
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in content {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return result + bigEndian(b << 16 | a)
    }

    static func crc(_ content: [UInt8]) -> UInt32 {
        ~content.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }
}

/// The error that `body` throws; nil when it throws none.
func failure(_ body: () throws(ImagingError) -> Void) -> ImagingError? {
    do throws(ImagingError) {
        try body()
        return nil
    } catch {
        return error
    }
}

func headerRefusal(_ bytes: [UInt8]) -> ImagingError? {
    failure { () throws(ImagingError) in _ = try ImageHeader(bytes.span.bytes) }
}
