// A file of predictions scored line by line. Knows lines, not how a score is made.

import Foundation

/// Every line of a file as a scored sample, an error or a fault; none is dropped silently, none scored as something else.
package struct ScoredPredictions: Sendable {
    /// A line that cannot be scored, counted from 1.
    package struct Fault: Encodable, Sendable, Equatable {
        package let line: Int
        package let reason: String
    }

    /// A sample whose request failed.
    package struct Failure: Encodable, Sendable, Equatable {
        package let id: String
        package let reason: String
    }

    package private(set) var samples: [ScoredSample] = []
    package private(set) var failures: [Failure] = []
    package private(set) var faults: [Fault] = []

    package init(scoring path: String, with scorer: Scorer) throws(ScoringError) {
        let file: Data
        do {
            file = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        var seen: [String: Int] = [:]
        var start = file.startIndex
        var number = 0
        while start < file.endIndex {
            let end = Self.lineEnd(file, from: start)
            number += 1
            let line = file[start..<end]
            start = end < file.endIndex ? end + 1 : end
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do {
                let line = try PredictionLine(line)
                if let first = seen.updateValue(number, forKey: line.item.id) {
                    throw PredictionLine.Fault(
                        found: "id '\(line.item.id)' again, first on line \(first)", expected: "each once")
                }
                guard let prediction = line.prediction, line.error == nil else {
                    failures.append(Failure(id: line.item.id, reason: line.error ?? "no prediction"))
                    continue
                }
                samples.append(ScoredSample(line.item, try scorer.score(prediction, for: line.item)))
            } catch {
                faults.append(Fault(line: number, reason: "\(error)"))
            }
        }
    }

    /// Where the line ends that begins at an index inside the file.
    private static func lineEnd(_ file: Data, from start: Data.Index) -> Data.Index {
        file.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return file.endIndex }
            let (from, count) = (base + (start - file.startIndex), file.endIndex - start)
            return memchr(from, 0x0A, count).map { start + (UnsafeRawPointer($0) - from) } ?? file.endIndex
        }
    }
}
