// Objects and arrays of a schema in a network: members, items, commas and white space.

/// Where a list of members or items stands: nodes at which none, or at least one, has been written.
private struct ListPlaces {
    /// After the opening bracket and white space; nil once an element must have come.
    var empty: Network.Node?
    /// Right after an element; nil before the first.
    var filled: Network.Node?
}

extension Network {
    /// Most blanks after a line's end: eight levels indented by two.
    private static let indentation = 16

    /// White space between elements: nothing, one blank, or a new line with its indentation.
    fileprivate mutating func space(_ from: Node, _ to: Node) throws(GrammarError) {
        try nothing(from, to)
        try literal(" ", from, to)
        let line = try node(beside: from)
        try literal("\n", from, line)
        try repeated(0, Self.indentation, line, to) { (network, from, to) throws(GrammarError) in
            try network.literal(" ", from, to)
        }
    }

    /// The rest of a key after its opening quote, the closing one, a colon and at most one blank.
    fileprivate mutating func key(_ escaped: [UInt8], _ from: Node, _ to: Node) throws(GrammarError) {
        let after = try node(beside: from)
        try literal(escaped + Array("\":".utf8), from, after)
        try nothing(after, to)
        try literal(" ", after, to)
    }

    /// A comma, white space and the opening quote of the next key.
    fileprivate mutating func nextKey(_ from: Node, _ to: Node) throws(GrammarError) {
        let key = try element(after: ListPlaces(filled: from), beside: from)
        try literal("\"", key, to)
    }

    fileprivate mutating func begin(_ from: Node) throws(GrammarError) -> ListPlaces {
        let empty = try node(beside: from)
        try space(from, empty)
        return ListPlaces(empty: empty)
    }

    /// The node where the next element begins.
    fileprivate mutating func element(after places: ListPlaces, beside node: Node) throws(GrammarError) -> Node {
        let start = try self.node(beside: node)
        if let empty = places.empty { try nothing(empty, start) }
        if let filled = places.filled {
            let comma = try self.node(beside: node)
            try literal(",", filled, comma)
            try space(comma, start)
        }
        return start
    }

    fileprivate mutating func close(
        _ places: ListPlaces, _ bracket: String, _ to: Node
    ) throws(GrammarError) {
        if let empty = places.empty { try literal(bracket, empty, to) }
        if let filled = places.filled {
            let last = try node(beside: to)
            try space(filled, last)
            try literal(bracket, last, to)
        }
    }
}

extension SchemaCompiler {
    /// The members of an object after `{`, and `}`: named ones in the schema's order, then others.
    ///
    /// What may follow is branched off only after a key's opening quote: a state before it then stands for one node,
    /// however many members are optional.
    mutating func object(_ shape: Shape, _ from: Network.Node, _ to: Network.Node) throws(GrammarError) {
        let members = MemberTable(shape)
        let begin = try network.begin(from)
        let done = try network.node(beside: from)
        let lastRequired = members.names.lastIndex { members.required.contains($0) } ?? -1
        if let empty = begin.empty, lastRequired < 0 { try network.literal("}", empty, to) }
        try network.close(ListPlaces(empty: nil, filled: done), "}", to)

        // After the opening quote of a key, from this member on.
        var quote = try network.node(beside: from)
        if let empty = begin.empty { try network.literal("\"", empty, quote) }
        for (index, name) in members.names.enumerated() {
            let next = try network.node(beside: from), written = try network.node(beside: from)
            let value = try network.node(beside: from)
            try network.key(JSONEscape.escaped(name), quote, value)
            try self.value(members.schemas(of: name), value, written)
            try network.nextKey(written, next)
            if index >= lastRequired { try network.nothing(written, done) }
            if !members.required.contains(name) { try network.nothing(quote, next) }
            quote = next
        }
        if let others = members.others {
            let end = try network.node(beside: from), value = try network.node(beside: from)
            let written = try network.node(beside: from), again = try network.node(beside: from)
            try network.nothing(quote, again)
            try strings.restOfKey(otherThan: members.names, in: &network, again, end)
            try network.key([], end, value)
            try self.value(others, value, written)
            try network.nextKey(written, again)
            try network.nothing(written, done)
        }
    }

    /// The items of an array after `[`, and `]`.
    mutating func array(
        _ shape: Shape, at path: String, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        let minimum = shape.minimumItems
        let others = shape.schemasOfOtherItems
        let listed = max(shape.prefixCount, minimum)
        let last = others == nil ? min(shape.prefixCount, shape.maximumItems ?? Int.max) : shape.maximumItems
        if let last, last < minimum {
            return note(path, "minItems \(minimum) is above \(last), the most items there can be")
        }

        let enough = try network.node(beside: from)
        var places = try network.begin(from)
        let empty = places.empty
        var count = 0
        while count < last ?? listed {
            let item = try network.element(after: places, beside: from), next = try network.node(beside: from)
            try value(shape.schemas(ofItem: count), item, next)
            places = ListPlaces(empty: nil, filled: next)
            count += 1
            if count >= minimum { try network.nothing(next, enough) }
        }
        if last == nil {
            let loop = try network.node(beside: from)
            if let filled = places.filled { try network.nothing(filled, loop) }
            places.filled = loop
            let item = try network.element(after: places, beside: from)
            try value(others ?? [], item, loop)
            try network.nothing(loop, enough)
        }
        try network.close(ListPlaces(empty: minimum == 0 ? empty : nil, filled: enough), "]", to)
    }

    /// The elements of a constant object or array after its opening bracket, and the closing one.
    mutating func elements(of value: OrderedJSON, _ from: Network.Node, _ to: Network.Node) throws(GrammarError) {
        var places = try network.begin(from)
        var elements: [(key: String?, value: OrderedJSON)] = []
        if case .object(let members) = value { elements = members.map { ($0.key, $0.value) } }
        if case .array(let items) = value { elements = items.map { (nil, $0) } }
        for element in elements {
            var start = try network.element(after: places, beside: from)
            if let key = element.key {
                let quote = try network.node(beside: from), value = try network.node(beside: from)
                try network.literal("\"", start, quote)
                try network.key(JSONEscape.escaped(key), quote, value)
                start = value
            }
            let next = try network.node(beside: from)
            try constant(element.value, start, next)
            places = ListPlaces(empty: nil, filled: next)
        }
        let bracket = if case .object = value { "}" } else { "]" }
        try network.close(places, bracket, to)
    }
}
