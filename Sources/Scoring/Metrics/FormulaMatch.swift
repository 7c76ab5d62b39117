// OCRBench v2's formulae: a gold contained in the reply, blanks left out, case kept.

package enum FormulaMatch {
    package static func score(_ reply: CodePoints, _ golds: [CodePoints]) -> Double {
        let reply = normalised(reply)
        return golds.contains { reply.contains(normalised($0)) } ? 1 : 0
    }

    private static func normalised(_ text: CodePoints) -> CodePoints {
        text.stripped.replacing("\n", with: " " as Unicode.Scalar).removing(" ")
    }

    /// `\text{…}` without its wrapping, where no braces are inside.
    package static func withoutTextTags(_ formula: CodePoints) -> CodePoints {
        let opening: CodePoints = "\\text{"
        var result: [Unicode.Scalar] = []
        var offset = 0
        while let start = formula.firstOffset(of: opening, from: offset) {
            let inside = start + opening.count
            let end = formula.scalars[inside...].firstIndex { $0 == "{" || $0 == "}" }
            if let end, formula.scalars[end] == "}" {
                result += formula.scalars[offset..<start] + formula.scalars[inside..<end]
                offset = end + 1
            } else {
                result += formula.scalars[offset..<inside]
                offset = inside
            }
        }
        return CodePoints(result + formula.scalars[offset...])
    }
}
