// OCRBench's metric: a gold contained in the reply, letters in any case except in formulas.

package enum Containment {
    /// The gold that the reply contains; an empty gold is contained in every reply.
    package static func find(
        _ golds: [CodePoints], in reply: CodePoints, isFormula: Bool, foldsWidth: Bool
    ) -> CodePoints? {
        func normalised(_ text: CodePoints) -> CodePoints {
            if isFormula { return text.stripped.replacing("\n", with: " " as Unicode.Scalar).removing(" ") }
            let folded = foldsWidth ? self.folded(text) : text
            return folded.lowered.stripped.replacing("\n", with: " " as Unicode.Scalar)
        }
        let reply = normalised(reply)
        return golds.first { reply.contains(normalised($0)) }
    }

    /// Full-width ASCII and the ideographic space as ASCII.
    private static func folded(_ text: CodePoints) -> CodePoints {
        CodePoints(
            text.scalars.map { scalar in
                switch scalar.value {
                case 0xFF01...0xFF5E: Unicode.Scalar(UInt8(scalar.value - 0xFEE0))
                case 0x3000: " "
                default: scalar
                }
            })
    }
}
