// What the URL of an image or a document says: a file, bytes in the URL itself, or an address. Opens nothing.

package import Foundation

package enum MediaURL: Sendable, Equatable {
    /// A path, or that of a `file://` URL.
    case file(String)
    case data(Data, type: String)
    /// An http or https URL, as it was written.
    case remote(String)

    /// Why a string is none of them; words for the person who wrote it.
    package struct Fault: Error, Equatable {
        package let reason: String
    }

    package init(_ text: String) throws(Fault) {
        guard !text.isEmpty else { throw Fault(reason: "is empty") }
        let colon = text.utf8.prefix(64).firstIndex(of: UInt8(ascii: ":"))
        let scheme = colon.map { text[..<$0].lowercased() } ?? ""
        switch scheme {
        case "data": self = try Self.data(text)
        case "http", "https": self = .remote(text)
        case "file":
            guard let url = URL(string: text), ["", "localhost"].contains(url.host() ?? ""), !url.path.isEmpty else {
                throw Fault(reason: "is a file URL without a path on this machine")
            }
            self = .file(url.path(percentEncoded: false))
        default:
            guard let colon, text[colon...].hasPrefix("://") else {
                self = .file(text)
                return
            }
            throw Fault(reason: "has a scheme that is not accepted; accepted are data, http, https and file")
        }
    }

    /// `data:[type][;name=value]*;base64,DATA`, base64 of RFC 4648 with padding and without white space.
    private static func data(_ text: String) throws(Fault) -> MediaURL {
        let bytes = text.utf8
        guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else {
            throw Fault(reason: "is a data URL without a comma before its data")
        }
        let head = bytes[bytes.index(bytes.startIndex, offsetBy: 5)..<comma]
        let words = (String(head) ?? "").lowercased().split(separator: ";", omittingEmptySubsequences: false)
        guard words.count > 1, words.last == "base64" else {
            throw Fault(reason: "is a data URL that does not say ;base64")
        }
        let payload = String(text[bytes.index(after: comma)...])
        guard !payload.isEmpty else { throw Fault(reason: "is a data URL without data") }
        guard let data = Data(base64Encoded: payload) else {
            throw Fault(
                reason:
                    "is a data URL whose data is not base64 (letters, digits, + and /, padded with =, no white space)")
        }
        return .data(data, type: words.first.map(String.init) ?? "")
    }
}
