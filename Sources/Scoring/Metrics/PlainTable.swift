// A table as rows of cells, for people. Knows no score.

package struct PlainTable: Encodable, Sendable, Equatable {
    package struct Cell: Encodable, Sendable, Equatable {
        package let text: String
        /// Columns and rows that it takes.
        package let columns: Int
        package let rows: Int
        package let isHead: Bool

        init(_ text: String, columns: Int = 1, rows: Int = 1, isHead: Bool = false) {
            self.text = text
            self.columns = columns
            self.rows = rows
            self.isHead = isHead
        }
    }

    package let rows: [[Cell]]

    /// A larger table is not shown.
    private static let cellLimit = 2_000
    private static let depthLimit = 256
    private static let spans = 1...100

    /// - Returns: nil for a text without a table, and for one that is too large to be looked at.
    init?(html: CodePoints) {
        var rows: [[Cell]] = []
        _ = try? HTMLDocument.withTable(of: html) { Self.add($0, to: &rows, depth: 0) }
        self.init(rows)
    }

    /// A row for each member of a dictionary.
    init?(_ members: PythonDictionary) {
        self.init(members.pairs.map { [Cell($0.key.str.text, isHead: true), Cell($0.value.str.text)] })
    }

    private init?(_ rows: [[Cell]]) {
        guard !rows.isEmpty, rows.reduce(0, { $0 + $1.count }) <= Self.cellLimit else { return nil }
        self.rows = rows
    }

    private static func add(_ node: HTMLDocument.Node, to rows: inout [[Cell]], depth: Int) {
        guard depth < depthLimit, rows.count <= cellLimit else { return }
        for child in HTMLDocument.children(node) {
            switch HTMLDocument.name(child) {
            case "tr": rows.append(HTMLDocument.children(child).compactMap(cell))
            case "table": continue
            default: add(child, to: &rows, depth: depth + 1)
            }
        }
    }

    private static func cell(_ node: HTMLDocument.Node) -> Cell? {
        let name = HTMLDocument.name(node)
        guard name == "td" || name == "th" else { return nil }
        func span(_ name: String) -> Int {
            let number = HTMLDocument.attribute(node, name).flatMap { Int($0) } ?? 1
            return min(max(number, spans.lowerBound), spans.upperBound)
        }
        return Cell(
            HTMLDocument.content(node), columns: span("colspan"), rows: span("rowspan"), isHead: name == "th")
    }
}
