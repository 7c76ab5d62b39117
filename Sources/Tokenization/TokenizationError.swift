// What can be wrong with a tokenizer file. Does not know which command asked for it.

import JSONText

/// A fault of a `tokenizer.json`. Every message says what was found and what was expected.
package enum TokenizationError: Error, CustomStringConvertible, Equatable {
    /// The file could not be read at all.
    case unreadable(file: String, reason: String)
    /// The text is not JSON; `offset` counts bytes from the start of the file.
    case malformedJSON(offset: Int, reason: String)
    /// A field holds something this tokenizer does not do, has the wrong type, or is absent.
    case field(path: String, found: String, expected: String)
    /// Two tokens claim one id.
    case duplicateID(id: Int, first: String, second: String)
    /// One token is given two ids.
    case duplicateToken(token: String, first: Int, second: Int)
    /// Ids below the highest one belong to no token.
    case unusedID(id: Int, count: Int, highest: Int)
    /// A merge names a token, or makes one, that the vocabulary lacks.
    case unknownTokenInMerge(index: Int, merge: String, token: String)
    /// A byte has no token of its own, so some text could not be encoded.
    case missingByte(UInt8)
    /// A text to learn merges from has no more pairs.
    case tooLittleText(merges: Int, wanted: Int)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "tokenizer file \(file): \(reason)"
        case .malformedJSON(let offset, let reason):
            "tokenizer.json is not valid JSON at byte \(offset): \(reason)"
        case .field(let path, let found, let expected):
            "tokenizer.json: \(path) is \(found), expected \(expected)"
        case .duplicateID(let id, let first, let second):
            "tokenizer.json: id \(id) belongs to two tokens, \(quoted(first)) and \(quoted(second)); "
                + "expected one token for each id"
        case .duplicateToken(let token, let first, let second):
            "tokenizer.json: token \(quoted(token)) has two ids, \(first) and \(second); expected one"
        case .unusedID(let id, let count, let highest):
            "tokenizer.json: no token has id \(id), found \(count) tokens with ids up to \(highest); "
                + "expected every id from 0 to \(highest) to be used"
        case .unknownTokenInMerge(let index, let merge, let token):
            "tokenizer.json: model.merges[\(index)] (\(quoted(merge))) needs token \(quoted(token)), "
                + "which model.vocab lacks"
        case .missingByte(let byte):
            "tokenizer.json: model.vocab has no token for the single byte \(byte); "
                + "expected one for each of the 256 bytes (byte-level BPE)"
        case .tooLittleText(let merges, let wanted):
            "the text yields \(merges) merges, expected \(wanted); give more text"
        }
    }
}

extension TokenizationError {
    init(_ fault: JSONFault) {
        self = .malformedJSON(offset: fault.offset, reason: "found \(fault.found), expected \(fault.expected)")
    }
}

/// A token or value in quotes, cut to a length that fits a message, with control characters escaped.
func quoted(_ text: String) -> String {
    let limit = 60
    let escaped = text.unicodeScalars.prefix(limit).map { $0.escaped(asASCII: false) }.joined()
    return "\"" + escaped + (text.unicodeScalars.count > limit ? "…" : "") + "\""
}
