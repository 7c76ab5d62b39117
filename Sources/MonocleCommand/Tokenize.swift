// `monocle tokenize`: strings to ids and back, one JSON value a line. Knows nothing of prompts or models.

import ArgumentParser
import Foundation
import Tokenization

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn JSON strings on standard input, one a line, into JSON arrays of token ids.",
        discussion: """
            Text is encoded without <|begin_of_text|>, and control tokens spelled in it stay text unless --special is given.

            Example: echo '"Total: 83.60"' | monocle tokenize --model DIR
            """)

    @OptionGroup var folder: ModelFolderOption

    @Flag(help: "Read JSON arrays of ids and print JSON strings instead.")
    var decode = false

    @Flag(help: "Parse control tokens spelled in the text (encoding), or show them (decoding).")
    var special = false

    func run() throws {
        let tokenizer = try Tokenizer(contentsOf: folder.url().appending(path: "tokenizer.json"))
        var number = 0
        while let line = readLine() {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            try Output.line(decode ? try text(line, number, tokenizer) : try ids(line, number, tokenizer))
        }
    }

    private func ids(_ line: String, _ number: Int, _ tokenizer: Tokenizer) throws -> String {
        guard let text = try? JSONDecoder().decode(String.self, from: Data(line.utf8)) else {
            throw UsageError("standard input, line \(number): found \(line.prefix(40)); expected a JSON string")
        }
        return "[" + tokenizer.encode(text, controlTokens: special).map(String.init).joined(separator: ", ") + "]"
    }

    private func text(_ line: String, _ number: Int, _ tokenizer: Tokenizer) throws -> String {
        guard let ids = try? JSONDecoder().decode([Int32].self, from: Data(line.utf8)) else {
            throw UsageError(
                "standard input, line \(number): found \(line.prefix(40)); expected a JSON array of token ids")
        }
        if let unknown = ids.first(where: { $0 < 0 || $0 >= tokenizer.count }) {
            throw UsageError("standard input, line \(number): id \(unknown); expected 0 to \(tokenizer.count - 1)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: try encoder.encode(tokenizer.decode(ids, skipSpecial: !special)), as: UTF8.self)
    }
}
