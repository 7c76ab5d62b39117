// Tree-edit-distance similarity of two tables (Zhong et al. 2020). Knows no way to find a table in a reply.

package enum TEDS {
    /// One minus the distance over the larger number of elements; 0 when either text has no table.
    /// - Throws: where the public code raises: a span that is no integer, two tables without elements; and for tables too large.
    package static func score(_ prediction: CodePoints, _ gold: CodePoints) throws(HTMLTable.Fault) -> Double {
        guard !prediction.isEmpty, !gold.isEmpty else { return 0 }
        var tags = HTMLTable.Tags()
        let first = try HTMLTable(prediction, tags: &tags)
        let second = try HTMLTable(gold, tags: &tags)
        guard let first, let second else { return 0 }
        let elements = max(first.elements, second.elements)
        guard elements > 0 else { throw .invalid("two tables without elements") }
        do throws(TreeEditDistance.TooLarge) {
            let distance = try TreeEditDistance.distance(
                first.tree, second.tree, remove: { _ in 1 }, insert: { _ in 1 }, rename: renaming)
            return 1 - distance / Double(elements)
        } catch {
            throw .tooLarge(error)
        }
    }

    private static func renaming(_ first: HTMLTable.Cell, _ second: HTMLTable.Cell) -> Double {
        guard first.tag == second.tag, first.columnSpan == second.columnSpan, first.rowSpan == second.rowSpan else {
            return 1
        }
        let length = max(first.tokens.count, second.tokens.count)
        guard first.tag == "td", length > 0 else { return 0 }
        return Double(Levenshtein.distance(first.tokens, second.tokens)) / Double(length)
    }
}
