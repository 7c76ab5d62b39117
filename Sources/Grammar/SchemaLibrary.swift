// All subschemas of one schema by id, read when they are asked for. Knows no automata.

/// Hands out the subschemas of a document. An id stands for a place in it, so that `$ref` and recursion are ids too.
struct SchemaLibrary {
    /// Most subschemas read.
    static let limit = 20_000

    private let document: OrderedJSON
    private var ids: [String: Int] = [:]
    private var places: [(pointer: String, value: OrderedJSON)] = []
    private var nodes: [Int: SchemaNode] = [:]

    init(_ document: OrderedJSON) throws(GrammarError) {
        self.document = document
        _ = try id(of: document, at: "#")
    }

    static let root = 0

    /// JSON pointer of a subschema.
    func pointer(_ id: Int) -> String { places[id].pointer }

    /// The id of the subschema `value`, which stands at `pointer`.
    mutating func id(of value: OrderedJSON, at pointer: String) throws(GrammarError) -> Int {
        if let known = ids[pointer] { return known }
        guard places.count < Self.limit else {
            throw .limit(name: "number of subschemas", found: "more than \(Self.limit)", limit: Self.limit)
        }
        ids[pointer] = places.count
        places.append((pointer, value))
        return places.count - 1
    }

    mutating func node(_ id: Int) throws(GrammarError) -> SchemaNode {
        if let known = nodes[id] { return known }
        let node = try SchemaReader.read(places[id].value, at: places[id].pointer, in: &self)
        nodes[id] = node
        return node
    }

    /// The id that a `$ref` at `pointer` leads to.
    mutating func id(referredTo target: String, at pointer: String) throws(GrammarError) -> Int {
        guard target.hasPrefix("#") else {
            throw .reference(path: pointer, target: target, reason: "leads out of the schema; only '#…' is supported")
        }
        guard target == "#" || target.hasPrefix("#/") else {
            throw .reference(path: pointer, target: target, reason: "names an anchor; only JSON pointers are supported")
        }
        var value = document
        var place = "#"
        for part in target.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let key = Self.unescaped(part) else {
                throw .reference(path: pointer, target: target, reason: "is no JSON pointer")
            }
            let next: OrderedJSON?
            if case .array(let elements) = value {
                next = Int(key).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            } else {
                next = value[key]
            }
            guard let next else {
                throw .reference(path: pointer, target: target, reason: "leads nowhere")
            }
            value = next
            place += "/" + SchemaReader.escaped(key)
        }
        return try id(of: value, at: place)
    }

    /// A part of a pointer without the escapes of URIs (%XX) and of pointers (~0, ~1).
    private static func unescaped(_ part: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                rest.removeFirst(2)
                bytes.append(value)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var result = ""
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "~" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            switch scalars.popFirst() {
            case "0": result += "~"
            case "1": result += "/"
            default: return nil
            }
        }
        return result
    }
}
