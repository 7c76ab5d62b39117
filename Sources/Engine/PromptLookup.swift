// Guesses the next tokens from the text so far. Knows no model: a guess costs a row of a step and is always verified.

/// Prompt lookup (Saxena 2023): what followed the last tokens when they stood earlier in the prompt or answer will follow
/// them again. Documents are copied from, so it often does.
package enum PromptLookup {
    private static let longest = 4  // tokens compared
    private static let shortest = 2

    /// At most `count` tokens that followed the latest earlier place of the longest ending of `contents`.
    package static func draft(after contents: [Content], count: Int) -> [Int32] {
        guard count > 0 else { return [] }
        for length in stride(from: longest, through: shortest, by: -1) where contents.count > length {
            let end = contents.count - length
            guard contents[end...].allSatisfy({ $0.token != nil }) else { continue }
            let first = contents[end]
            for start in stride(from: end - 1, through: 0, by: -1)
            where contents[start] == first && contents[start..<start + length].elementsEqual(contents[end...]) {
                return copy(contents, from: start + length, count: count)
            }
        }
        return []
    }

    /// Tokens from a place on; what is copied goes on to be copied, so that a text that repeats itself is guessed whole.
    private static func copy(_ contents: [Content], from place: Int, count: Int) -> [Int32] {
        var tokens: [Int32] = []
        for index in place..<place + count {
            if index >= contents.count {
                tokens.append(tokens[index - contents.count])
            } else if let token = contents[index].token {
                tokens.append(token)
            } else {
                break
            }
        }
        return tokens
    }
}
