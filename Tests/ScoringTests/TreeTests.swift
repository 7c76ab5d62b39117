import Foundation
import Scoring
import Testing

/// Properties of the tree distance, and tables that parsers disagree about.
struct TreeTests {
    /// A tree in brackets, a letter a node: `a(b,c(d))`.
    private func tree(_ text: String) -> OrderedTree<Character> {
        var tree = OrderedTree<Character>()
        var open: [(Character, Int)] = []
        var last: Character?
        for character in text + "," {
            switch character {
            case "(":
                open.append((last ?? "?", tree.count))
                last = nil
            case ")", ",":
                if let label = last { tree.close(label, from: tree.count) }
                last = nil
                if character == ")", let (label, start) = open.popLast() { tree.close(label, from: start) }
            default: last = character
            }
        }
        return tree
    }

    private func distance(_ first: String, _ second: String) throws -> Double {
        try TreeEditDistance.distance(
            tree(first), tree(second), remove: { _ in 1 }, insert: { _ in 1 }, rename: { $0 == $1 ? 0 : 1 })
    }

    /// Distances that apted 1.0.3 gives.
    @Test(arguments: [
        ("f(d(a,c(b)),e)", "f(c(d(a,b)),e)", 2.0), ("a", "a", 0), ("a", "b", 1), ("a(b,c)", "a(c)", 1),
        ("a(b(c(d)))", "a(d,c,b)", 4), ("a(b,c,d,e)", "a(e,d,c,b)", 4), ("a(b(c,d),e(f,g))", "a(c,d,e(f),g)", 3),
        ("x(a(b,c),a(b,c))", "x(a(b,c))", 3),
    ])
    func distances(_ first: String, _ second: String, _ expected: Double) throws {
        #expect(try distance(first, second) == expected)
        #expect(try distance(second, first) == expected)
    }

    @Test func distanceToNothingIsTheSize() throws {
        let full = tree("a(b,c(d))")
        let empty = OrderedTree<Character>()
        let cost = try TreeEditDistance.distance(
            full, empty, remove: { _ in 2 }, insert: { _ in 3 }, rename: { _, _ in 1 })
        #expect(cost == 8)
    }

    @Test func hostilePagesEndInAVerdictOrAnError() throws {
        let scorer = try Scorer(.ocrbenchV2, profile: .official)
        func item(_ gold: String) -> ScoringItem {
            ScoringItem(id: "1", gold: .list([.text(CodePoints(gold))]), category: "document parsing en")
        }
        // Each title is found first as the line below the one before, so that lines nest.
        let nested = (0..<5000).map { "# \($0)\n \($0 + 1)" }.joined(separator: "\n")
        #expect(try scorer.score(nested, for: item("# a")).isRaised)
        let long = String(repeating: "x\n", count: 8000)
        #expect(throws: ScoringError.self) { try scorer.score(long, for: item(long)) }
        #expect(try scorer.score("# a\nx", for: item("# a\nx")).score == 1)
    }

    @Test func boxesBeyondDoublesScoreNothing() throws {
        let scorer = try Scorer(.ocrbenchV2, profile: .official)
        for digits in [160, 310, 400] {
            let far = "1" + String(repeating: "0", count: digits)
            let item = ScoringItem(
                id: "1", gold: .list([.text("a")]), category: "VQA with position en",
                boxes: .list(["0", "0", far, far].map { .integer($0) }))
            let verdict = try scorer.score("{'answer': 'a', 'bbox': '[0, 0, \(far), \(far)]'}", for: item)
            #expect(verdict.score.isFinite && verdict.score >= 0.5, "\(digits): \(verdict)")
        }
        let least = ScoringItem(
            id: "1", gold: .list([.text("a")]), category: "text spotting en",
            boxes: .list([.list([.integer("\(Int.min)"), .integer("1"), .integer("2"), .integer("3")])]),
            contents: .list([.text("a")]))
        #expect(try scorer.score("[(1, 2, 3, 4, 'a')]", for: least).score == 0)
    }

    /// What libxml2 2.14 makes of faulty tags, whichever version is there.
    @Test(arguments: [
        ("<table><tr><td>a</#b>b</td></tr></table>", "<table><tr><td>ab</td></tr></table>"),
        ("<table><tr><td>a<></td></tr></table>", "<table><tr><td>a&lt;&gt;</td></tr></table>"),
        ("<table><tr><td/>x<td>y</table>", "<table><tr><td></td>x<td>y</td></tr></table>"),
        ("<table><tr><td>a<?p x>b<!x>c<!--y-->d</table>", "<table><tr><td>abcd</td></tr></table>"),
        ("<table><tr><td x=1 COLSPAN=2 colspan=3>a", "<table><tr><td colspan=\"2\">a</td></tr></table>"),
        ("<table><tr><td>&ampx &ltb</table>", "<table><tr><td>&amp;x &lt;b</td></tr></table>"),
        ("<table><tr><td>a</td", "<table><tr><td>a</td></tr></table>"),
    ])
    func faultyTags(_ faulty: String, _ plain: String) throws {
        let texts = [faulty, plain].map { CodePoints("<html><body>" + $0) }
        #expect(try TEDS.score(texts[0], texts[1]) == 1)
    }

    @Test func brokenHTMLNeverTraps() throws {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let parts = [
            "<", ">", "/", "table", "<table>", "<tr>", "<td ", "colspan", "=", "\"", "'", "&lt", "&", "!--", "x", " ",
            "\u{0}", "é",
        ]
        for _ in 0..<400 {
            let text = CodePoints("<html>" + (0..<next(30)).map { _ in parts[next(parts.count)] }.joined())
            _ = try? TEDS.score(text, text)
            _ = try? KeyValues.members(of: text)
            _ = TextSpotting.detections(in: text)
            _ = try? Outline.similarity(text, text)
        }
    }
}
