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

    /// A key's end: a colon and at most one blank.
    fileprivate mutating func colon(_ from: Node, _ to: Node) throws(GrammarError) {
        let after = try node(beside: from)
        try literal(":", from, after)
        try nothing(after, to)
        try literal(" ", after, to)
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
    mutating func object(_ shape: Shape, _ from: Network.Node, _ to: Network.Node) throws(GrammarError) {
        var places = try network.begin(from)
        let members = MemberTable(shape)
        for name in members.names {
            let key = try network.element(after: places, beside: from)
            let colon = try network.node(beside: from), value = try network.node(beside: from)
            let next = try network.node(beside: from)
            try network.literal(Self.quoted(name), key, colon)
            try network.colon(colon, value)
            try self.value(members.schemas(of: name), value, next)
            if members.required.contains(name) {
                places = ListPlaces(empty: nil, filled: next)
            } else {
                if let filled = places.filled { try network.nothing(filled, next) }
                places.filled = next
            }
        }
        if let others = members.others {
            let loop = try network.node(beside: from)
            if let filled = places.filled { try network.nothing(filled, loop) }
            places.filled = loop
            let key = try network.element(after: places, beside: from)
            let colon = try network.node(beside: from), value = try network.node(beside: from)
            try strings.key(otherThan: members.names, in: &network, key, colon)
            try network.colon(colon, value)
            try self.value(others, value, loop)
        }
        try network.close(places, "}", to)
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
                let colon = try network.node(beside: from), value = try network.node(beside: from)
                try network.literal(Self.quoted(key), start, colon)
                try network.colon(colon, value)
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
