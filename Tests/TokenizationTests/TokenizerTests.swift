// Tokenizer against Hugging Face `tokenizers`, and what must hold for any text.

import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct TokenizerTests {
    private func checkCases(_ tokenizer: Tokenizer, _ cases: TokenizerCases) {
        #expect(tokenizer.count == cases.vocab_size)
        #expect(cases.encode.count == 436)
        for item in cases.encode {
            #expect(tokenizer.encode(item.text, controlTokens: true) == item.ids, "\(item.text.debugDescription)")
        }
        let decodings =
            cases.encode.map { ($0.ids, $0.decoded, $0.decoded_skip_special) }
            + cases.decode_random_ids.map { ($0.ids, $0.decoded, $0.decoded_skip_special) }
        for (ids, decoded, skipped) in decodings {
            #expect(Array(tokenizer.decode(ids, skipSpecial: false).utf8) == Array(decoded.utf8), "\(ids)")
            #expect(Array(tokenizer.decode(ids, skipSpecial: true).utf8) == Array(skipped.utf8), "\(ids)")
        }
    }

    @Test func equalsHuggingFaceOnTheTinyVocabulary() throws {
        let tokenizer = try Tokenizer(contentsOf: Fixture.tokenizer)
        checkCases(tokenizer, try TokenizerCases(Fixture.folder.appending(path: "cases.json")))
        #expect(tokenizer.bos == 447)
        #expect(tokenizer.id(ofAdded: "<image>") == 471)
        #expect(tokenizer.specialTokens.count == 33)
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func equalsHuggingFaceOnTheLargeVocabulary() throws {
        let goldens = try #require(Goldens.full)
        let tokenizer = try Tokenizer(contentsOf: goldens.appending(path: "tokenizer-large/tokenizer.json"))
        checkCases(tokenizer, try TokenizerCases(goldens.appending(path: "tokenizer/large.json")))
    }

    @Test(.enabled(if: Goldens.data != nil, "needs the Llama-3.1 vocabulary, which is not shipped"))
    func equalsHuggingFaceOnTheLlama3Vocabulary() throws {
        let folder = try #require(Goldens.data).appending(path: "llama3-tokenizer")
        let clock = ContinuousClock()
        let start = clock.now
        let tokenizer = try Tokenizer(contentsOf: folder.appending(path: "tokenizer.json"))
        #expect(clock.now - start < .seconds(5))
        let cases = try JSONDecoder().decode(
            [Llama3Case].self, from: Data(contentsOf: folder.appending(path: "cases.json")))
        #expect(cases.count == 600)
        for item in cases {
            let ids = tokenizer.encode(item.text, controlTokens: item.special)
            #expect(ids == item.ids, "\(item.text.debugDescription)")
            #expect(tokenizer.decode(item.ids, skipSpecial: false) == item.text)
        }
        #expect(tokenizer.bos == 128000)
        #expect(tokenizer.id(ofAdded: "</box>") == 128264)
        #expect(tokenizer.count == 128265)
    }

    @Test func textNeverBecomesAControlToken() throws {
        let tokenizer = try Tokenizer(contentsOf: Fixture.tokenizer)
        let spellings = tokenizer.specialTokens.map(\.content)
        for spelling in spellings {
            for text in [spelling, "a\(spelling)b", "\(spelling)\(spelling)", " \(spelling)\n", "<\(spelling)>"] {
                let ids = tokenizer.encode(text, controlTokens: false)
                #expect(!ids.contains(where: tokenizer.isSpecial), "\(text)")
                #expect(tokenizer.decode(ids, skipSpecial: true) == text)
            }
            #expect(tokenizer.encode(spelling, controlTokens: true) == [tokenizer.id(ofAdded: spelling)])
        }
        var random = Random(state: 5)
        for _ in 0..<2000 {
            let parts = spellings + ["<|", "|>", "_", "x", " "]
            let text = (0..<8).compactMap { _ in parts.randomElement(using: &random) }.joined()
            let ids = tokenizer.encode(text, controlTokens: false)
            #expect(!ids.contains(where: tokenizer.isSpecial), "\(text)")
            #expect(tokenizer.decode(ids, skipSpecial: true) == text)
        }
    }

    /// A file may list a control token's spelling as an ordinary token too; merging must not arrive there.
    @Test func controlTokenInTheVocabularyIsOutOfReach() throws {
        let text = try Fixture.text()
        let vocabularyID = try #require(try Tokenizer(contentsOf: Fixture.tokenizer).id(ofBytes: Array(" the".utf8)))
        let entry =
            #"{"id":\#(vocabularyID),"content":"Ġthe","single_word":false,"lstrip":false,"rstrip":false,"#
            + #""normalized":false,"special":true},"#
        let damaged = text.replacing(#""added_tokens":["#, with: #""added_tokens":["# + entry)
        let tokenizer = Tokenizer(try TokenizerFile(Array(damaged.utf8)))
        let ids = tokenizer.encode("in the end", controlTokens: false)
        #expect(!ids.contains(vocabularyID))
        #expect(tokenizer.decode(ids, skipSpecial: true) == "in the end")
    }

    @Test func addedTokensThatAreNotSpecialAreAlwaysMatched() throws {
        let text = try Fixture.text().replacing(
            #""content":"<box>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true"#,
            with: #""content":"<box>","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,"#
                + #""special":false"#)
        let tokenizer = Tokenizer(try TokenizerFile(Array(text.utf8)))
        let box = try #require(tokenizer.id(ofAdded: "<box>"))
        let ids = tokenizer.encode("<ref><box></ref>", controlTokens: false)
        #expect(ids.filter { $0 == box }.count == 1)
        #expect(!ids.contains(where: tokenizer.isSpecial))
        #expect(tokenizer.decode(ids, skipSpecial: true) == "<ref><box></ref>")
        #expect(tokenizer.encode("<ref><box>", controlTokens: true) == [tokenizer.id(ofAdded: "<ref>"), box])
    }

    @Test func anyTextSurvivesTheRoundTrip() throws {
        let tokenizer = try Tokenizer(contentsOf: Fixture.tokenizer)
        var random = Random(state: 1)
        for length in 0..<400 {
            var text = ""
            for _ in 0..<length % 60 {
                let limit: UInt32 = [0x80, 0x250, 0x3100, 0x110000].randomElement(using: &random) ?? 0x80
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
                    text.unicodeScalars.append(scalar)
                }
            }
            for control in [false, true] {
                let ids = tokenizer.encode(text, controlTokens: control)
                #expect(Array(tokenizer.decode(ids, skipSpecial: false).utf8) == Array(text.utf8))
            }
        }
    }

    @Test func idsOutsideTheVocabularyDecodeToNothing() throws {
        let tokenizer = try Tokenizer(contentsOf: Fixture.tokenizer)
        #expect(tokenizer.decode([39, -1, 480, 511, .max, .min, 40], skipSpecial: false) == "HI")
        #expect(tokenizer.text(of: 511) == "")
        #expect(tokenizer.isSpecial(-1) == false)
    }

    /// Long input without a break costs no more than n log n.
    @Test(arguments: ["a", " ", "\u{301}", "\n", "!", "ab", "中", "7", "'s", "<|", "<|reserved_special_token_", " \n"])
    func longInputIsNotQuadratic(unit: String) throws {
        let tokenizer = try Tokenizer(contentsOf: Fixture.tokenizer)
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        let start = ContinuousClock.now
        let ids = tokenizer.encode(text, controlTokens: true)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(tokenizer.decode(ids, skipSpecial: false) == text)
    }
}
