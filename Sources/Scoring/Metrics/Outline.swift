// Markdown pages as trees of headings and lines, and their similarity. Text counts only as blank or not.

package enum Outline {
    /// Why two pages are not compared.
    package enum Fault: Error {
        /// Lines within lines deeper than the public code's recursion goes.
        case tooDeep
        case tooLarge(TreeEditDistance.TooLarge)
    }

    /// Python stops at 1000 calls within each other, a few of which are other functions'.
    private static let depthLimit = 900

    /// One minus the edit distance over the larger number of nodes. Two lines that are not blank are taken for equal,
    /// two blank ones are not.
    package static func similarity(_ prediction: CodePoints, _ gold: CodePoints) throws(Fault) -> Double {
        let (first, second) = (try tree(prediction), try tree(gold))
        let distance: Double
        do throws(TreeEditDistance.TooLarge) {
            distance = try TreeEditDistance.distance(
                first, second, remove: { _ in 1 }, insert: { _ in 1 }, rename: { $0 || $1 ? 1 : 0 })
        } catch {
            throw .tooLarge(error)
        }
        return 1 - distance / Double(max(first.count, second.count))
    }

    private final class Node {
        let label: CodePoints
        /// Nodes above it.
        private let depth: Int
        private(set) var children: [Node] = []

        init(_ label: CodePoints, depth: Int = 0) {
            self.label = label
            self.depth = depth
        }

        func add(_ label: CodePoints) throws(Fault) {
            guard depth < Outline.depthLimit else { throw .tooDeep }
            children.append(Node(label, depth: depth + 1))
        }

        /// The first node with a label, this one before its children.
        func find(_ label: CodePoints) -> Node? {
            if self.label == label { return self }
            for child in children {
                if let found = child.find(label) { return found }
            }
            return nil
        }
    }

    /// Whether each node is blank.
    private static func tree(_ text: CodePoints) throws(Fault) -> OrderedTree<Bool> {
        let root = Node("ROOT")
        try root.add("TITLE")
        var title: CodePoints = ""
        var parent = root.find("TITLE")
        for line in text.split(on: "\n").map(cleaned) {
            if line.scalars.first == "#" {
                title = line.removing("#")
                try root.add(title)
                // A title that occurred before takes the lines to its first place.
                parent = title.isEmpty ? root.find("TITLE") : root.find(title)
            } else {
                try parent?.add(line)
            }
        }
        var tree = OrderedTree<Bool>()
        close(root, into: &tree)
        return tree
    }

    private static func close(_ node: Node, into tree: inout OrderedTree<Bool>) {
        let start = tree.count
        for child in node.children { close(child, into: &tree) }
        tree.close(node.label.words.isEmpty, from: start)
    }

    // MARK: Lines

    /// A part of a pattern: one code point, or one white space.
    private enum Part {
        case scalar(Unicode.Scalar)
        case space

        static func all(_ pattern: String) -> [Part] { pattern.unicodeScalars.map { $0 == "~" ? .space : .scalar($0) } }
    }

    /// What is replaced in a line, in order; `~` stands for white space.
    private static let replacements: [(pattern: [Part], text: CodePoints)] = [
        (Part.all("\\~"), "\\"), (Part.all("~*~*~"), "**"), (Part.all("{~"), "{"), (Part.all("~}"), "}"),
        (Part.all("~}"), "}"), (Part.all("\\begin~"), "\\begin"), (Part.all("\\end~"), "\\end"),
        (Part.all("\\end{table}"), "\\end{table}   "),
    ]

    private static func cleaned(_ line: CodePoints) -> CodePoints {
        var line = withoutTokens(line)
        line = withoutPieceMarks(line)
        for (pattern, text) in replacements { line = replacing(pattern, with: text, in: line) }
        return CodePoints(line.scalars.map { $0 == "\n" || $0 == "*" || $0 == "_" ? " " : $0 })
    }

    /// Without `<bos>`, `<eos>`, `<pad>` and `<unk>`, in one pass.
    private static func withoutTokens(_ line: CodePoints) -> CodePoints {
        let tokens: [CodePoints] = ["<bos>", "<eos>", "<pad>", "<unk>"]
        var result: [Unicode.Scalar] = []
        var offset = 0
        while offset < line.count {
            if line.scalars[offset] == "<", tokens.contains(CodePoints(line.scalars[offset...].prefix(5))) {
                offset += 5
            } else {
                result.append(line.scalars[offset])
                offset += 1
            }
        }
        return CodePoints(result)
    }

    /// `\s##(\S)` as `\1`.
    private static func withoutPieceMarks(_ line: CodePoints) -> CodePoints {
        let text = line.scalars
        var result: [Unicode.Scalar] = []
        var offset = 0
        while offset < text.count {
            if offset + 3 < text.count, text[offset].isPythonSpace, text[offset + 1] == "#", text[offset + 2] == "#",
                !text[offset + 3].isPythonSpace
            {
                result.append(text[offset + 3])
                offset += 4
            } else {
                result.append(text[offset])
                offset += 1
            }
        }
        return CodePoints(result)
    }

    private static func replacing(_ pattern: [Part], with other: CodePoints, in line: CodePoints) -> CodePoints {
        let text = line.scalars
        var result: [Unicode.Scalar] = []
        var offset = 0
        while offset < text.count {
            let isMatch =
                offset + pattern.count <= text.count
                && pattern.indices.allSatisfy { place in
                    switch pattern[place] {
                    case .scalar(let scalar): text[offset + place] == scalar
                    case .space: text[offset + place].isPythonSpace
                    }
                }
            if isMatch {
                result += other.scalars
                offset += pattern.count
            } else {
                result.append(text[offset])
                offset += 1
            }
        }
        return CodePoints(result)
    }
}
