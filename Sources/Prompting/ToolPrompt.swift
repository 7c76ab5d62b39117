// How tools are shown to a Llama-3.1 model and how its calls are read: the JSON form. Knows no requests.

import Foundation
package import JSONText

/// The text that describes tools. The model's own template has no place for them, so they stand before what the user
/// says first, as in Meta's description of the JSON form.
package enum ToolPrompt {
    /// - Parameter tools: JSON of each tool's function object.
    package static func instructions(_ tools: [JSON]) -> String {
        """
        Given the following functions, please respond with a JSON for a function call with its proper arguments that \
        best answers the given prompt.

        Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}. Do not \
        use variables.

        \(tools.map(\.compact).joined(separator: "\n\n"))


        """
    }
}

/// A call that the model wrote.
package struct ToolCall: Sendable, Equatable {
    package let name: String
    /// JSON text of an object, as the model wrote it.
    package let arguments: String

    package init(name: String, arguments: String) {
        self.name = name
        self.arguments = arguments
    }

    /// The calls that a text consists of: one object or several with `;` between them, each with `name` and `parameters`
    /// (or `arguments`), and nothing else; nil when it is anything but that, or names a function that is not in `names`.
    package static func parse(_ text: String, names: Set<String>) -> [ToolCall]? {
        var rest = Substring(text.trimmingCharacters(in: .whitespacesAndNewlines))
        if rest.hasPrefix("<|python_tag|>") { rest = rest.dropFirst(14) }
        let bytes = Array(rest.utf8)
        var calls: [ToolCall] = []
        var start = 0
        while start < bytes.count {
            guard let end = objectEnd(bytes, from: start) else { return nil }
            let slice = Array(bytes[start..<end])
            guard let call = call(slice, names) else { return nil }
            calls.append(call)
            start = end
            while start < bytes.count, [0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ";")].contains(bytes[start]) { start += 1 }
        }
        return calls.isEmpty ? nil : calls
    }

    private static func call(_ bytes: [UInt8], _ names: Set<String>) -> ToolCall? {
        bytes.withUnsafeBytes { text -> ToolCall? in
            guard let object = try? JSON(text), let name = object["name"]?.text, names.contains(name) else {
                return nil
            }
            guard let arguments = object["parameters"] ?? object["arguments"], case .object = arguments else {
                return nil
            }
            return ToolCall(name: name, arguments: arguments.compact)
        }
    }

    /// Past the closing brace of the object that begins at `start`.
    private static func objectEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        guard bytes[start] == UInt8(ascii: "{") else { return nil }
        var depth = 0
        var inString = false
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\") where inString: index += 1
            case UInt8(ascii: "\""): inString.toggle()
            case UInt8(ascii: "{") where !inString: depth += 1
            case UInt8(ascii: "}") where !inString:
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return nil
    }
}
