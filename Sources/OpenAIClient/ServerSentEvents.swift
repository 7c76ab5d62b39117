// Server-sent events out of bytes as they arrive. Knows the format's lines, not what the data means.

/// Takes the bytes of a stream in pieces of any size and gives out the data of each event that is complete.
package struct ServerSentEvents: Sendable {
    /// Bytes of one event's data at most.
    private let limit: Int
    private var line: [UInt8] = []
    /// Lines of data of the event that is being received; nil before the first.
    private var data: [UInt8]?
    /// The last byte was a carriage return, so that a line feed now ends no second line.
    private var endsWithReturn = false

    package init(limit: Int = 16 << 20) { self.limit = limit }

    /// The data of the events that `bytes` complete, in order. Comments, names, ids and an unfinished event give none.
    /// - Throws: `ClientError.malformed` when an event is larger than the limit.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(ClientError) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            defer { endsWithReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where endsWithReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default:
                guard line.count + (data?.count ?? 0) < limit else {
                    throw .malformed("an event of more than \(limit) bytes")
                }
                line.append(byte)
            }
        }
        return events
    }

    /// - Returns: the event that an empty line completes.
    private mutating func endLine() -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { data = nil }
            return data
        }
        let name = "data".utf8
        guard line.starts(with: name), line.count == name.count || line[name.count] == UInt8(ascii: ":") else {
            return nil
        }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
        return nil
    }
}
