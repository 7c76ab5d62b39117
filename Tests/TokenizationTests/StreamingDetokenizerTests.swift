// Streaming text against Hugging Face's DecodeStream, and against decoding everything at once.

import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct StreamingDetokenizerTests {
    private func checkStreams(_ tokenizer: Tokenizer, _ cases: TokenizerCases) {
        let streams =
            cases.encode.compactMap { item in item.stream.map { (item.ids, $0) } }
            + cases.decode_random_ids.map { ($0.ids, $0.stream) }
        #expect(streams.count > 400)
        for (ids, expected) in streams {
            var stream = StreamingDetokenizer(tokenizer, skipSpecial: false)
            #expect(ids.map { stream.append($0) } == expected, "\(ids)")
        }
    }

    @Test func equalsDecodeStreamOnTheTinyVocabulary() throws {
        checkStreams(
            try Tokenizer(contentsOf: Fixture.tokenizer),
            try TokenizerCases(Fixture.folder.appending(path: "cases.json")))
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func equalsDecodeStreamOnTheLargeVocabulary() throws {
        let goldens = try #require(Goldens.full)
        checkStreams(
            try Tokenizer(contentsOf: goldens.appending(path: "tokenizer-large/tokenizer.json")),
            try TokenizerCases(goldens.appending(path: "tokenizer/large.json")))
    }

    @Test(arguments: [false, true])
    func piecesJoinToTheWholeText(skipSpecial: Bool) throws {
        let tokenizer = try Tokenizer(contentsOf: Fixture.tokenizer)
        var random = Random(state: 2)
        for _ in 0..<3000 {
            let count = Int.random(in: 0...24, using: &random)
            let ids = (0..<count).map { _ in Int32.random(in: 0..<500, using: &random) }
            var stream = StreamingDetokenizer(tokenizer, skipSpecial: skipSpecial)
            var text = ""
            for id in ids { text += stream.append(id) ?? "" }
            text += stream.finish() ?? ""
            #expect(Array(text.utf8) == Array(tokenizer.decode(ids, skipSpecial: skipSpecial).utf8), "\(ids)")
            #expect(stream.finish() == nil)
        }
    }
}
