// HTML whose faulty tags are written plainly, as HTML 5 reads them, so that every version of libxml2 sees the same
// elements. Knows tags, not which may stand where.

import CXML

package enum HTMLTags {
    /// Attributes that a table's score depends on; all others are dropped.
    private static let attributes: Set<CodePoints> = ["colspan", "rowspan"]
    /// Elements whose contents are text up to their end tag.
    private static let literal: Set<CodePoints> = ["script", "style", "title", "textarea"]

    /// Names of characters that may be written in capitals.
    private static let shouted: Set<CodePoints> = ["AMP", "LT", "GT", "QUOT", "COPY", "REG"]

    /// The code point that libxml2 knows by a name.
    private static func value(of name: CodePoints) -> UInt32? { htmlEntityLookup(name.text).map { $0.pointee.value } }

    /// Comments, instructions, empty end tags and tags without an end are gone; a `<` that begins no tag is text.
    package static func plain(_ html: CodePoints) -> CodePoints {
        var reader = Reader(text: html.scalars)
        reader.read()
        return CodePoints(reader.result)
    }

    private struct Reader {
        let text: [Unicode.Scalar]
        var offset = 0
        var result: [Unicode.Scalar] = []

        mutating func read() {
            while offset < text.count {
                if text[offset] == "&" {
                    reference()
                    continue
                }
                guard text[offset] == "<" else {
                    result.append(text[offset])
                    offset += 1
                    continue
                }
                switch scalar(offset + 1) {
                case let next? where next.isASCIILetter: startTag()
                case "/": endTag()
                case "!", "?": comment()
                default:
                    result += "&lt;".unicodeScalars
                    offset += 1
                }
            }
        }

        private func scalar(_ place: Int) -> Unicode.Scalar? { place < text.count ? text[place] : nil }

        private func isSpace(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\n", "\r", "\u{C}"].contains(scalar) }

        /// The first place from here on that a test holds for, or the end.
        private func end(_ start: Int, _ test: (Unicode.Scalar) -> Bool) -> Int {
            var place = start
            while place < text.count, !test(text[place]) { place += 1 }
            return place
        }

        /// A named character. Those of Latin-1 need no semicolon, whatever letters follow; it is put behind them.
        private mutating func reference() {
            let nameEnd = end(offset + 1) { !($0.isASCIILetter || $0.isASCIIDigit) }
            let name = CodePoints(text[offset + 1..<nameEnd])
            result.append("&")
            offset += 1
            if scalar(nameEnd) == ";", HTMLTags.value(of: name) != nil { return }
            for count in stride(from: min(name.count, 8), to: 1, by: -1) {
                let prefix = name[0..<count]
                let spelled = HTMLTags.shouted.contains(prefix) ? prefix.lowered : prefix
                // The apostrophe's name came later and needs its semicolon.
                guard let value = HTMLTags.value(of: spelled), value <= 0xFF, value != 0x27 else { continue }
                result += (spelled + ";").scalars
                offset += count
                return
            }
        }

        private mutating func startTag() {
            let nameEnd = end(offset + 1) { isSpace($0) || $0 == "/" || $0 == ">" }
            let name = CodePoints(text[offset + 1..<nameEnd]).lowered
            guard let (attributes, isClosed, tagEnd) = attributes(from: nameEnd) else {
                offset = text.count
                return
            }
            result += "<".unicodeScalars + HTMLTags.spelled(name)
            for (name, value) in attributes {
                result += (" " + name + "=\"" + value.replacing("\"", with: "&quot;") + "\"").scalars
            }
            result += (isClosed ? "/>" : ">").unicodeScalars
            offset = tagEnd
            if HTMLTags.literal.contains(name), !isClosed { contents(of: name) }
        }

        /// The attributes that count, whether the tag ends in `/>`, and where; nil when the text ends first.
        private func attributes(from start: Int) -> ([(CodePoints, CodePoints)], isClosed: Bool, end: Int)? {
            var found: [(CodePoints, CodePoints)] = []
            var place = start
            while true {
                place = end(place) { !isSpace($0) && $0 != "/" }
                guard let next = scalar(place) else { return nil }
                if next == ">" { return (found, text[place - 1] == "/", place + 1) }
                // An equals sign at the start belongs to the name.
                let nameEnd = end(place + 1) { isSpace($0) || $0 == "/" || $0 == ">" || $0 == "=" }
                let name = CodePoints(text[place..<nameEnd]).lowered
                var value: CodePoints = ""
                place = end(nameEnd) { !isSpace($0) }
                if scalar(place) == "=" {
                    place = end(place + 1) { !isSpace($0) }
                    guard let quote = scalar(place) else { return nil }
                    if quote == "\"" || quote == "'" {
                        let valueEnd = end(place + 1) { $0 == quote }
                        value = CodePoints(text[place + 1..<max(place + 1, valueEnd)])
                        guard valueEnd < text.count else { return nil }
                        place = valueEnd + 1
                    } else if quote != ">" {
                        let valueEnd = end(place) { isSpace($0) || $0 == ">" }
                        value = CodePoints(text[place..<valueEnd])
                        place = valueEnd
                        // A slash at the end of a bare value is part of it and closes nothing.
                        if scalar(place) == ">" {
                            keep(name, value, in: &found)
                            return (found, false, place + 1)
                        }
                    }
                }
                keep(name, value, in: &found)
            }
        }

        /// The first of equal names counts.
        private func keep(_ name: CodePoints, _ value: CodePoints, in found: inout [(CodePoints, CodePoints)]) {
            if HTMLTags.attributes.contains(name), !found.contains(where: { $0.0 == name }) {
                found.append((name, value))
            }
        }

        private mutating func endTag() {
            guard let next = scalar(offset + 2) else {
                offset = text.count
                return
            }
            guard next.isASCIILetter else {
                offset = min(text.count, end(offset + 2) { $0 == ">" } + 1)
                return
            }
            let nameEnd = end(offset + 2) { isSpace($0) || $0 == "/" || $0 == ">" }
            let name = CodePoints(text[offset + 2..<nameEnd]).lowered
            guard let (_, _, tagEnd) = attributes(from: nameEnd) else {
                offset = text.count
                return
            }
            result += "</".unicodeScalars + HTMLTags.spelled(name) + ">".unicodeScalars
            offset = tagEnd
        }

        private mutating func comment() {
            if text[offset...].starts(with: "<!--".unicodeScalars) {
                let start = offset + 4
                // `<!-->` and `<!--->` are whole comments.
                if scalar(start) == ">" || scalar(start) == "-" && scalar(start + 1) == ">" {
                    offset = end(start) { $0 == ">" } + 1
                    return
                }
                let rest = CodePoints(text[start...])
                let ends = [("-->" as CodePoints), "--!>"].compactMap { mark in
                    rest.firstOffset(of: mark).map { start + $0 + mark.count }
                }
                offset = ends.min() ?? text.count
            } else if scalar(offset + 1) == "!",
                CodePoints(text[(offset + 2)...].prefix(7)).lowered == "doctype"
            {
                let tagEnd = min(text.count, end(offset) { $0 == ">" } + 1)
                result += text[offset..<tagEnd]
                offset = tagEnd
            } else {
                offset = min(text.count, end(offset + 1) { $0 == ">" } + 1)
            }
        }

        /// Text up to the end tag of an element that holds no other.
        private mutating func contents(of name: CodePoints) {
            let isEscaped = name == "title" || name == "textarea"
            while offset < text.count {
                if text[offset] == "<", scalar(offset + 1) == "/" {
                    let last = offset + 2 + name.count
                    if last <= text.count, CodePoints(text[offset + 2..<last]).lowered == name,
                        scalar(last).map({ isSpace($0) || $0 == "/" || $0 == ">" }) ?? true
                    {
                        return
                    }
                }
                if text[offset] == "<", isEscaped {
                    result += "&lt;".unicodeScalars
                } else {
                    result.append(text[offset])
                }
                offset += 1
            }
        }
    }

    /// A name with what older readers end it at written out, so that different names stay different.
    private static func spelled(_ name: CodePoints) -> [Unicode.Scalar] {
        name.scalars.flatMap { scalar -> [Unicode.Scalar] in
            if scalar.isASCIILetter || scalar.isASCIIDigit || scalar == ":" { return [scalar] }
            return Array("-\(String(scalar.value, radix: 16))-".unicodeScalars)
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isASCIILetter: Bool { value < 0x80 && isPythonLetter }
}
