// Words with their frequencies, found letter by letter. Knows jieba's dict.txt, no segmentation.

import Foundation

struct WordTrie: Sendable {
    /// Steps from a node by a code point, both in one number.
    private var steps: [UInt64: UInt32] = [:]
    /// 0 for the beginning of longer words alone.
    private var frequencies: [Int] = [0]
    /// Logarithm of the sum of all frequencies.
    private(set) var logTotal = 0.0

    /// Lines of a word, its frequency and perhaps its kind.
    init(path: String) throws(ScoringError) {
        let text: Data
        do {
            text = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        steps.reserveCapacity(600_000)
        var total = 0
        for line in text.split(separator: 0x0A) {
            let fields = line.split(separator: 0x20)
            guard fields.count >= 2, let frequency = Int(String(decoding: fields[1], as: UTF8.self)), frequency >= 0,
                frequency < 1 << 32
            else {
                let found = String(decoding: line.prefix(40), as: UTF8.self)
                throw .unreadable(path: path, reason: "a line is '\(found)'; expected a word and its frequency")
            }
            total += frequency
            add(String(decoding: fields[0], as: UTF8.self), frequency)
        }
        guard total > 0 else { throw .unreadable(path: path, reason: "it holds no words") }
        logTotal = log(Double(total))
    }

    private mutating func add(_ word: String, _ frequency: Int) {
        var node: UInt32 = 0
        for scalar in word.unicodeScalars {
            let key = UInt64(node) << 32 | UInt64(scalar.value)
            if let next = steps[key] {
                node = next
            } else {
                node = UInt32(frequencies.count)
                steps[key] = node
                frequencies.append(0)
            }
        }
        frequencies[Int(node)] = frequency
    }

    private func step(_ node: UInt32, _ scalar: Unicode.Scalar) -> UInt32? {
        steps[UInt64(node) << 32 | UInt64(scalar.value)]
    }

    /// Ends of the words that begin at a place, with their frequencies.
    func words(in text: [Unicode.Scalar], from start: Int) -> [(end: Int, frequency: Int)] {
        var found: [(Int, Int)] = []
        var node: UInt32 = 0
        for offset in start..<text.count {
            guard let next = step(node, text[offset]) else { break }
            node = next
            if frequencies[Int(node)] > 0 { found.append((offset + 1, frequencies[Int(node)])) }
        }
        return found
    }

    /// 0 for what is no word.
    func frequency(of word: [Unicode.Scalar]) -> Int {
        var node: UInt32 = 0
        for scalar in word {
            guard let next = step(node, scalar) else { return 0 }
            node = next
        }
        return frequencies[Int(node)]
    }
}
