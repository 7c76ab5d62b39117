// One subschema as its keywords say it, read and checked but not yet joined with others. Knows no automata.

/// Types of JSON Schema. `integer` is a number without a fraction.
enum SchemaType: String, CaseIterable, Sendable, Hashable {
    case null, boolean, integer, number, string, object, array
}

/// A regular expression a string must hold, and where the schema says so.
struct SchemaPattern: Sendable, Hashable {
    let expression: Regex
    /// Whether the whole string must match, not some part of it.
    let isWhole: Bool
}

/// What `properties` and its neighbours say in one subschema.
struct ObjectPart: Sendable, Hashable {
    struct Property: Sendable, Hashable {
        let name: String
        let schema: Int
    }
    /// In the order of the schema.
    var properties: [Property] = []
    var required: [String] = []
    /// Schema of `additionalProperties`; nil when the keyword is absent.
    var additional: Int?
}

/// What `items` and its neighbours say in one subschema.
struct ArrayPart: Sendable, Hashable {
    var prefix: [Int] = []
    /// Schema of the items after the prefix; nil when the keyword is absent.
    var rest: Int?
    var minimum = 0
    var maximum: Int?
}

/// A subschema. Other subschemas are ids of a `SchemaLibrary`.
struct SchemaNode: Sendable {
    var isNever = false
    var types: Set<SchemaType>?
    /// Values of `enum` or `const`.
    var values: [OrderedJSON]?
    /// Subschemas that hold as well: `$ref` and the members of `allOf`.
    var also: [Int] = []
    /// Lists of which at least one member holds: `anyOf`, `oneOf`.
    var anyOf: [[Int]] = []
    /// Lists of which exactly one member holds.
    var oneOf: [[Int]] = []
    var minimumLength = 0
    var maximumLength: Int?
    var patterns: [SchemaPattern] = []
    var lower: NumberBound?
    var upper: NumberBound?
    var object: ObjectPart?
    var array: ArrayPart?
}
