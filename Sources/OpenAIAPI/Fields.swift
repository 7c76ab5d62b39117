// Fields of a JSON object read one by one, with their path, type and range checked. Knows no request.

package import JSONText

/// A reader that remembers which fields were asked for, so that the rest can be named as unknown. `null` is absent.
package struct Fields {
    /// JSON path of the object; empty for the body.
    private let path: String
    private let members: [String: JSON]
    private var known: Set<String> = []

    package init(_ value: JSON, _ path: String = "") throws(APIError) {
        guard case .object(let members) = value else {
            throw .wrongType(path.isEmpty ? "body" : path, found: value.kindName, expected: "an object")
        }
        self.path = path
        self.members = members
    }

    /// Fields that were never asked for.
    package var unknown: [String] { members.keys.filter { !known.contains($0) }.sorted() }

    package func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    package mutating func value(_ name: String) -> JSON? {
        known.insert(name)
        return members[name] == .null ? nil : members[name]
    }

    package mutating func string(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else {
            throw .wrongType(path(of: name), found: value.kindName, expected: "a string")
        }
        return text
    }

    package mutating func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else {
            throw .wrongType(path(of: name), found: value.kindName, expected: "true or false")
        }
        return flag
    }

    package mutating func int(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        return try Self.int(value, path(of: name), in: range)
    }

    package mutating func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        guard case .number = value, let number = value.double else {
            throw .wrongType(path(of: name), found: value.kindName, expected: "a number")
        }
        guard range.contains(number) else {
            throw .wrongValue(
                path(of: name), found: value.kindName,
                expected: "\(range.lowerBound.short) to \(range.upperBound.short)")
        }
        return number
    }

    package mutating func array(_ name: String, limit: Int) throws(APIError) -> [JSON]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else {
            throw .wrongType(path(of: name), found: value.kindName, expected: "an array")
        }
        guard elements.count <= limit else {
            throw .wrongValue(path(of: name), found: "\(elements.count) elements", expected: "at most \(limit)")
        }
        return elements
    }

    package mutating func object(_ name: String) throws(APIError) -> Fields? {
        guard let value = value(name) else { return nil }
        return try Fields(value, path(of: name))
    }

    /// One of a few words.
    package mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _: Word.Type
    ) throws(APIError) -> Word? {
        guard let text = try string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw .wrongValue(
                path(of: name), found: "another word",
                expected: Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        }
        return word
    }

    package static func int(_ value: JSON, _ path: String, in range: ClosedRange<Int>) throws(APIError) -> Int {
        guard case .number = value else { throw .wrongType(path, found: value.kindName, expected: "a whole number") }
        let bounds = "\(range.lowerBound) to \(range.upperBound)"
        guard let number = value.wholeNumber else {
            throw .wrongValue(path, found: value.kindName, expected: "a whole number from \(bounds)")
        }
        guard range.contains(number) else { throw .wrongValue(path, found: "\(number)", expected: bounds) }
        return number
    }
}

extension JSON {
    /// What the value is, without any text of it.
    package var kindName: String { summary(quoted: { "a string of \($0.utf8.count) bytes" }) }
}

extension Double {
    /// `2` for 2.0.
    fileprivate var short: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
