// An HTML text repaired by libxml2, and the first table in it. Knows nothing of how tables are compared or shown.

import CXML

enum HTMLDocument {
    typealias Node = UnsafeMutablePointer<xmlNode>

    private static let isReady: Void = xmlInitParser()

    /// Hands over the first table that is a child of the text's body; it is gone when `body` returns.
    /// - Returns: nil when there is none.
    static func withTable<Result>(
        of text: CodePoints, _ body: (Node) throws(HTMLTable.Fault) -> Result
    ) throws(HTMLTable.Fault) -> Result? {
        _ = isReady
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
        guard isDocument(text) else { return nil }
        let bodies = children(root).filter { name($0) == "body" }
        guard let table = bodies.lazy.flatMap(children).first(where: { name($0) == "table" }) else { return nil }
        return try body(table)
    }

    private static func isDocument(_ text: CodePoints) -> Bool {
        let start = CodePoints(text.scalars.drop(while: \.isPythonSpace).prefix(9).map(\.caseFolded))
        return start.hasPrefix("<html") || start == "<!doctype"
    }

    // MARK: Nodes

    /// Elements and processing instructions, which lxml counts among the children.
    static func children(_ node: Node) -> [Node] {
        guard node.pointee.type == XML_ELEMENT_NODE else { return [] }
        var result: [Node] = []
        var next = node.pointee.children
        while let child = next {
            if child.pointee.type == XML_ELEMENT_NODE || child.pointee.type == XML_PI_NODE { result.append(child) }
            next = child.pointee.next
        }
        return result
    }

    /// The element's name; `?` for anything else.
    static func name(_ node: Node) -> String {
        guard node.pointee.type == XML_ELEMENT_NODE, let name = node.pointee.name else { return "?" }
        return String(cString: name)
    }

    static func attribute(_ node: Node, _ name: String) -> String? {
        guard let value = xmlGetNoNsProp(node, name) else { return nil }
        defer { monocle_xml_free(value) }
        return String(cString: value)
    }

    /// Code points of the text nodes in a row from here on.
    static func text(from first: Node?) -> [UInt32] {
        var result: [UInt32] = []
        var next = first
        while let node = next, node.pointee.type == XML_TEXT_NODE || node.pointee.type == XML_CDATA_SECTION_NODE {
            if let content = node.pointee.content { result += String(cString: content).unicodeScalars.map(\.value) }
            next = node.pointee.next
        }
        return result
    }

    /// All text below a node, as a browser would show it without its marks.
    static func content(_ node: Node) -> String {
        guard let content = xmlNodeGetContent(node) else { return "" }
        defer { monocle_xml_free(content) }
        return String(cString: content)
    }
}
