// A JSON value as a tree with precise types, and how messages name what they found. Knows no fields.

import Foundation

enum JSON: Decodable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let items = try? container.decode([JSON].self) {
            self = .array(items)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// Member of an object; nil when it is absent or this is no object.
    subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let value): Int(exactly: value).map(String.init) ?? "\(value)"
        case .string(let text): text.count > 60 ? "\"\(text.prefix(60))…\"" : "\"\(text)\""
        case .array(let items): "an array of \(items.count)"
        case .object: "an object"
        }
    }
}

extension JSON? {
    var summary: String { self?.summary ?? "nothing" }
}

/// Side files of a model folder.
enum SideFile {
    /// Larger files are refused unread.
    static let byteLimit = 16 << 20

    /// The bytes of a file in `folder`; nil when there is none.
    static func data(_ name: String, in folder: URL) throws(PromptingError) -> Data? {
        let url = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        do {
            let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            guard size <= byteLimit else {
                throw PromptingError.unreadableFile(
                    file: name, reason: "found \(size) bytes, expected at most \(byteLimit)")
            }
            return try Data(contentsOf: url)
        } catch let error as PromptingError {
            throw error
        } catch {
            throw .unreadableFile(file: name, reason: error.localizedDescription)
        }
    }

    /// A JSON object in `folder`; nil when there is no such file.
    static func object(_ name: String, in folder: URL) throws(PromptingError) -> JSON? {
        guard let data = try data(name, in: folder) else { return nil }
        guard let value = try? JSONDecoder().decode(JSON.self, from: data) else {
            throw .unreadableFile(file: name, reason: "not valid JSON; expected an object")
        }
        guard case .object = value else {
            throw .field(file: name, path: "the file", found: value.summary, expected: "an object")
        }
        return value
    }
}
