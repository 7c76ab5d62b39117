import BenchmarkData
import Foundation
import JSONText
import Scoring
import TestSupport
import Testing

/// What VLMEvalKit, NVIDIA's packaging of it and lmms-eval make of invented rows.
struct PromptTests {
    private struct Case {
        let id: String
        let kind: String
        let row: JSON
        let lmmsRow: JSON?
        let expected: JSON
    }

    private func cases() throws -> [Case] {
        let data = try Data(contentsOf: Goldens.file("eval/prompts/cases.json"))
        let json = try data.withUnsafeBytes { try JSON($0) }
        return try #require(json["cases"]?.elements).map {
            Case(
                id: try #require($0["id"]?.text), kind: try #require($0["kind"]?.text), row: try #require($0["row"]),
                lmmsRow: $0["lmms_eval_row"], expected: try #require($0["expected"]))
        }
    }

    private func texts(_ row: JSON) throws -> QuestionTexts {
        let letters = ["A", "B", "C", "D", "E"]
        var options = letters.compactMap { letter in
            row[letter]?.text.map { ScoringItem.Option(letter: letter, text: $0) }
        }
        if let listed = row["options"] ?? row["candidates"] {
            let texts: [String]
            if let literal = listed.text {
                texts = try #require(try PythonLiteral.parse(CodePoints(literal)).elements).map(\.str.text)
            } else {
                texts = try #require(listed.elements).compactMap(\.text)
            }
            options = zip(letters, texts).map { ScoringItem.Option(letter: $0, text: $1) }
        }
        return QuestionTexts(
            question: try #require(row["question"]?.text), options: options, hint: row["hint"]?.text)
    }

    private static let names: [String: [BenchmarkName]] = [
        "mcq": [.ai2d], "mmmu": [.mmmu], "vqa": [.docvqa, .infovqa], "ocrbench": [.ocrbench], "videomme": [.videomme],
    ]

    @Test func equalThePublicKits() throws {
        var compared = 0
        for example in try cases() {
            for benchmark in try #require(Self.names[example.kind]) {
                for (oracle, profile) in [("vlmevalkit", Profile.vlmevalkit), ("nvidia_vlmeval", .vlmevalkit2025)] {
                    let messages = try #require(example.expected[oracle]?.elements)
                    let images = (example.row["_imgs"] ?? example.row["_frames"])?.elements?.compactMap(\.text) ?? []
                    let rules = try #require(profile.prompts(benchmark))
                    let (parts, places) = try rules.parts(texts(example.row), images: images.count)
                    let made = parts.map { part in
                        switch part {
                        case .text(let text): ["text", text]
                        case .image(let place): ["image", images[places[place]]]
                        }
                    }
                    #expect(
                        made == messages.map { [$0["type"]?.text ?? "", $0["value"]?.text ?? ""] },
                        "\(example.id) \(profile)")
                    compared += 1
                }
            }
            guard let row = example.lmmsRow, let expected = example.expected["lmms_eval"] else { continue }
            let task = try #require(expected["task"]?.text)
            let benchmark = BenchmarkName(rawValue: task) ?? .docvqa
            let rules = try #require(Profile.lmmsEval.prompts(benchmark))
            let (parts, _) = try rules.parts(texts(row), images: 3)
            let text = parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
            #expect(text == expected["text"]?.text, "\(example.id)")
            #expect(parts.first == .image(0), "images come first")
            compared += 1
        }
        #expect(compared == 27)
    }

    @Test func chartsAreAskedAsDocumentsByVLMEvalKit() throws {
        for benchmark in [BenchmarkName.chartqa, .docvqa, .infovqa] {
            let rules = try #require(Profile.vlmevalkit2025.prompts(benchmark))
            #expect(rules.texts == ["{question}\nAnswer the question using a single word or phrase."])
            #expect(rules.maxTokens == 2048)
        }
    }

    /// lmms-eval cuts replies of OCRBench v2 at 128 tokens.
    @Test func limitsOfTokensAreTheProtocols() {
        #expect(Profile.lmmsEval.prompts(.ocrbenchV2)?.maxTokens == 128)
        #expect(Profile.lmmsEval.prompts(.ai2d)?.maxTokens == 16)
        #expect(Profile.official.prompts(.ocrbench)?.maxTokens == 100)
        for benchmark in BenchmarkName.allCases {
            for profile in Profile.allCases {
                #expect((profile.prompts(benchmark) != nil) == profile.rules.scores(benchmark))
            }
        }
    }

    @Test func braceAndMarkInAQuestionAreText() throws {
        let rules = try #require(Profile.vlmevalkit.prompts(.docvqa))
        let (parts, _) = try rules.parts(QuestionTexts(question: "What is {options} {x} <image 1>?"), images: 1)
        #expect(
            parts == [
                .image(0),
                .text("What is {options} {x} <image 1>?\nAnswer the question using a single word or phrase."),
            ])
    }

    @Test func imagesThatTheTextNamesMustBeThere() throws {
        let rules = try #require(Profile.vlmevalkit.prompts(.mmmu))
        for text in ["See <image 3>", "See <image 0>", "See <image x>", "See <image 12>", "See <image "] {
            #expect(throws: PromptFault.self, "\(text)") {
                try rules.parts(QuestionTexts(question: text), images: 2)
            }
        }
        let (parts, places) = try rules.parts(QuestionTexts(question: "No mark"), images: 2)
        #expect(places == [0, 1] && parts.prefix(2) == [.image(0), .image(1)])
        let (again, twice) = try rules.parts(QuestionTexts(question: "<image 2><image 2>"), images: 2)
        #expect(twice == [1, 1])
        #expect(again == [.text("Question: "), .image(0), .image(1), .text("\n")])
        let lmms = try #require(Profile.lmmsEval.prompts(.mmmu))
        #expect(try lmms.parts(QuestionTexts(question: "<image 2> and <image 1>"), images: 3).1 == [0, 1])
    }
}
