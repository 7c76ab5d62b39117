import Foundation
import Scoring
import Testing

/// Python's text rules against what Python 3.11 gave.
struct ComponentTests {
    private func check(_ function: String, least: Int, _ run: (CodePoints) -> PythonValue?) throws {
        var tested = 0
        for example in try Cases.load("components") where example["function"]?.text == CodePoints(function) {
            tested += 1
            let argument = example["args"]?.elements?.first?.text ?? ""
            let found = run(argument)
            let expected = example.at("expected", "result")
            let isEqual =
                switch (found, expected) {
                case (.float(let value)?, let expected?):
                    expected.double.map { $0 == value || $0.isNaN && value.isNaN } ?? false
                default: found == expected
                }
            #expect(
                isEqual,
                "\(example.id) \(function)(\(argument.debug)): \(found?.repr.debug ?? "raises") for \(expected?.repr.debug ?? "raises")"
            )
        }
        #expect(tested >= least)
    }

    @Test func lower() throws { try check("py_lower", least: 31) { .text($0.lowered) } }
    @Test func strip() throws { try check("py_strip", least: 31) { .text($0.stripped) } }
    @Test func split() throws { try check("py_split_whitespace", least: 31) { .list($0.words.map { .text($0) }) } }
    @Test func length() throws { try check("py_len_codepoints", least: 31) { .integer("\($0.count)") } }
    @Test func lengthOfUpper() throws {
        try check("py_len_of_upper", least: 31) { .integer("\($0.countOfUppercase)") }
        try check("py_len_of_upper", least: 31) { .integer("\($0.uppered.count)") }
    }
    @Test func letters() throws { try check("py_isalpha_filter", least: 31) { .text($0.letters) } }
    @Test func float() throws { try check("py_float", least: 39) { PythonFloat.parse($0).map { .float($0) } } }
    @Test func round() throws {
        try check("py_round2", least: 15) { PythonFloat.parse($0).map { .float(PythonFloat.roundedToHundredths($0)) } }
    }
    @Test func literals() throws {
        try check("py_literal_eval", least: 35) { text in
            guard let value = try? PythonLiteral.parse(text) else { return nil }
            var result = PythonDictionary()
            result[.text("type")] = .text(CodePoints(value.typeName))
            result[.text("repr")] = .text(value.repr)
            return .dictionary(result)
        }
    }
    @Test func literalFaults() throws {
        for example in try Cases.load("components") where example["function"]?.text == "py_literal_eval" {
            guard let raises = example.at("expected", "raises")?.text else { continue }
            var fault: PythonFault?
            do { _ = try PythonLiteral.parse(example["args"]?.elements?.first?.text ?? "") } catch { fault = error }
            #expect(fault == (raises == "SyntaxError" ? .syntax : .value), "\(example.id)")
        }
    }
    @Test func stems() throws { try check("nltk_porter_stem", least: 97) { .text(PorterStemmer.stem($0)) } }

    @Test(.enabled(if: Languages.hasWordNet, "Debian's wordnet-base is not installed"))
    func synonyms() throws {
        let wordNet = try #require(Languages.data.wordNet)
        try check("wordnet30_synonyms_no_underscore", least: 21) { word in
            .list(wordNet.synonyms(of: word).map(\.text).sorted(by: Self.byScalars).map { .text(CodePoints($0)) })
        }
    }

    private static func byScalars(_ first: String, _ second: String) -> Bool {
        first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
    }

    @Test(.enabled(if: Languages.jieba != nil, "jieba's folder is not there; name it with MONOCLE_JIEBA"))
    func segments() throws {
        let segmenter = try #require(Languages.data.segmenter)
        try check("jieba_lcut", least: 25) { .list(segmenter.words(of: $0).map { .text($0) }) }
    }

    @Test func figuresOfLongTexts() throws {
        var tested = 0
        for example in try Cases.load("components") {
            let arguments = example["args"]?.elements ?? []
            // NLTK takes the reference first for all three.
            guard arguments.count == 2, let gold = arguments[0].elements?.compactMap(\.text),
                let tokens = arguments[1].elements?.compactMap(\.text)
            else { continue }
            let found: Double?
            switch example["function"]?.text {
            case "nltk_sentence_bleu_default": found = BLEU.score(tokens, reference: gold)
            case "nltk_meteor":
                guard let wordNet = Languages.data.wordNet else { continue }
                found = METEOR.score(tokens, reference: gold, synonyms: wordNet.synonyms(of:))
            case "nltk_f_measure_sets":
                let (first, second) = (Set(tokens), Set(gold))
                let common = Double(first.intersection(second).count)
                found = LongText.harmonic(
                    first.isEmpty ? nil : common / Double(first.count),
                    second.isEmpty ? nil : common / Double(second.count))
            default: continue
            }
            tested += 1
            let expected = example.at("expected", "result")?.double
            #expect(
                found == expected || abs((found ?? .nan) - (expected ?? .nan)) <= 1e-9,
                "\(example.id): \(found ?? .nan) for \(expected ?? .nan)")
        }
        #expect(tested >= 24)
    }

    @Test func textOfValues() throws {
        try check("py_str_of_json_value", least: 16) { (try? PythonJSON.parse($0)).map { .text($0.str) } }
    }
}

extension CodePoints {
    /// With its invisible code points spelled out.
    var debug: String { scalars.map { $0.escaped(asASCII: true) }.joined() }
}
