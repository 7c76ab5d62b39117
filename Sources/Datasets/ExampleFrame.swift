// An example as bytes between two processes of one program. Knows nothing of pipes.

import Training

/// Little-endian 32-bit words: a mark, the numbers of ids, image rows, tiles and pixels, bytes of the group's name; then
/// ids, targets (-1 for none), image rows, the name, the pixels.
package enum ExampleFrame {
    private static let mark: Int32 = 0x4D4E_434C
    package static let headerBytes = 6 * 4

    package static func bytes(of labelled: LabelledExample) -> [UInt8] {
        let (example, name) = (labelled.example, Array(labelled.group.utf8))
        var words = [
            mark, Int32(example.ids.count), Int32(example.imageRows.count), Int32(example.tiles),
            Int32(example.pixels.count), Int32(name.count),
        ]
        words += example.ids
        words += example.targets.map { $0 ?? -1 }
        words += example.imageRows.map { Int32($0) }
        return words.withUnsafeBytes { Array($0) } + name + example.pixels
    }

    /// Bytes that follow a header.
    package static func bodyBytes(header: [UInt8]) throws(DatasetError) -> Int {
        let words = words(header[...])
        guard words.count == 6, words[0] == mark, words.dropFirst().allSatisfy({ $0 >= 0 }) else {
            throw .frame(reason: "it does not begin as one")
        }
        return (2 * Int(words[1]) + Int(words[2])) * 4 + Int(words[5]) + Int(words[4])
    }

    package static func example(header: [UInt8], body: [UInt8]) throws(DatasetError) -> LabelledExample {
        guard try bodyBytes(header: header) == body.count else { throw .frame(reason: "its length is wrong") }
        let counts = words(header[...]).map { Int($0) }
        var offset = 0
        func take(_ bytes: Int) -> ArraySlice<UInt8> {
            defer { offset += bytes }
            return body[offset..<offset + bytes]
        }
        let ids = words(take(counts[1] * 4))
        let targets = words(take(counts[1] * 4)).map { $0 < 0 ? nil : Optional($0) }
        let rows = words(take(counts[2] * 4)).map { Int($0) }
        let name = String(decoding: take(counts[5]), as: UTF8.self)
        return LabelledExample(
            example: Batch.Example(
                ids: ids, targets: targets, tiles: counts[3], pixels: Array(take(counts[4])), imageRows: rows),
            group: name)
    }

    private static func words(_ bytes: ArraySlice<UInt8>) -> [Int32] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
            }
        }
    }
}
