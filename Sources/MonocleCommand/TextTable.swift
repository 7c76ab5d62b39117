// Columns of text for a terminal, and figures as people read them. Knows nothing of what they mean.

import BenchmarkData
import Evaluation
import Foundation
import Scoring

/// A table: the first column to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]
    private var rules: Set<Int> = []

    init(_ header: [String]) { rows = [header] }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// A line before the next row.
    mutating func rule() { rules.insert(rows.count) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let line = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1)) + "\n"
        return rows.enumerated().reduce(into: "") { text, entry in
            if entry.offset == 1 || rules.contains(entry.offset) { text += line }
            let cells = zip(entry.element, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }
            let row = cells.joined(separator: "  ")
            text += row.replacing(#/\s+$/#, with: "") + "\n"
        }
    }
}

enum Figures {
    private static let none = "-"

    static func percent(_ share: Double?) -> String { share.map { String(format: "%.1f %%", $0 * 100) } ?? none }

    static func percent(_ interval: Interval?) -> String {
        interval.map { String(format: "%.1f to %.1f %%", $0.lower * 100, $0.upper * 100) } ?? none
    }

    /// A protocol's figure in its own unit.
    static func value(of figure: ScoreReport.Figure) -> String {
        figure.value.map { String(format: figure.isSum ? "%.1f" : "%.2f %%", figure.isSum ? $0 : $0 * 100) } ?? none
    }

    /// A difference of shares in percentage points.
    static func points(_ difference: Double) -> String { String(format: "%+.1f", difference * 100) }

    static func points(_ interval: Interval?) -> String {
        interval.map { "\(points($0.lower)) to \(points($0.upper))" } ?? none
    }

    /// Three significant digits.
    static func nats(_ value: Double?) -> String { value.map { String(format: "%#.3g", $0) } ?? none }

    static func probability(_ p: Double) -> String { p < 0.001 ? String(format: "%.1e", p) : String(format: "%.3f", p) }

    static func title(_ settings: ItemSettings) -> String {
        switch settings {
        case .documents(let settings): return title(settings)
        case .table(let settings):
            let name = BenchmarkName(rawValue: settings.benchmark)?.title ?? settings.benchmark
            let frames = settings.frames.map { ", \($0)" } ?? ""
            let asked = settings.askedUnder.map { ", asked under \($0)" } ?? ""
            return
                "\(name) under \(settings.profile)\(asked)\(frames), \(settings.data.rows) rows of \(settings.data.format) "
                + settings.data.fingerprint
        }
    }

    private static func title(_ settings: DocumentSettings) -> String {
        let levels = settings.levels.map { "\($0)" }
        let range = levels.count > 1 ? "levels \(levels[0])-\(levels[levels.count - 1])" : "level \(levels[0])"
        let looks = settings.looks == settings.split ? "" : " in \(settings.looks) looks"
        return "\(settings.benchmark), \(settings.split) split\(looks), seed \(settings.seed), \(range)"
    }

    static func errors(_ count: Int, _ first: String?) -> String {
        count == 0 ? "" : "\(count) errors, not scored; the first: \(first ?? "")\n"
    }
}
