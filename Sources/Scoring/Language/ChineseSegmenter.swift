// Chinese words as jieba 0.42.1 cuts them, from its dictionary and its tables of hidden states. Knows its files' form.

import Foundation

/// The most likely way through a dictionary; runs of single characters go through a hidden Markov model.
package struct ChineseSegmenter: Sendable {
    private let dictionary: WordTrie
    private let states: HiddenStates

    /// - Parameter folder: `jieba` of the package: `dict.txt` and `finalseg/prob_*.py`.
    package init(folder: String) throws(ScoringError) {
        dictionary = try WordTrie(path: folder + "/dict.txt")
        states = try HiddenStates(folder: folder + "/finalseg")
    }

    package func words(of text: CodePoints) -> [CodePoints] {
        var words: [CodePoints] = []
        for (run, isText) in text.scalars.runs(where: Self.isText) {
            if isText {
                words += cut(run)
            } else {
                // Each code point by itself, a line break of two together.
                var offset = run.startIndex
                while offset < run.endIndex {
                    let isBreak = run[offset] == "\r" && offset + 1 < run.endIndex && run[offset + 1] == "\n"
                    let end = offset + (isBreak ? 2 : 1)
                    words.append(CodePoints(run[offset..<end]))
                    offset = end
                }
            }
        }
        return words
    }

    private static func isText(_ scalar: Unicode.Scalar) -> Bool {
        isHan(scalar) || isASCIIAlphanumeric(scalar) || "+#&._%-".unicodeScalars.contains(scalar)
    }

    private static func isHan(_ scalar: Unicode.Scalar) -> Bool { (0x4E00...0x9FD5).contains(scalar.value) }

    private static func isASCIIAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80 && (scalar.isPythonLetter || scalar.isASCIIDigit)
    }

    /// The way with the highest probability; of equal ones the longer word.
    private func cut(_ text: ArraySlice<Unicode.Scalar>) -> [CodePoints] {
        let text = Array(text)
        var best = [(score: Double, end: Int)](repeating: (0, 0), count: text.count + 1)
        for start in text.indices.reversed() {
            let ends = dictionary.words(in: text, from: start)
            for (end, frequency) in ends.isEmpty ? [(start + 1, 0)] : ends {
                let score = log(Double(max(frequency, 1))) - dictionary.logTotal + best[end].score
                if best[start].end == 0 || (score, end) >= best[start] { best[start] = (score, end) }
            }
        }
        var words: [CodePoints] = []
        var single: [Unicode.Scalar] = []
        func flush() {
            if single.count > 1, dictionary.frequency(of: single) == 0 {
                words += unknown(single)
            } else {
                words += single.map { CodePoints([$0]) }
            }
            single = []
        }
        var start = 0
        while start < text.count {
            let end = best[start].end
            if end == start + 1 {
                single.append(text[start])
            } else {
                flush()
                words.append(CodePoints(text[start..<end]))
            }
            start = end
        }
        flush()
        return words
    }

    /// A run of characters that is no word: Chinese through the hidden states, numbers and Latin letters by their kind.
    private func unknown(_ text: [Unicode.Scalar]) -> [CodePoints] {
        text.runs(where: Self.isHan).flatMap { run, isHan in isHan ? states.words(of: Array(run)) : latin(Array(run)) }
    }

    /// Pieces of `[a-zA-Z0-9]+(?:\.\d+)?%?` and what lies between them.
    private func latin(_ text: [Unicode.Scalar]) -> [CodePoints] {
        var pieces: [CodePoints] = []
        var (offset, between) = (0, 0)
        func end(from start: Int, _ isInside: (Unicode.Scalar) -> Bool) -> Int {
            text[start...].firstIndex { !isInside($0) } ?? text.count
        }
        while offset < text.count {
            guard Self.isASCIIAlphanumeric(text[offset]) else {
                offset += 1
                continue
            }
            if between < offset { pieces.append(CodePoints(text[between..<offset])) }
            var last = end(from: offset, Self.isASCIIAlphanumeric)
            if last < text.count, text[last] == "." {
                let fraction = end(from: last + 1, \.isASCIIDigit)
                if fraction > last + 1 { last = fraction }
            }
            if last < text.count, text[last] == "%" { last += 1 }
            pieces.append(CodePoints(text[offset..<last]))
            (offset, between) = (last, last)
        }
        if between < text.count { pieces.append(CodePoints(text[between...])) }
        return pieces
    }
}

extension Array where Element == Unicode.Scalar {
    /// Runs of scalars that a test holds for, or does not.
    fileprivate func runs(where test: (Element) -> Bool) -> [(run: ArraySlice<Element>, holds: Bool)] {
        var runs: [(ArraySlice<Element>, Bool)] = []
        var start = 0
        while start < count {
            let holds = test(self[start])
            let end = self[start...].firstIndex { test($0) != holds } ?? count
            runs.append((self[start..<end], holds))
            start = end
        }
        return runs
    }
}
