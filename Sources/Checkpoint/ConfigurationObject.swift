// Typed access to one object of a configuration file. Knows how to complain, not what the keys mean.

package import Foundation
package import JSONText

/// A JSON object that knows its file and its path in it, so that a missing key or a wrong type can be named.
///
/// A key that is absent and a key that is `null` are the same here, as they are in the reference implementations.
package struct ConfigurationObject: Sendable {
    package let file: String
    /// Dotted path of this object with a trailing dot, empty at the root.
    private let path: String
    package let members: [String: JSON]

    /// Longest configuration file that is read, in bytes.
    private static let byteLimit = 64 << 20

    /// Reads a file of at most 64 MiB whose root is an object.
    package init(file url: URL) throws(CheckpointError) {
        let mapping = try MappedFile(url)
        guard mapping.byteCount <= Self.byteLimit else {
            throw .file(mapping.path, found: "\(mapping.byteCount) bytes", expected: "at most \(Self.byteLimit)")
        }
        let root: JSON
        do throws(JSONFault) {
            root = try JSON(mapping.bytes)
        } catch {
            throw .file(mapping.path, found: "\(error.found) at byte \(error.offset)", expected: error.expected)
        }
        guard case .object(let members) = root else {
            throw .file(mapping.path, found: root.summary, expected: "a JSON object")
        }
        self.init(file: mapping.path, path: "", members: members)
    }

    private init(file: String, path: String, members: [String: JSON]) {
        self.file = file
        self.path = path
        self.members = members
    }

    /// The value of `key`, nil when absent or null.
    package subscript(key: String) -> JSON? {
        if case .null? = members[key] { return nil }
        return members[key]
    }

    package func fault(_ key: String, found: String, expected: String) -> CheckpointError {
        .key(path + key, file: file, found: found, expected: expected)
    }

    private func missing(_ key: String, _ expected: String) -> CheckpointError {
        fault(key, found: "nothing", expected: expected)
    }

    // MARK: Optional values

    package func object(_ key: String) throws(CheckpointError) -> ConfigurationObject? {
        guard let value = self[key] else { return nil }
        guard case .object(let members) = value else {
            throw fault(key, found: value.summary, expected: "an object")
        }
        return ConfigurationObject(file: file, path: path + key + ".", members: members)
    }

    package func string(_ key: String) throws(CheckpointError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .string(let text) = value else {
            throw fault(key, found: value.summary, expected: "a string")
        }
        return text
    }

    package func bool(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = self[key] else { return nil }
        guard case .bool(let flag) = value else {
            throw fault(key, found: value.summary, expected: "true or false")
        }
        return flag
    }

    /// A whole number in `range`; `64.0` counts as whole.
    package func integer(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int? {
        guard let value = self[key] else { return nil }
        return try integer(value, key, range)
    }

    private func integer(_ value: JSON, _ key: String, _ range: ClosedRange<Int>) throws(CheckpointError) -> Int {
        guard let whole = value.wholeNumber, range.contains(whole) else {
            throw fault(
                key, found: value.summary,
                expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    /// A finite number in `range`.
    package func number(_ key: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.double, range.contains(number) else {
            throw fault(
                key, found: value.summary, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One whole number or an array of them.
    package func integers(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> [Int]? {
        guard let value = self[key] else { return nil }
        guard case .array(let values) = value else { return [try integer(value, key, range)] }
        var result: [Int] = []
        for (index, value) in values.enumerated() { result.append(try integer(value, "\(key)[\(index)]", range)) }
        return result
    }

    package func strings(_ key: String) throws(CheckpointError) -> [String]? {
        guard let value = self[key] else { return nil }
        guard case .array(let values) = value else {
            throw fault(key, found: value.summary, expected: "an array of strings")
        }
        var result: [String] = []
        for (index, value) in values.enumerated() {
            guard case .string(let text) = value else {
                throw fault("\(key)[\(index)]", found: value.summary, expected: "a string")
            }
            result.append(text)
        }
        return result
    }

    // MARK: Required values

    package func requiredObject(_ key: String) throws(CheckpointError) -> ConfigurationObject {
        guard let value = try object(key) else { throw missing(key, "an object") }
        return value
    }

    package func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
        guard let value = try integer(key, in: range) else {
            throw missing(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package func requiredNumber(_ key: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double {
        guard let value = try number(key, in: range) else {
            throw missing(key, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package func requiredString(_ key: String, expected: String = "a string") throws(CheckpointError) -> String {
        guard let value = try string(key) else { throw missing(key, expected) }
        return value
    }
}

extension JSON {
    /// How a message names the value.
    fileprivate var summary: String { summary(quoted: { "'\($0.prefix(80))'" }) }
}
