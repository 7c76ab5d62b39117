// What a value must be once all keywords that apply are joined: one alternative of a schema. Knows no automata.

/// One way for a value to be valid. Subschemas of members and items stay ids until the value is reached.
struct Shape: Sendable {
    var types = Set(SchemaType.allCases)
    var values: [OrderedJSON]?
    var minimumLength = 0
    var maximumLength: Int?
    var patterns: [SchemaPattern] = []
    var lower: NumberBound?
    var upper: NumberBound?
    var objects: [ObjectPart] = []
    var arrays: [ArrayPart] = []

    /// Anything.
    init() {}

    /// What a subschema says without those it refers to.
    init(_ node: SchemaNode) {
        types = node.types.map(Self.closed) ?? types
        if node.isNever { types = [] }
        values = node.values
        minimumLength = node.minimumLength
        maximumLength = node.maximumLength
        patterns = node.patterns
        lower = node.lower
        upper = node.upper
        objects = node.object.map { [$0] } ?? []
        arrays = node.array.map { [$0] } ?? []
    }

    /// A number may be an integer.
    private static func closed(_ types: Set<SchemaType>) -> Set<SchemaType> {
        types.contains(.number) ? types.union([.integer]) : types
    }

    /// What is valid for both.
    func joined(with other: Shape) -> Shape {
        var result = self
        result.types.formIntersection(other.types)
        if let mine = values, let theirs = other.values {
            let known = Set(theirs.map(\.canonical))
            result.values = mine.filter { known.contains($0.canonical) }
        } else {
            result.values = values ?? other.values
        }
        result.minimumLength = max(minimumLength, other.minimumLength)
        result.maximumLength = Self.smaller(maximumLength, other.maximumLength)
        result.patterns += other.patterns.filter { !patterns.contains($0) }
        result.lower = NumberBound.higher(lower, other.lower)
        result.upper = NumberBound.lower(upper, other.upper)
        result.objects += other.objects.filter { !objects.contains($0) }
        result.arrays += other.arrays.filter { !arrays.contains($0) }
        return result
    }

    static func smaller(_ first: Int?, _ second: Int?) -> Int? {
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }
}

/// What a shape says of an object's members.
struct MemberTable {
    /// Names that the schema speaks of, in its order; those only required come last.
    let names: [String]
    let required: Set<String>
    /// Subschemas that apply to members the schema does not name; nil when there are to be none. A schema that names
    /// members and is silent about others is taken to want no others; one that names none wants any.
    let others: [Int]?
    /// One for each part: the subschemas of its properties, and of its other members.
    private let parts: [(named: [String: Int], additional: Int?)]

    init(_ shape: Shape) {
        var seen = Set<String>()
        let all = shape.objects.flatMap { $0.properties.map(\.name) } + shape.objects.flatMap(\.required)
        names = all.filter { seen.insert($0).inserted }
        required = Set(shape.objects.flatMap(\.required))
        let said = shape.objects.compactMap(\.additional)
        let namesAny = shape.objects.contains { !$0.properties.isEmpty }
        others = said.isEmpty && namesAny ? nil : said
        parts = shape.objects.map { part in
            (Dictionary(part.properties.map { ($0.name, $0.schema) }) { first, _ in first }, part.additional)
        }
    }

    /// Subschemas a member of this name must all satisfy.
    func schemas(of name: String) -> [Int] { parts.compactMap { $0.named[name] ?? $0.additional } }
}

// MARK: Items of arrays

extension Shape {
    var minimumItems: Int { arrays.map(\.minimum).max() ?? 0 }
    var maximumItems: Int? { arrays.reduce(nil) { Self.smaller($0, $1.maximum) } }
    var prefixCount: Int { arrays.map(\.prefix.count).max() ?? 0 }

    /// Subschemas the item at this place must all satisfy.
    func schemas(ofItem index: Int) -> [Int] {
        arrays.flatMap { part in
            part.prefix.indices.contains(index) ? [part.prefix[index]] : part.rest.map { [$0] } ?? []
        }
    }

    /// Subschemas of items after every prefix; nil when there are to be none: where a schema lists the first items and
    /// is silent about others, unless it asks for more than it lists.
    var schemasOfOtherItems: [Int]? {
        let said = arrays.compactMap(\.rest)
        if said.isEmpty, prefixCount > 0, minimumItems <= prefixCount { return nil }
        return said
    }
}
