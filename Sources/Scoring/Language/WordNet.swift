// WordNet 3.0's synonyms, looked up in its own sorted files. Knows no meanings.

import Foundation

/// Words that share a sense with a word. Files are mapped, and searched by halving; nothing is read ahead.
package struct WordNet: Sendable {
    private struct Part: Sendable {
        let index: Data
        let data: Data
        /// Irregular forms and what they are forms of.
        let exceptions: [String: [String]]
        /// Endings of inflected forms and what to put in their place.
        let endings: [(ending: String, replacement: String)]
    }

    private static let endings: [(part: String, endings: [(String, String)])] = [
        (
            "noun",
            [
                ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
                ("men", "man"), ("ies", "y"),
            ]
        ),
        (
            "verb",
            [
                ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
            ]
        ),
        ("adj", [("er", ""), ("est", ""), ("er", "e"), ("est", "e")]), ("adv", []),
    ]

    /// Senses, pointers and lemmas a line may count.
    private static let counts = 0...10_000

    private let parts: [Part]

    /// - Parameter folder: with `index.noun`, `data.noun`, `noun.exc` and the same of verb, adj and adv.
    package init(folder: String) throws(ScoringError) {
        func read(_ name: String) throws(ScoringError) -> Data {
            do {
                return try Data(contentsOf: URL(filePath: folder + "/" + name), options: .mappedIfSafe)
            } catch {
                throw .unreadable(path: folder + "/" + name, reason: error.localizedDescription)
            }
        }
        var parts: [Part] = []
        for (name, endings) in Self.endings {
            var exceptions: [String: [String]] = [:]
            for line in String(decoding: try read(name + ".exc"), as: UTF8.self).split(whereSeparator: \.isNewline) {
                let words = line.split(separator: " ").map { String($0) }
                if let form = words.first { exceptions[form] = Array(words.dropFirst()) }
            }
            parts.append(
                Part(
                    index: try read("index." + name), data: try read("data." + name), exceptions: exceptions,
                    endings: endings))
        }
        self.parts = parts
    }

    /// Names without a low line of every sense of a word or of what it may be a form of.
    @Sendable package func synonyms(of word: CodePoints) -> Set<CodePoints> {
        let word = word.lowered.text
        guard !word.isEmpty, word.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return [] }
        var names: Set<CodePoints> = []
        for part in parts {
            let bases =
                part.exceptions[word]
                ?? part.endings.compactMap { ending, replacement in
                    word.hasSuffix(ending) ? String(word.dropLast(ending.count)) + replacement : nil
                }
            for form in Set([word] + bases) {
                for offset in senses(of: form, in: part.index) {
                    names.formUnion(lemmas(at: offset, in: part.data))
                }
            }
        }
        return names
    }

    /// Offsets in the data file of a lemma's senses.
    private func senses(of lemma: String, in index: Data) -> [Int] {
        guard let line = Self.line(startingWith: lemma, in: index) else { return [] }
        // lemma, part, number of senses, number of pointers, pointers, senses again, ranked senses, offsets
        let fields = line.split(separator: " ")
        guard fields.count > 3, let count = Int(fields[2]), let pointers = Int(fields[3]),
            Self.counts.contains(count), Self.counts.contains(pointers)
        else { return [] }
        return fields.dropFirst(6 + pointers).prefix(count).compactMap { Int($0) }
    }

    /// Lemma names of the sense at an offset.
    private func lemmas(at offset: Int, in data: Data) -> [CodePoints] {
        guard offset >= 0, offset < data.count else { return [] }
        let start = data.startIndex + offset
        let end = data[start...].firstIndex(of: 0x0A) ?? data.endIndex
        // offset, file, part, number of lemmas in hexadecimal, then each with its number
        let fields = String(decoding: data[start..<end], as: UTF8.self).split(separator: " ")
        guard fields.count > 3, let count = Int(fields[3], radix: 16), Self.counts.contains(count) else { return [] }
        return stride(from: 4, to: min(4 + 2 * count, fields.count), by: 2).compactMap { place in
            let name = fields[place].hasSuffix(")") ? fields[place].prefix { $0 != "(" } : fields[place]
            return name.contains("_") ? nil : CodePoints(String(name))
        }
    }

    /// The line whose first word this is, in lines sorted by their bytes.
    private static func line(startingWith word: String, in file: Data) -> String? {
        let key = Array((word + " ").utf8)
        return file.withUnsafeBytes { bytes in
            func start(before offset: Int) -> Int {
                var offset = offset
                while offset > 0, bytes[offset - 1] != 0x0A { offset -= 1 }
                return offset
            }
            func end(after offset: Int) -> Int {
                var offset = offset
                while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
                return offset
            }
            var (low, high) = (0, bytes.count)
            while low < high {
                let first = start(before: low + (high - low) / 2)
                let last = end(after: first)
                // The licence's lines begin with a blank and so come before every word.
                let line = bytes[first..<last]
                if line.starts(with: key) { return String(decoding: line, as: UTF8.self) }
                if line.lexicographicallyPrecedes(key) { low = last + 1 } else { high = first }
            }
            return nil
        }
    }
}
