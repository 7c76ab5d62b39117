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

    private typealias Node = UnsafeMutablePointer<xmlNode>
    private static let isReady: Void = xmlInitParser()
    /// libxml2 stops at a depth of 256 by itself; this holds for builds that do not.
    private static let depthLimit = 1_000

    /// - Returns: nil when the document has no table as a child of its body.
    package init?(_ text: CodePoints, tags: inout Tags) throws(Fault) {
        _ = Self.isReady
        guard let context = htmlNewParserCtxt() else { throw .invalid("no memory for a parser") }
        defer { htmlFreeParserCtxt(context) }
        let options = [HTML_PARSE_RECOVER, HTML_PARSE_NOERROR, HTML_PARSE_NOWARNING, HTML_PARSE_NONET]
        let bits = Int32(bitPattern: options.reduce(0) { $0 | UInt32($1.rawValue) })
        var bytes = Array(HTMLTags.plain(text).text.utf8)
        let document = bytes.withUnsafeMutableBytes { bytes in
            htmlCtxtReadMemory(
                context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), nil,
                "UTF-8", bits)
        }
        guard let document else { throw .invalid("text that is no HTML") }
        defer { xmlFreeDoc(document) }
        guard let root = xmlDocGetRootElement(document) else { throw .invalid("text without elements") }
        // lxml keeps the whole document only when it is told so at its start; otherwise there is no body below its root.
        guard Self.isDocument(text) else { return nil }
        let bodies = Self.children(root).filter { Self.name($0) == "body" }
        guard let table = bodies.lazy.flatMap(Self.children).first(where: { Self.name($0) == "table" }) else {
            return nil
        }
        try add(table, depth: 0, &tags)
        elements -= 1
    }

    private static func isDocument(_ text: CodePoints) -> Bool {
        let start = CodePoints(text.scalars.drop(while: \.isPythonSpace).prefix(9).map(\.caseFolded))
        return start.hasPrefix("<html") || start == "<!doctype"
    }

    /// Adds an element and what is below it, children first.
    private mutating func add(_ node: Node, depth: Int, _ tags: inout Tags) throws(Fault) {
        guard depth < Self.depthLimit else { throw .invalid("elements nested \(depth) deep") }
        let start = tree.count
        var cell = Cell(tag: Self.name(node))
        if node.pointee.type == XML_ELEMENT_NODE { elements += 1 }
        if cell.tag == "td" {
            cell.columnSpan = try Self.span(node, "colspan")
            cell.rowSpan = try Self.span(node, "rowspan")
            try tokenize(node, depth: depth, into: &cell.tokens, &tags, isCell: true)
        } else {
            for child in Self.children(node) { try add(child, depth: depth + 1, &tags) }
        }
        tree.close(cell, from: start)
    }

    /// The text and tags inside a node, as code points and numbers of tags.
    private mutating func tokenize(
        _ node: Node, depth: Int, into tokens: inout [UInt32], _ tags: inout Tags, isCell: Bool = false
    ) throws(Fault) {
        guard depth < Self.depthLimit else { throw .invalid("elements nested \(depth) deep") }
        let name = Self.name(node)
        if !isCell {
            if node.pointee.type == XML_ELEMENT_NODE { elements += 1 }
            tokens.append(tags.number("<\(name)>"))
        }
        tokens += Self.text(from: node.pointee.children)
        for child in Self.children(node) { try tokenize(child, depth: depth + 1, into: &tokens, &tags) }
        guard !isCell else { return }
        if name != "unk" { tokens.append(tags.number("</\(name)>")) }
        if name != "td" { tokens += Self.text(from: node.pointee.next) }
    }

    /// `int(attribute)`, 1 without it.
    private static func span(_ node: Node, _ name: String) throws(Fault) -> Int {
        guard let value = xmlGetNoNsProp(node, name) else { return 1 }
        defer { monocle_xml_free(value) }
        let text = String(cString: value)
        guard let number = PythonFloat.integer(CodePoints(text)) else { throw .invalid("\(name) '\(text)'") }
        return number
    }

    // MARK: Nodes

    /// Elements and processing instructions, which lxml counts among the children.
    private static func children(_ node: Node) -> [Node] {
        guard node.pointee.type == XML_ELEMENT_NODE else { return [] }
        var result: [Node] = []
        var next = node.pointee.children
        while let child = next {
            if child.pointee.type == XML_ELEMENT_NODE || child.pointee.type == XML_PI_NODE { result.append(child) }
            next = child.pointee.next
        }
        return result
    }

    private static func name(_ node: Node) -> String {
        guard node.pointee.type == XML_ELEMENT_NODE, let name = node.pointee.name else { return "?" }
        return String(cString: name)
    }

    /// Code points of the text nodes in a row from here on.
    private static func text(from first: Node?) -> [UInt32] {
        var result: [UInt32] = []
        var next = first
        while let node = next, node.pointee.type == XML_TEXT_NODE || node.pointee.type == XML_CDATA_SECTION_NODE {
            if let content = node.pointee.content { result += String(cString: content).unicodeScalars.map(\.value) }
            next = node.pointee.next
        }
        return result
    }
}
