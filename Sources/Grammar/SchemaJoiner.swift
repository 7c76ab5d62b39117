// Joins the subschemas that apply to one value into alternatives. Knows no automata.

/// Several subschemas that must hold at once, as a list of shapes of which one must be met.
struct SchemaJoiner {
    /// Most alternatives of one value.
    static let limit = 4096
    /// Most joins and comparisons of alternatives, over the whole schema.
    static let workLimit = 400_000

    private(set) var library: SchemaLibrary
    private var known: [Int: [Shape]] = [:]
    /// Subschemas being expanded: to meet one again is a `$ref` that leads to itself with no value in between.
    private var open = Set<Int>()
    private var work = 0
    /// The first contradiction met, for the message when nothing is left.
    private(set) var contradiction: (path: String, reason: String)?

    init(_ library: SchemaLibrary) { self.library = library }

    /// Alternatives of a value that all of `schemas` apply to.
    mutating func shapes(of schemas: [Int]) throws(GrammarError) -> [Shape] {
        var result = [Shape()]
        for schema in schemas { result = try product(result, shapes(of: schema)) }
        if result.isEmpty || result.allSatisfy({ $0.types.isEmpty || $0.values?.isEmpty == true }) {
            let pointer = schemas.last.map { library.pointer($0) } ?? "#"
            note(pointer, "no type and no value is left")
        }
        return result
    }

    mutating func note(_ path: String, _ reason: String) { contradiction = contradiction ?? (path, reason) }

    private mutating func shapes(of schema: Int) throws(GrammarError) -> [Shape] {
        if let shapes = known[schema] { return shapes }
        guard open.insert(schema).inserted else {
            throw .reference(
                path: library.pointer(schema), target: library.pointer(schema),
                reason: "leads back to itself with no property or item in between")
        }
        defer { open.remove(schema) }
        guard open.count <= 200 else { throw .limit(name: "chain of references", found: "above 200", limit: 200) }
        let node = try library.node(schema)
        var result = [Shape(node)]
        for other in node.also { result = try product(result, shapes(of: other)) }
        for list in node.anyOf { result = try product(result, union(of: list)) }
        for list in node.oneOf {
            try checkDisjoint(list, within: result, at: library.pointer(schema))
            result = try product(result, union(of: list))
        }
        known[schema] = result
        return result
    }

    private mutating func union(of list: [Int]) throws(GrammarError) -> [Shape] {
        var result: [Shape] = []
        for schema in list {
            result += try shapes(of: schema)
            try spend(result.count)
        }
        return result
    }

    private mutating func product(_ first: [Shape], _ second: [Shape]) throws(GrammarError) -> [Shape] {
        let count = first.count * second.count
        guard count <= Self.limit else {
            throw .limit(name: "number of alternatives of one value", found: "\(count)", limit: Self.limit)
        }
        try spend(count)
        return first.flatMap { one in second.map { one.joined(with: $0) } }
    }

    private mutating func spend(_ count: Int) throws(GrammarError) {
        work += count
        guard work <= Self.workLimit else {
            throw .limit(
                name: "joining of alternatives", found: "more than \(Self.workLimit) steps", limit: Self.workLimit)
        }
    }

    // MARK: oneOf

    /// `oneOf` is `anyOf` when no value is valid for two of its members; where that is not plain it is refused.
    private mutating func checkDisjoint(
        _ list: [Int], within base: [Shape], at path: String
    ) throws(GrammarError) {
        var alternatives: [[Shape]] = []
        for schema in list { alternatives.append(try product(base, shapes(of: schema))) }
        for second in alternatives.indices {
            for first in 0..<second {
                for one in alternatives[first] {
                    for other in alternatives[second] where try !isDisjoint(one, other, depth: 0) {
                        throw .unsupported(
                            keyword: "oneOf", path: path,
                            advice: "its members \(first) and \(second) may both hold for one value; use anyOf, or "
                                + "members of different types or with a required property of different constants")
                    }
                }
            }
        }
    }

    private mutating func isDisjoint(_ one: Shape, _ other: Shape, depth: Int) throws(GrammarError) -> Bool {
        try spend(1 + (one.values?.count ?? 0) + (other.values?.count ?? 0))
        let common = one.types.intersection(other.types)
        if common.isEmpty { return true }
        if let mine = one.values, let theirs = other.values {
            return Set(mine.map(\.canonical)).isDisjoint(with: theirs.map(\.canonical))
        }
        // Values on one side only: disjoint when no value is of a common type.
        for values in [one.values, other.values].compactMap(\.self)
        where values.allSatisfy({ $0.types.isDisjoint(with: common) }) {
            return true
        }
        guard common == [.object], depth < 3 else { return false }
        let (first, second) = (MemberTable(one), MemberTable(other))
        try spend(first.names.count + second.names.count)
        for name in first.required.union(second.required).sorted() {
            do throws(GrammarError) {
                let mine = try shapes(of: first.schemas(of: name)), theirs = try shapes(of: second.schemas(of: name))
                var areDisjoint = true
                for one in mine {
                    for other in theirs where areDisjoint {
                        areDisjoint = try isDisjoint(one, other, depth: depth + 1)
                    }
                }
                if areDisjoint { return true }
            } catch .reference {
                continue  // leads back to where the question came from
            }
        }
        return false
    }
}

extension OrderedJSON {
    /// The types a value has: a number without a fraction has two.
    var types: Set<SchemaType> {
        switch self {
        case .object: [.object]
        case .array: [.array]
        case .string: [.string]
        case .number(let text): Decimal(text)?.isWhole ?? false ? [.integer, .number] : [.number]
        case .bool: [.boolean]
        case .null: [.null]
        }
    }
}
