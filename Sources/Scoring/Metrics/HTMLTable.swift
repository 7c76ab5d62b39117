// The first table of an HTML text, repaired by libxml2, as the tree that TEDS compares. Knows nothing of scores.

import CXML

/// A table as its elements; a `td` is a leaf that holds what is inside it as tokens.
package struct HTMLTable {
    package struct Cell: Sendable, Equatable {
        package let tag: String
        package var columnSpan: Int?
        package var rowSpan: Int?
        /// Code points of the text, and inline tags as numbers beyond them.
        package var tokens: [UInt32] = []
    }

    /// Why there is no tree.
    package enum Fault: Error, Equatable {
        case invalid(String)
        /// Two tables too large to compare.
        case tooLarge(TreeEditDistance.TooLarge)
    }

    /// Numbers of inline tags, shared by the tables that are compared.
    package struct Tags {
        private var numbers: [String: UInt32] = [:]

        package init() {}

        fileprivate mutating func number(_ tag: String) -> UInt32 {
            if let number = numbers[tag] { return number }
            let number = 0x110000 + UInt32(numbers.count)
            numbers[tag] = number
            return number
        }
    }

    package private(set) var tree = OrderedTree<Cell>()
    /// Elements below the table, those inside cells included.
    package private(set) var elements = 0

    /// libxml2 stops at a depth of 256 by itself; this holds for builds that do not.
    private static let depthLimit = 1_000

    /// - Returns: nil when the document has no table as a child of its body.
    package init?(_ text: CodePoints, tags: inout Tags) throws(Fault) {
        let added: Void? = try HTMLDocument.withTable(of: text) { (table) throws(Fault) in
            try add(table, depth: 0, &tags)
        }
        guard added != nil else { return nil }
        elements -= 1
    }

    /// Adds an element and what is below it, children first.
    private mutating func add(_ node: HTMLDocument.Node, depth: Int, _ tags: inout Tags) throws(Fault) {
        guard depth < Self.depthLimit else { throw .invalid("elements nested \(depth) deep") }
        let start = tree.count
        var cell = Cell(tag: HTMLDocument.name(node))
        if node.pointee.type == XML_ELEMENT_NODE { elements += 1 }
        if cell.tag == "td" {
            cell.columnSpan = try Self.span(node, "colspan")
            cell.rowSpan = try Self.span(node, "rowspan")
            try tokenize(node, depth: depth, into: &cell.tokens, &tags, isCell: true)
        } else {
            for child in HTMLDocument.children(node) { try add(child, depth: depth + 1, &tags) }
        }
        tree.close(cell, from: start)
    }

    /// The text and tags inside a node, as code points and numbers of tags.
    private mutating func tokenize(
        _ node: HTMLDocument.Node, depth: Int, into tokens: inout [UInt32], _ tags: inout Tags, isCell: Bool = false
    ) throws(Fault) {
        guard depth < Self.depthLimit else { throw .invalid("elements nested \(depth) deep") }
        let name = HTMLDocument.name(node)
        if !isCell {
            if node.pointee.type == XML_ELEMENT_NODE { elements += 1 }
            tokens.append(tags.number("<\(name)>"))
        }
        tokens += HTMLDocument.text(from: node.pointee.children)
        for child in HTMLDocument.children(node) { try tokenize(child, depth: depth + 1, into: &tokens, &tags) }
        guard !isCell else { return }
        if name != "unk" { tokens.append(tags.number("</\(name)>")) }
        if name != "td" { tokens += HTMLDocument.text(from: node.pointee.next) }
    }

    /// `int(attribute)`, 1 without it.
    private static func span(_ node: HTMLDocument.Node, _ name: String) throws(Fault) -> Int {
        guard let text = HTMLDocument.attribute(node, name) else { return 1 }
        guard let number = PythonFloat.integer(CodePoints(text)) else { throw .invalid("\(name) '\(text)'") }
        return number
    }
}
