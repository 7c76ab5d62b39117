// Dictionaries out of replies and golds, and how many of their members agree. Knows no benchmark item.

package enum KeyValues {
    // MARK: Replies

    /// The flat dictionary of a reply, its values as text: JSON, a Python literal, else whatever looks like `key: value`.
    /// - Throws: where the public code raises.
    package static func members(of reply: CodePoints) throws(PythonFault) -> PythonDictionary {
        let content = fences(in: reply, most: 1).first ?? reply.stripped
        let value: PythonValue?
        do throws(PythonFault) {
            value = try PythonJSON.parse(content)
        } catch .syntax {
            value = try literal(content)
        }
        guard let value else { return pairs(in: content) }
        guard let members = value.dictionary else { return PythonDictionary() }
        var result = PythonDictionary()
        for (key, value) in members.pairs {
            guard let key = key.text else { return PythonDictionary() }
            result[.text(key.stripped)] = .text(value.str.stripped)
        }
        return result
    }

    /// The value of a literal; nil for what is none.
    private static func literal(_ text: CodePoints) throws(PythonFault) -> PythonValue? {
        do throws(PythonFault) {
            return try PythonLiteral.parse(text)
        } catch .syntax, .value {
            return nil
        }
    }

    /// The dictionary of a reply to a chart, nested as it is; empty when there is none.
    package static func nested(of reply: CodePoints) throws(PythonFault) -> PythonDictionary {
        let blocks = fences(in: reply, most: .max)
        var content = blocks.first ?? reply.stripped
        for block in blocks where block.count > content.count { content = block }
        content = withoutComments(withoutAssignment(content.stripped))
        if let brace = content.lastOffset(of: "}") { content = content[0..<brace + 1] }
        do throws(PythonFault) {
            return try PythonLiteral.parse(content).dictionary ?? PythonDictionary()
        } catch .recursion {
            throw .recursion
        } catch {
            return PythonDictionary()
        }
    }

    /// What stands between ```` ``` ````, `python` or `json` perhaps after the first.
    private static func fences(in text: CodePoints, most: Int) -> [CodePoints] {
        var blocks: [CodePoints] = []
        var offset = 0
        while blocks.count < most, let fence = text.firstOffset(of: "```", from: offset) {
            offset = fence + 1
            var start = fence + 3
            for word in ["python", "json"] as [CodePoints] where start + word.count <= text.count {
                if CodePoints(text.scalars[start..<start + word.count].map(\.caseFolded)) == word {
                    start += word.count
                    break
                }
            }
            guard start < text.count, text.scalars[start] == "\n" else { continue }
            guard let end = text.firstOffset(of: "\n```", from: start + 1) else { break }
            blocks.append(text[start + 1..<end])
            offset = end + 4
        }
        return blocks
    }

    /// Without `name = ` at its start.
    private static func withoutAssignment(_ text: CodePoints) -> CodePoints {
        var offset = 0
        func skip(_ isSkipped: (Unicode.Scalar) -> Bool) -> Int {
            let start = offset
            while offset < text.count, isSkipped(text.scalars[offset]) { offset += 1 }
            return offset - start
        }
        _ = skip(\.isPythonSpace)
        guard skip(\.isPythonWord) > 0 else { return text }
        _ = skip(\.isPythonSpace)
        guard offset < text.count, text.scalars[offset] == "=" else { return text }
        offset += 1
        _ = skip(\.isPythonSpace)
        return text[offset...]
    }

    private static func withoutComments(_ text: CodePoints) -> CodePoints {
        CodePoints.joined(text.split(on: "\n").map { CodePoints($0.scalars.prefix { $0 != "#" }) }, by: "\n")
    }

    /// Matches of `["']?([\w\s]+)["']?\s*[:=]\s*["']?([^\n,"'{}]+)["']?`, as members.
    private static func pairs(in content: CodePoints) -> PythonDictionary {
        let text = content.scalars
        var result = PythonDictionary()
        func isQuote(_ offset: Int) -> Bool { offset < text.count && (text[offset] == "\"" || text[offset] == "'") }
        func end(from start: Int, _ isInside: (Unicode.Scalar) -> Bool) -> Int {
            var offset = start
            while offset < text.count, isInside(text[offset]) { offset += 1 }
            return offset
        }
        let excluded: Set<Unicode.Scalar> = ["\n", ",", "\"", "'", "{", "}"]
        var offset = 0
        while offset < text.count {
            let keyStart = isQuote(offset) ? offset + 1 : offset
            let keyEnd = end(from: keyStart) { $0.isPythonWord || $0.isPythonSpace }
            guard keyEnd > keyStart else {
                offset += 1
                continue
            }
            let mark = end(from: isQuote(keyEnd) ? keyEnd + 1 : keyEnd, \.isPythonSpace)
            guard mark < text.count, text[mark] == ":" || text[mark] == "=" else {
                // Any start inside this run of word characters ends at the same place.
                offset = keyEnd
                continue
            }
            // White space before the value is given back until something is left for the value.
            var value: Range<Int>?
            for start in stride(from: end(from: mark + 1, \.isPythonSpace), through: mark + 1, by: -1) {
                let first = isQuote(start) ? start + 1 : start
                let last = end(from: first) { !excluded.contains($0) }
                if last > first {
                    value = first..<last
                    break
                }
            }
            guard let value else {
                offset = keyEnd
                continue
            }
            result[.text(content[keyStart..<keyEnd].stripped)] = .text(content[value].stripped)
            offset = isQuote(value.upperBound) ? value.upperBound + 1 : value.upperBound
        }
        return result
    }

    // MARK: Golds

    /// The candidates for each key. A text is read as JSON or as a literal, a single value being a list of one.
    /// - Returns: nil for a text that cannot be read, against which every reply scores 0.
    /// - Throws: where the public code raises.
    package static func candidates(of gold: PythonValue) throws(PythonFault) -> PythonDictionary? {
        if let members = gold.dictionary { return members }
        guard let text = gold.text?.stripped(of: "\"") else { throw .type }
        var value: PythonValue
        if let json = try? PythonJSON.parse(text) {
            value = json
        } else {
            guard var literal = try literal(text) else { return nil }
            if literal.dictionary == nil {
                guard let inner = literal.text, let nested = try self.literal(inner) else { return nil }
                literal = nested
            }
            value = literal
        }
        guard let members = value.dictionary else { throw .value }
        var result = PythonDictionary()
        for (key, value) in members.pairs {
            if case .list = value { result[key] = value } else { result[key] = .list([value]) }
        }
        return result
    }

    /// Mean over the keys of both of whether the values are equal, the best candidates being chosen. As keys are compared
    /// one by one, this is the best of all combinations.
    /// - Throws: where the public code raises, for a candidate that is neither text nor empty.
    package static func score(_ reply: PythonDictionary, _ gold: PythonDictionary) throws(PythonFault) -> Double {
        var candidates: [PythonValue: [PythonValue]] = [:]
        for (key, values) in gold.pairs {
            switch values {
            case .list(let values), .tuple(let values): candidates[key] = values
            case .text(let text): candidates[key] = text.scalars.map { .text(CodePoints([$0])) }
            default: throw .type
            }
        }
        // Without a candidate for some key there is no combination at all.
        guard !candidates.values.contains(where: \.isEmpty) else { return 0 }
        var (keys, equal) = (0, 0)
        for (key, values) in candidates {
            let found = reply[key]?.text.map(normalised)
            // A missing gold and a missing value leave the key out.
            if found == nil, values.contains(where: \.isNull) { continue }
            keys += 1
            var isEqual = false
            for value in values {
                if let text = value.text {
                    isEqual = isEqual || found == normalised(text)
                } else if value.isTrue {
                    throw .type
                }
            }
            if isEqual { equal += 1 }
        }
        keys += reply.pairs.count { candidates[$0.key] == nil }
        return keys == 0 ? 0 : Double(equal) / Double(keys)
    }

    private static func normalised(_ text: CodePoints) -> CodePoints {
        text.lowered.stripped.replacing("\n", with: " " as Unicode.Scalar).removing(" ")
    }
}
