// Examples of a folder that a user brings: images and a list of conversations. Knows nothing of batches.

package import Foundation
import Imaging
import Training

/// A folder with `*.jsonl` files as `ExampleList` reads them, with an answer in every line.
///
/// Each pass over the examples has its own order, drawn from the seed.
package struct FolderExamples: Examples {
    private let entries: [ExampleList.Entry]
    private let builder: ExampleBuilder
    private let seed: UInt64

    package var count: Int { entries.count }

    package init(_ folder: URL, seed: UInt64, builder: ExampleBuilder) throws {
        let path = folder.path(percentEncoded: false)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".jsonl") }.sorted()
        } catch {
            throw DatasetError.folder(
                path, found: (error as NSError).localizedDescription, expected: "a folder of images and .jsonl files")
        }
        guard !names.isEmpty else {
            throw DatasetError.folder(path, found: "no .jsonl file", expected: "one with an example in each line")
        }
        let entries = try names.flatMap { try ExampleList.entries(of: folder.appending(path: $0)) }
        if let entry = entries.first(where: { !$0.isAnswered }) {
            throw DatasetError.example(
                entry.place, reason: "found no answer at the end; expected an assistant's message")
        }
        guard !entries.isEmpty else {
            throw DatasetError.folder(path, found: "empty .jsonl files", expected: "an example in each line")
        }
        self.entries = entries
        self.builder = builder
        self.seed = seed
    }

    package func example(at index: UInt64) throws -> LabelledExample {
        let count = UInt64(entries.count)
        let entry = entries[Int(Self.place(index % count, of: count, pass: seed &+ index / count))]
        do {
            let images = try entry.images.map { url in
                guard let image = try ImageLoader().load(.file(url)).first else {
                    throw DatasetError.example(url.relativePath, reason: "it holds no image")
                }
                return image
            }
            return LabelledExample(
                example: try builder.example(images: images, entry.conversation), group: entry.group)
        } catch {
            throw DatasetError.example(entry.place, reason: "\(error)")
        }
    }

    /// The place of number `index` in the order of a pass: a bijection of 0..<count, a Feistel network over the next
    /// power of four, walked until it lands inside.
    private static func place(_ index: UInt64, of count: UInt64, pass: UInt64) -> UInt64 {
        var half: UInt64 = 1
        while (UInt64(1) << (2 * half)) < count { half += 1 }
        let mask = (UInt64(1) << half) - 1
        var value = index
        repeat {
            var (left, right) = (value >> half, value & mask)
            for round in 0..<4 as Range<UInt64> {
                var mixed = right &+ pass &* 0x9E37_79B9_7F4A_7C15 &+ round &* 0xD1B5_4A32_D192_ED03
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                (left, right) = (right, left ^ ((mixed ^ (mixed >> 31)) & mask))
            }
            value = left << half | right
        } while value >= count
        return value
    }
}
