// tokenizer.json files that are wrong in one way each, and the two ways to spell merges.

import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct TokenizerFileTests {
    @Test func bothSpellingsOfMergesReadTheSame() throws {
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: Fixture.tokenizer))
        var file = try #require(object as? [String: Any])
        var model = try #require(file["model"] as? [String: Any])
        let pairs = try #require(model["merges"] as? [[String]])
        model["merges"] = pairs.map { $0.joined(separator: " ") }
        file["model"] = model
        let respelled = try TokenizerFile(Array(JSONSerialization.data(withJSONObject: file)))
        let original = try TokenizerFile(contentsOf: Fixture.tokenizer)
        #expect(original.merges.count == 188)
        #expect(respelled.merges == original.merges)
        #expect(respelled.byteIDs == original.byteIDs)
        #expect(respelled.addedTokens == original.addedTokens)
    }

    /// Text to replace, its replacement, and what the message must name.
    static let faults: [(String, String, [String])] = [
        (#""type":"BPE""#, #""type":"Unigram""#, ["model.type", "Unigram", "BPE"]),
        (#""byte_fallback":false"#, #""byte_fallback":true"#, ["model.byte_fallback", "true"]),
        (#""unk_token":null"#, #""unk_token":"<unk>""#, ["model.unk_token", "<unk>"]),
        (#""dropout":null"#, #""dropout":0.1"#, ["model.dropout", "0.1"]),
        (#""ignore_merges":true"#, #""ignore_merges":"yes""#, ["model.ignore_merges", "yes"]),
        (#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, ["normalizer", "NFC", "null"]),
        (#"\\p{N}{1,3}"#, #"\\p{N}{1,2}"#, ["pretokenizers[0].pattern.Regex"]),
        (#""behavior":"Isolated""#, #""behavior":"Removed""#, ["behavior", "Removed", "Isolated"]),
        (#""add_prefix_space":false"#, #""add_prefix_space":true"#, ["add_prefix_space", "true"]),
        (#""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"Metaspace""#, ["decoder", "Metaspace", "ByteLevel"]),
        (#""post_processor":{"type":"Sequence""#, #""post_processor":{"type":"BertProcessing""#, ["post_processor"]),
        (#"{"id":"<|begin_of_text|>","type_id":0}"#, #"{"id":"<bos>","type_id":0}"#, ["post_processor", "<bos>"]),
        (#""!":0,"#, #""!":1,"#, ["id 1", "\"!\"", "two tokens"]),
        (#""!":0,"#, #""!":0,"!":480,"#, ["\"!\"", "two ids"]),
        (#""!":0,"#, "", ["no token has id 0"]),
        (#""!":0,"#, #""!":4000000000,"#, ["no token has id"]),
        (#""!":0,"#, #""!":-1,"#, ["whole number"]),
        (#""!":0,"#, #""!":99999999999999999999,"#, ["beyond 2^63"]),
        (#""!":0,"#, #""!":"0","#, ["whole number"]),
        (#""!":0,"#, #""! x":0,"#, ["model.vocab", "! x", "alphabet"]),
        (#""!":0,"#, #""":0,"#, ["model.vocab", "empty"]),
        (#""!":0,"#, #""ĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠ":0,"#, ["byte 33", "256"]),
        (#""merges":[["Ġ","Ġ"]"#, #""merges":[["Ġ","Ġqz"]"#, ["merges[0]", "Ġqz", "lacks"]),
        (#""merges":[["Ġ","Ġ"]"#, #""merges":[["q","z"]"#, ["merges[0]", "qz", "lacks"]),
        (#""merges":[["Ġ","Ġ"]"#, #""merges":[["Ġ"]"#, ["second token"]),
        (#""merges":[["Ġ","Ġ"]"#, #""merges":["ĠĠ""#, ["merges[0]", "one space"]),
        (#""merges":[["Ġ","Ġ"]"#, #""merges":[7"#, ["pair of tokens"]),
        (#""merges":["#, #""murges":["#, ["model.merges", "absent"]),
        (#""vocab":{"#, #""vocap":{"#, ["model.vocab", "absent"]),
        (#""model":{"#, #""modell":{"#, ["model", "absent"]),
        (#""content":"<box>""#, #""content":"""#, ["added_tokens[31].content", "spelling"]),
        (#""content":"<box>""#, #""content":7"#, ["added_tokens[31].content", "7"]),
        (#""content":"<box>""#, #""content":"<ref>""#, ["<ref>", "two ids"]),
        (#"{"id":478"#, #"{"id":477"#, ["id 477", "two tokens"]),
        (#"{"id":478"#, #"{"id":4.5"#, ["added_tokens[31].id", "4.5"]),
        (#"{"id":478"#, #"{"id":9000"#, ["no token has id 478"]),
        (
            #"{"id":478,"content":"<box>","single_word":false"#, #"{"id":478,"content":"<box>","single_word":true"#,
            ["added_tokens[31].single_word", "<box>"]
        ),
        (#""version":"1.0""#, #""version":"1.0","version":"1.0""#, ["\"version\"", "twice"]),
        (#""version":"1.0""#, #""version":"\ud800""#, ["surrogate"]),
        (#""version":"1.0""#, "\"version\":\"\u{1}\"", ["control character"]),
        (#""version":"1.0""#, #""version":NaN"#, ["a JSON value"]),
        (#""version":"1.0""#, #""normalizer2":1e999,"version":"1.0""#, ["out of range"]),
    ]

    @Test(arguments: faults.indices)
    func faultIsNamed(index: Int) throws {
        let (old, new, words) = Self.faults[index]
        let text = try Fixture.text()
        let range = try #require(text.range(of: old), "fixture lacks \(old)")
        let damaged = text.replacingCharacters(in: range, with: new)
        #expect {
            _ = try TokenizerFile(Array(damaged.utf8))
        } throws: { error in
            let message = "\(error)"
            return words.allSatisfy(message.contains) && message.count < 400
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = Array(try Fixture.text().utf8)
        for length in stride(from: 0, to: bytes.count, by: 37) {
            #expect(throws: TokenizationError.self) { _ = try TokenizerFile(Array(bytes[..<length])) }
        }
    }

    @Test func otherBadFilesAreRefused() throws {
        let text = try Fixture.text()
        let deep = String(repeating: "[", count: 100_000)
        for damaged in [
            "", "[]", "7", "null", "\u{FEFF}" + text, text + "x", deep, "{\"a\":" + deep, "{\"normalizer\":" + deep,
        ] {
            #expect(throws: TokenizationError.self) { _ = try TokenizerFile(Array(damaged.utf8)) }
        }
        var invalid = Array(text.utf8)
        invalid[100] = 0xFF
        let reason = "found bytes that are not UTF-8, expected UTF-8 text"
        #expect(throws: TokenizationError.malformedJSON(offset: 100, reason: reason)) {
            _ = try TokenizerFile(invalid)
        }
        #expect(throws: TokenizationError.self) {
            _ = try TokenizerFile(contentsOf: Fixture.folder.appending(path: "absent.json"))
        }
        #expect(throws: TokenizationError.self) { _ = try TokenizerFile(contentsOf: Fixture.folder) }
    }

    /// A byte changed anywhere gives a file that reads or an error, never a trap, and one that reads encodes.
    @Test func changedBytesNeverTrap() throws {
        let bytes = Array(try Fixture.text().utf8)
        var random = Random(state: 11)
        for _ in 0..<1500 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20..<0x7F, using: &random)
            }
            if let file = try? TokenizerFile(damaged) {
                let tokenizer = Tokenizer(file)
                let ids = tokenizer.encode("the <image> quick\n", controlTokens: true)
                #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.count })
            }
        }
    }
}
