// Regular expressions against Python's `re.fullmatch` (re.ASCII), and what is refused.

import Testing

@testable import Grammar

struct RegexTests {
    @Test func agreesWithPython() throws {
        var matches = 0
        for item in try fixture("patterns.json", as: [PatternCase].self) {
            guard let grammar = try Grammar.satisfiable(.regex(item.pattern)) else {
                #expect(!item.texts.contains { $0.isValid }, "\(item.pattern)")
                continue
            }
            for text in item.texts {
                #expect(
                    grammar.accepts(text.text) == text.isValid,
                    "\(item.pattern.debugDescription) on \(text.text.debugDescription)")
                matches += text.isValid ? 1 : 0
            }
        }
        #expect(matches > 500)
    }

    @Test func walksAreUTF8AndAccepted() throws {
        var generator = Seeded(state: 1)
        for pattern in [".{3,6}", "[^a]+", "(\\W|日本)*x", "\\S{2}", "[é-\u{1F600}]{2}"] {
            let grammar = try Grammar(.regex(pattern))
            let distances = grammar.distances()
            for _ in 0..<200 {
                let bytes = try grammar.walk(patience: 20, distances: distances, &generator)
                #expect(String(validating: bytes, as: UTF8.self) != nil, "\(pattern) \(bytes)")
                #expect(grammar.accepts(bytes))
            }
        }
    }

    @Test(arguments: [
        ("(?=a)b", "lookahead"), ("(?!a)b", "lookahead"), ("(?<=a)b", "lookbehind"), ("(?<!a)b", "lookbehind"),
        ("(a)\\1", "backreference"), ("(?P<x>a)\\k<x>", "backreference"), ("\\bword\\b", "word border"),
        ("\\p{L}+", "Unicode property"), ("(?i)a", "kind"), ("a++", "possessive"), ("\\Aa", "anchor"),
        ("a**", "quantifier upon a quantifier"), ("*a", "nothing to repeat"), ("(a", "without its ')'"),
        ("a)", "without its '('"), ("[a", "without its ']'"), ("[z-a]", "reversed"), ("a{3,1}", "reversed"),
        ("[]", "empty class"), ("\\q", "not supported"), ("a{,3}", "write {0,n}"), ("\\xZ", "hexadecimal"),
        ("\\ud800", "surrogate"), ("(^a)", "anchor"), ("a^b", "anchor"), ("a$b", "anchor"), ("^*a", "anchor"),
        ("a\\", "at its end"),
    ])
    func refusesByName(_ pattern: String, _ word: String) throws {
        let error = #expect(throws: GrammarError.self) { try Grammar(.regex(pattern)) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test func acceptsTheSameLanguageHoweverItIsSpelled() throws {
        for (first, second) in [
            ("a+?b", "a+b"), ("(?:ab)*", "(?<name>ab)*"), ("^ab$", "ab"), ("[\\d]", "[0-9]"), ("a{2}", "aa"),
            ("a{", "a\\{"), ("^a|b$", "a|b"), ("a{0}b", "b"),
        ] {
            let one = try Grammar(.regex(first)), other = try Grammar(.regex(second))
            for text in ["", "a", "b", "ab", "aa", "aab", "abab", "5", "a{", "aaa"] {
                #expect(one.accepts(text) == other.accepts(text), "\(first) \(text)")
            }
        }
    }

    @Test(arguments: [
        "(a{1000}){1000}", "((a{100}){100}){100}", "(a|b)*a(a|b){40}", "((((a?){99}){99}){99}){99}",
        "(()*){99999}{1}", String(repeating: "(", count: 1000) + String(repeating: ")", count: 1000),
        "(.{0,9999}){0,9999}",
    ])
    func hugeIsRefusedQuickly(_ pattern: String) {
        let time = ContinuousClock().measure {
            #expect(throws: GrammarError.self) { try Grammar(.regex(pattern)) }
        }
        #expect(time < .seconds(20))  // far above what it takes: the bound is on steps, not on time
    }

    @Test func evilExpressionsAreLinear() throws {
        let grammar = try Grammar(.regex("(a+)+b"))
        #expect(!grammar.accepts(String(repeating: "a", count: 100_000)))
        #expect(grammar.accepts(String(repeating: "a", count: 100_000) + "b"))
    }

    @Test func choices() throws {
        let grammar = try Grammar(.choice(["yes", "no", "nobody", "größe"]))
        for text in ["yes", "no", "nobody", "größe"] { #expect(grammar.accepts(text)) }
        for text in ["", "y", "nob", "yesno", "grö"] { #expect(!grammar.accepts(text)) }
        #expect(throws: GrammarError.self) { try Grammar(.choice([])) }
        #expect(throws: GrammarError.self) { try Grammar(.choice(["a", ""])) }
    }
}
