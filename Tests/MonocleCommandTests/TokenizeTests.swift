import Foundation
import Testing

struct TokenizeTests {
    @Test func stringsBecomeIDsAndBack() throws {
        let model = ["--model", Program.checkpoint("bf16")]
        let texts = ["Hello, world", "Gr\u{fc}\u{df}e \u{1F600}", "a\nb", "<|eot_id|>", ""]
        let lines = try texts.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        let encoded = try Program.run(["tokenize"] + model, input: lines.joined(separator: "\n"))
        #expect(encoded.code == 0)
        let rows = encoded.output.split(separator: "\n")
        #expect(rows.count == texts.count && rows[4] == "[]")
        let decoded = try Program.run(["tokenize", "--decode"] + model, input: encoded.output)
        let back = try decoded.output.split(separator: "\n").map {
            try JSONDecoder().decode(String.self, from: Data($0.utf8))
        }
        #expect(back == texts)
    }

    @Test func controlTokensAreParsedOnlyWhenAsked() throws {
        let model = ["--model", Program.checkpoint("bf16")]
        let input = #""<|eot_id|>""#
        let plain = try Program.run(["tokenize"] + model, input: input).output
        let special = try Program.run(["tokenize", "--special"] + model, input: input).output
        #expect(special == "[456]\n" && plain != special)
        let hidden = try Program.run(["tokenize", "--decode"] + model, input: special).output
        let shown = try Program.run(["tokenize", "--decode", "--special"] + model, input: special).output
        #expect(hidden == "\"\"\n" && shown == "\"<|eot_id|>\"\n")
    }
}
