// Reference prompts and the tokenizer they were made with.

import Foundation
import TestSupport
import Tokenization

/// `prompts` and `chats` are vLLM 0.32.0's on the tiny checkpoint. `conversations` were rendered by Jinja with that
/// checkpoint's own template, in vLLM's "string" content format, and encoded by `tokenizers` 0.21.4.
struct PromptFixture: Decodable {
    struct Prompt: Decodable {
        var name: String
        var text: String
        var tiles: [Int]
        var ids: [Int32]
    }

    struct Chat: Decodable {
        var name: String
        var prompt: String
        var ids: [Int32]
    }

    struct ConversationCase: Decodable {
        var special: Bool
        var tiles: [Int]
        var ids: [Int32]
    }

    var prompts: [Prompt]
    var chats: [Chat]
    var conversations: [ConversationCase]

    static let url = Goldens.fixtures.appending(path: "prompting/prompts.json")
    static let tokensPerTile = 4

    static func load() throws -> PromptFixture {
        try JSONDecoder().decode(PromptFixture.self, from: Data(contentsOf: url))
    }

    static func tokenizer() throws -> Tokenizer {
        try Tokenizer(contentsOf: Goldens.fixtures.appending(path: "tokenizer/tokenizer.json"))
    }
}
