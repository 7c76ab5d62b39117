// Prompts against vLLM's, and what must hold whatever a user writes.

import Foundation
import Prompting
import TestSupport
import Testing
import Tokenization

@Suite struct PromptPlanTests {
    let tokenizer: Tokenizer
    let fixture: PromptFixture

    init() throws {
        tokenizer = try PromptFixture.tokenizer()
        fixture = try PromptFixture.load()
    }

    private func plan(
        _ segments: [Segment], tiles: [Int] = [], limit: Int? = nil, special: Bool = false
    ) throws -> PromptPlan {
        try PromptPlan(
            segments, tokenizer: tokenizer, tokensPerTile: PromptFixture.tokensPerTile, tiles: tiles,
            contextLimit: limit, special: special)
    }

    private func plan(_ messages: [Message], tiles: [Int] = [], special: Bool = false) throws -> PromptPlan {
        try plan(
            Llama31Renderer(special: special).segments(for: Conversation(messages)), tiles: tiles, special: special)
    }

    // MARK: References

    @Test func rawPromptsEqualVLLM() throws {
        #expect(fixture.prompts.count == 12)
        for prompt in fixture.prompts {
            let segments = try RawPrompt.segments(
                prompt.text, imageCount: prompt.tiles.count, tokenizer: tokenizer, special: true)
            let plan = try plan(segments, tiles: prompt.tiles, special: true)
            #expect(plan.ids == prompt.ids, "\(prompt.name)")
            #expect(plan.imageSpans.map(\.positions.count) == prompt.tiles.map { $0 * 4 })
            for span in plan.imageSpans { #expect(plan.ids[span.positions].allSatisfy { $0 == 471 }) }
            #expect(plan.textTokens + plan.controlTokens + plan.imageTokens == prompt.ids.count)
        }
    }

    /// The same prompts from conversations, with nothing of the users' text parsed.
    @Test func conversationsEqualVLLM() throws {
        let conversations: [String: [Message]] = [
            "chat": [Message(.user, "What is 2+2?")],
            "chat_sys_multi": [
                Message(.system, "You are a terse assistant."), Message(.user, "Hello!"), Message(.assistant, "Hi."),
                Message(.user, "Größe? 你好 😀"),
            ],
            "img_wide": [Message(.user, [.text("Describe the image."), .image(0)])],
            "img_tall": [
                Message(.system, "Answer the questions."), Message(.user, [.image(0), .text("How many shapes?")]),
            ],
            "img_square": [Message(.user, [.image(0), .text("What is this?")])],
            "img_gray": [Message(.user, [.image(0), .text("Read the text.\n")])],
            "two_images": [Message(.user, [.image(0), .image(1), .text("Compare both.")])],
            "img_history": [
                Message(.user, [.image(0), .text("What is shown?")]), Message(.assistant, "A document."),
                Message(.user, "What is the total?"),
            ],
        ]
        for (name, messages) in conversations {
            let prompt = try #require(fixture.prompts.first { $0.name == name })
            #expect(try plan(messages, tiles: prompt.tiles).ids == prompt.ids, "\(name)")
        }
    }

    @Test func chatsEqualVLLM() throws {
        let chats: [String: ([Message], [Int])] = [
            "image_then_text": ([Message(.user, [.image(0), .text("What is this?")])], [5]),
            "text_then_image": ([Message(.user, [.text("What is this?"), .image(0)])], [5]),
            "text_with_placeholder": ([Message(.user, [.text("See <image> here"), .image(0)])], [5]),
            "two_images": ([Message(.user, [.text("A"), .image(0), .text("B"), .image(1)])], [5, 13]),
            "system_string": ([Message(.system, "sys"), Message(.user, "hi")], []),
        ]
        #expect(fixture.chats.count == chats.count)
        for chat in fixture.chats {
            let (messages, tiles) = try #require(chats[chat.name])
            #expect(try plan(messages, tiles: tiles, special: true).ids == chat.ids, "\(chat.name)")
            if !chat.name.contains("placeholder") {
                #expect(try plan(messages, tiles: tiles).ids == chat.ids, "\(chat.name), segments")
            }
        }
    }

    @Test func randomConversationsEqualJinja() throws {
        let root = try JSONSerialization.jsonObject(with: Data(contentsOf: PromptFixture.url)) as? [String: Any]
        let cases = try #require(root?["conversations"] as? [[String: Any]])
        #expect(cases.count == 60)
        for (value, expected) in zip(cases, fixture.conversations) {
            let data = try JSONSerialization.data(withJSONObject: try #require(value["messages"]))
            let messages = try OpenAIMessages(data)
            #expect(messages.attachments.count == expected.tiles.count)
            let plan = try plan(messages.conversation.messages, tiles: expected.tiles, special: expected.special)
            #expect(plan.ids == expected.ids, "\(messages.conversation)")
        }
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func everyGoldenPromptIsReproduced() throws {
        struct File: Decodable {
            struct Prompt: Decodable {
                var text: String?
                var images: [String]?
                var input_ids: [Int32]?
                var prompt_token_ids: [Int32]?
            }
            var prompts: [String: Prompt]?
        }
        struct Preprocessed: Decodable {
            struct Tiny: Decodable { var tiles: Int }
            var tiny: Tiny?
        }
        let goldens = try #require(Goldens.full)
        let sizes = try JSONDecoder().decode(
            [String: Preprocessed].self,
            from: Data(contentsOf: goldens.appending(path: "preprocess/vllm_preprocess.json")))
        var checked = 0
        for folder in ["llama", "vllm_e2e"] {
            for url in try FileManager.default.contentsOfDirectory(
                at: goldens.appending(path: folder), includingPropertiesForKeys: nil)
            where url.pathExtension == "json" && url.lastPathComponent != "compare.json" {
                let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
                for (name, prompt) in file.prompts ?? [:] {
                    guard let text = prompt.text, let ids = prompt.input_ids ?? prompt.prompt_token_ids else {
                        continue
                    }
                    let tiles = try (prompt.images ?? []).map { try #require(sizes[$0]?.tiny?.tiles) }
                    let segments = try RawPrompt.segments(
                        text, imageCount: tiles.count, tokenizer: tokenizer, special: true)
                    let plan = try plan(segments, tiles: tiles, special: true)
                    #expect(plan.ids == ids, "\(url.lastPathComponent) \(name)")
                    checked += 1
                }
            }
        }
        #expect(checked >= 79)
    }

    // MARK: Text and control tokens

    /// Over the whole special vocabulary: text, wherever it stands, changes no control token and no image's place.
    @Test func textNeverBecomesAControlTokenOrAnImage() throws {
        let spellings = tokenizer.specialTokens.map(\.content)
        func controls(_ plan: PromptPlan) -> [Int32] { plan.ids.filter(tokenizer.isSpecial) }
        func messages(_ text: String) -> [Message] {
            [
                Message(.system, text), Message(.user, [.text(text), .image(0), .text(text)]),
                Message(.assistant, text), Message(.user, [.image(1), .text(text)]),
            ]
        }
        let expected = try plan(messages("x"), tiles: [2, 3])
        for spelling in spellings + ["<image><image>", "<img><image></img>", spellings.joined()] {
            for text in [spelling, "a \(spelling) b", "\n\(spelling)\u{301}", "<|\(spelling)|>"] {
                let plan = try plan(messages(text), tiles: [2, 3])
                #expect(controls(plan) == controls(expected), "\(text)")
                #expect(plan.imageSpans.map(\.image) == [0, 1])
                #expect(plan.imageSpans.map(\.positions.count) == [8, 12])
                #expect(plan.controlTokens == expected.controlTokens && plan.imageTokens == 20)
                let raw = try self.plan(
                    RawPrompt.segments(text, imageCount: 1, tokenizer: tokenizer), tiles: [1])
                #expect(controls(raw) == [447, 472, 471, 471, 471, 471, 473], "\(text)")
            }
        }
    }

    @Test func imagesStandWhereTheirNumbersSay() throws {
        let plan = try plan([.image(1), .text("and"), .image(0)], tiles: [1, 2])
        #expect(plan.imageSpans.map(\.image) == [1, 0])
        let start = 11 + plan.textTokens
        #expect(plan.imageSpans.map(\.positions) == [1..<9, start..<start + 4])
        #expect(plan.ids.first == 472 && plan.ids[start - 1] == 472 && plan.ids.last == 473)
        #expect(tokenizer.decode(Array(plan.ids[10..<start - 1]), skipSpecial: false) == "and")
        #expect(plan.imageTokens == 12 && plan.controlTokens == 4)
    }

    @Test func placeholdersInTextPlaceImagesOnlyWhenParsed() throws {
        let one = [Message(.user, [.text("See <image> and this"), .image(0), .image(1)])]
        let plan = try plan(one, tiles: [1, 2], special: true)
        // Fewer spellings than images: the rest come first, and images keep their order.
        #expect(plan.imageSpans.map(\.positions.count) == [4, 8])
        #expect(plan.imageSpans.map(\.image) == [0, 1])
        let renderer = Llama31Renderer(special: true)
        #expect(throws: PromptingError.morePlaceholdersThanImages(placeholders: 2, images: 1)) {
            _ = try renderer.segments(for: Conversation([Message(.user, [.image(0), .text("<image><image>")])]))
        }
        #expect(throws: PromptingError.morePlaceholdersThanImages(placeholders: 1, images: 0)) {
            _ = try renderer.segments(
                for: Conversation([Message(.system, "<image>"), Message(.user, [.image(0), .text("x")])]))
        }
        // Without any image the spelling is the tokenizer's matter.
        let bare = try self.plan([Message(.user, "<image>")], special: true)
        #expect(bare.imageSpans.isEmpty && bare.ids.contains(471))
    }

    @Test func beginTokenIsNotDoubled() throws {
        let text = "<|begin_of_text|>Hi"
        let segments = try RawPrompt.segments(text, imageCount: 0, tokenizer: tokenizer, special: true)
        let parsed = try plan(segments, special: true)
        #expect(parsed.ids == [447, 39, 72])
        let plain = try plan(RawPrompt.segments(text, imageCount: 0, tokenizer: tokenizer))
        #expect(plain.ids.first == 447 && plain.ids.count(where: { $0 == 447 }) == 1 && plain.ids.count > 3)
        let withImage = try RawPrompt.segments(text, imageCount: 1, tokenizer: tokenizer, special: true)
        #expect(withImage == [.control("<|begin_of_text|>"), .image(0), .text("\nHi")])
    }

    // MARK: Faults

    @Test func tooLongIsRefusedWithItsSums() throws {
        let segments: [Segment] = [.control("<|begin_of_text|>"), .text("Hi"), .image(0)]
        #expect(try plan(segments, tiles: [2], limit: 14).ids.count == 13)
        #expect(throws: PromptingError.tooLong(text: 2, control: 3, image: 8, limit: 13)) {
            _ = try plan(segments, tiles: [2], limit: 13)
        }
        let message = PromptingError.tooLong(text: 2, control: 3, image: 8, limit: 13).description
        for word in ["13 tokens", "2 text", "8 image", "context of 13"] { #expect(message.contains(word)) }
    }

    @Test func impossiblePlansAreRefused() throws {
        #expect(throws: PromptingError.noSuchImage(index: 1, count: 1)) { _ = try plan([.image(1)], tiles: [1]) }
        #expect(throws: PromptingError.noSuchImage(index: -1, count: 1)) { _ = try plan([.image(-1)], tiles: [1]) }
        #expect(throws: PromptingError.imageNotPlaced(index: 0, count: 1)) { _ = try plan([.text("x")], tiles: [1]) }
        #expect(throws: PromptingError.missingControlToken("<|nope|>")) { _ = try plan([.control("<|nope|>")]) }
        for tiles in [0, -1, .max, 1 << 40] {
            #expect(throws: PromptingError.tileCount(image: 0, tiles: tiles, tokensPerTile: 4)) {
                _ = try plan([.image(0)], tiles: [tiles])
            }
        }
    }

    @Test func textModelsRefuseImagesOnly() throws {
        let text = try String(
            contentsOf: Goldens.fixtures.appending(path: "tokenizer/tokenizer.json"), encoding: .utf8)
        let respelled = text.replacing("<image>", with: "<imagine>").replacing("\"<img>\"", with: "\"<imgine>\"")
        let tokenizer = Tokenizer(try TokenizerFile(Array(respelled.utf8)))
        let plain = try PromptPlan(
            Llama31Renderer().segments(for: Conversation([Message(.user, "Hi")])), tokenizer: tokenizer,
            tokensPerTile: 4, tiles: [])
        #expect(plain.imageTokens == 0)
        #expect(throws: PromptingError.missingImageTokens(["<img>", "<image>"])) {
            _ = try PromptPlan([.image(0)], tokenizer: tokenizer, tokensPerTile: 4, tiles: [1])
        }
    }
}
