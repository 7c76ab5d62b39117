// From the tree of a regular expression to a network. Knows how text is written as bytes, not what it is for.

/// How a scalar of a text is written.
enum TextForm {
    /// As its UTF-8.
    case plain
    /// As in a JSON string: what can stand for itself does, the rest has its short escape. Control characters without a
    /// short escape have no form.
    case jsonString
}

struct RegexEmitter {
    let text: TextForm

    /// The expression matches the whole text; anchors are allowed where they say so.
    func whole(
        _ expression: Regex, in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        for part in Self.alternatives(of: expression) {
            let (body, _, _) = Self.unanchored(part)
            try emit(body, in: &network, from, to)
        }
    }

    /// The expression matches some part of the text.
    func somewhere(
        _ expression: Regex, in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        for part in Self.alternatives(of: expression) {
            let (body, atStart, atEnd) = Self.unanchored(part)
            let padded = (atStart ? [] : [.anything]) + [body] + (atEnd ? [] : [.anything])
            try emit(.sequence(padded), in: &network, from, to)
        }
    }

    private static func alternatives(of expression: Regex) -> [Regex] {
        switch expression {
        case .alternatives(let list): list.flatMap(alternatives)
        case .sequence(let list) where list.count == 1: alternatives(of: list[0])
        default: [expression]
        }
    }

    /// The expression without the anchors at its ends.
    private static func unanchored(_ expression: Regex) -> (Regex, atStart: Bool, atEnd: Bool) {
        guard case .sequence(let parts) = expression else { return (expression, false, false) }
        let body = parts.filter { $0 != .textStart && $0 != .textEnd }
        return (.sequence(body), parts.contains(.textStart), parts.contains(.textEnd))
    }

    func emit(
        _ expression: Regex, in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        switch expression {
        case .scalar(let set): try emit(set, in: &network, from, to)
        case .sequence(let parts):
            var here = from
            for part in parts.dropLast() {
                let next = try network.node(beside: from)
                try emit(part, in: &network, here, next)
                here = next
            }
            if let last = parts.last { try emit(last, in: &network, here, to) } else { try network.nothing(from, to) }
        case .alternatives(let list):
            for part in list { try emit(part, in: &network, from, to) }
        case .repeated(let body, let minimum, let maximum):
            try network.repeated(minimum, maximum, from, to) { (network, from, to) throws(GrammarError) in
                try emit(body, in: &network, from, to)
            }
        case .textStart, .textEnd: try network.nothing(from, to)  // the parser lets none stand inside
        }
    }

    private func emit(
        _ set: ScalarSet, in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        switch text {
        case .plain: try network.utf8(set, from, to)
        case .jsonString:
            try network.utf8(set.subtracting(JSONEscape.scalars), from, to)
            for (value, letter) in JSONEscape.short where set.contains(value) {
                try network.literal([UInt8(ascii: "\\"), letter], from, to)
            }
        }
    }
}
