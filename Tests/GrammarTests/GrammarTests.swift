// Properties of every grammar: it never gets stuck, masks are right, nesting and size are bounded, nothing traps.

import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Grammar

struct GrammarTests {
    static let tree = """
        {"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"v":{"type":"array","items":{"$ref":"#/$defs/u"},\
        "minItems":1}},"required":["v"]},"u":{"anyOf":[{"$ref":"#/$defs/t"},{"type":"object","properties":{"w":\
        {"type":"array","maxItems":2}},"required":["w"]},{"type":"null"}]}}}
        """

    /// From every state of the automaton that a walk greedy for nesting meets, the end can be reached.
    @Test(arguments: [1, 2, 3, 4, 5, 8, 32, 63])
    func nestingIsBoundedAndNeverTraps(_ nesting: Int) throws {
        var limits = GrammarLimits()
        limits.nesting = nesting
        var generator = Seeded(state: UInt64(nesting))
        for schema in ["{}", #"{"type":"object"}"#, Self.tree] {
            guard nesting > 1 || schema != Self.tree else {
                #expect(throws: GrammarError.limit(name: "nesting", found: "at least 2", limit: 1)) {
                    try Grammar(schema: schema, limits: limits)
                }
                continue
            }
            let grammar = try Grammar(schema: schema, limits: limits)
            for _ in 0..<30 {
                var deepest = 0
                var position = Position()
                // As deep as it goes, then the shortest way out by random choice.
                for _ in 0..<2000 {
                    let allowed = grammar.allowedBytes(position)
                    let opening = allowed.filter { byte in
                        var next = position
                        return next.take(byte, in: grammar.automaton) && next.stack.count > position.stack.count
                    }
                    let other = allowed.filter { ![0x7D, 0x5D, 0x20, 0x0A, 0x5C].contains($0) && $0 < 0x7F }
                    let next = !opening.isEmpty ? opening : other.contains(0x22) ? [0x22] : other
                    guard let byte = next.randomElement(using: &generator) else { break }
                    _ = position.take(byte, in: grammar.automaton)
                    deepest = max(deepest, position.stack.count)
                    if deepest == nesting, position.stack.count == nesting { break }
                }
                #expect(deepest == nesting || schema == Self.tree && deepest >= nesting - 1)
                var steps = 0
                while !grammar.isComplete(position) {
                    let allowed = grammar.allowedBytes(position)
                    let closing = allowed.filter { [0x22, 0x5D, 0x7D, 0x6E].contains($0) }
                    let byte = try #require((closing.isEmpty ? allowed : closing).randomElement(using: &generator))
                    _ = position.take(byte, in: grammar.automaton)
                    steps += 1
                    try #require(steps < 100_000)
                }
            }
        }
    }

    static let sources: [GrammarSource] = [
        .jsonObject, .regex("[a-z]{2,5}(é|日本| )*\\d+"), .choice(["yes", "no", "none of these"]),
        .jsonSchema(Array(tree.utf8)), .jsonSchema(Array("{}".utf8)),
        .jsonSchema(
            Array(
                #"{"type":"object","properties":{"name":{"type":"string","maxLength":5},"n":{"type":"number"},"d":{"type":"string","format":"date"}},"required":["name","n"]}"#
                    .utf8)),
    ]

    /// The walk of the trie allows a token exactly when its bytes, one by one, are allowed.
    @Test(arguments: sources.indices)
    func masksEqualBruteForce(_ index: Int) throws {
        let tokenizer = try Tokenizer(contentsOf: Goldens.file("tokenizer/tokenizer.json"))
        var generator = Seeded(state: UInt64(index))
        var tokens = (0..<Int32(tokenizer.count)).map { tokenizer.isSpecial($0) ? [] : Array(tokenizer.bytes(of: $0)) }
        let letters = Array("{}[]\":, \n\\aen01é日".utf8)
        for _ in 0..<600 {
            tokens.append(
                (0..<Int.random(in: 1...7, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? 0
                })
        }
        tokens.append(Array("}}}}}}}}}}]]]]]]".utf8))
        tokens.append([])
        let ends: [Int32] = [3, 5, Int32(tokens.count - 1), 1_000_000, -4]
        let vocabulary = TokenVocabulary(tokens: tokens, ends: ends)
        #expect(vocabulary.ends == [3, 5, Int32(tokens.count - 1)])
        let grammar = try Grammar(Self.sources[index])
        let masks = TokenMasks(grammar, for: vocabulary, capacity: 8)
        for turn in 0..<4 {
            var matcher = masks.matcher()
            for _ in 0..<40 {
                let mask = matcher.allowedTokens()
                #expect(mask == matcher.allowedTokens())
                var allowed: [Int32] = []
                for id in Int32(0)..<Int32(tokens.count) {
                    var copy = matcher
                    let isAllowed = copy.accept(id)
                    #expect(mask.contains(id) == isAllowed, "token \(tokens[Int(id)])")
                    if isAllowed, !vocabulary.ends.contains(id) { allowed.append(id) }
                }
                #expect(mask.contains(3) == matcher.isComplete)
                #expect(mask.count > 0)
                #expect(!mask.contains(-1) && !mask.contains(Int32(tokens.count)) && !mask.contains(.max))
                let deep = allowed.filter { tokens[Int($0)].contains(0x7B) || tokens[Int($0)].contains(0x5B) }
                let pool = turn % 2 == 0 || deep.isEmpty ? allowed : deep
                guard let id = pool.randomElement(using: &generator) else { break }
                let isTaken = matcher.accept(id)
                #expect(isTaken)
            }
        }
    }

    @Test func forcedBytesAreTheOnlyWay() throws {
        let schema = #"{"type":"object","properties":{"invoice":{"enum":["paid","pending"]}},"required":["invoice"]}"#
        let vocabulary = TokenVocabulary(tokens: (0...255).map { [UInt8($0)] }, ends: [])
        var matcher = TokenMasks(try Grammar(schema: schema), for: vocabulary).matcher()
        func take(_ text: String) -> Bool { matcher.accept(bytes: Array(text.utf8)) }
        func forced(limit: Int = 256) -> String { String(decoding: matcher.forcedBytes(limit: limit), as: UTF8.self) }
        #expect(forced() == "{")
        #expect(take("{\""))
        #expect(forced() == "invoice\":")
        #expect(forced(limit: 3) == "inv")
        #expect(!take("x"))
        #expect(take("invoice\":\"p"))
        #expect(forced() == "")
        #expect(take("e"))
        #expect(forced() == "nding\"")
        let before = matcher
        #expect(take("nding\"}"))
        #expect(matcher.isComplete && !before.isComplete)
        #expect(forced() == "")
    }

    @Test func limitsNameThemselves() throws {
        var limits = GrammarLimits()
        limits.sourceBytes = 100
        limits.states = 50
        let long = #"{"type":"string","description":"\#(String(repeating: "x", count: 100))"}"#
        #expect(throws: GrammarError.limit(name: "length of the schema", found: "\(long.utf8.count) bytes", limit: 100))
        {
            try Grammar(schema: long, limits: limits)
        }
        #expect(throws: GrammarError.limit(name: "number of states", found: "more than 50", limit: 50)) {
            try Grammar(.regex("[a-f]{60}"), limits: limits)
        }
        #expect(throws: GrammarError.limit(name: "number of nodes", found: "more than 200", limit: 200)) {
            try Grammar(.regex("[a-f]{300}"), limits: limits)
        }
        #expect(throws: GrammarError.self) {
            try Grammar(.choice([String(repeating: "a", count: 101)]), limits: limits)
        }
        let many = (0..<8000).map { "\"v\($0)\"" }.joined(separator: ",")
        #expect(try Grammar(schema: #"{"enum":[\#(many)]}"#).accepts("\"v7999\""))
        let deep = String(repeating: #"{"type":"array","items":"#, count: 60) + "{}" + String(repeating: "}", count: 60)
        #expect(try Grammar(schema: deep).accepts("[]"))
    }

    /// Whatever the bytes, compiling ends with a grammar or an error.
    @Test func compilingNeverTraps() throws {
        var generator = Seeded(state: 9)
        var limits = GrammarLimits()
        limits.states = 2000
        limits.steps = 200_000
        let cases = try fixture("schemas.json", as: [SchemaCase].self).map { Array($0.schema.utf8) }
        var compiled = 0, refused = 0
        func attempt(_ source: GrammarSource) {
            do {
                let grammar = try Grammar(source, limits: limits)
                compiled += 1
                #expect(grammar.isComplete(Position()) || !grammar.allowedBytes(Position()).isEmpty)
            } catch {
                refused += 1
                #expect(!error.description.isEmpty)
            }
        }
        for turn in 0..<1200 {
            var bytes = cases[turn % cases.count]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: Array("\(Int.random(in: -3...99, using: &generator))".utf8), at: place)
                default:
                    let other = cases.randomElement(using: &generator) ?? []
                    bytes.insert(contentsOf: other, at: place)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            attempt(.jsonSchema(bytes))
            let letters = Array("ab[]()*+?{}|\\^$.,-0123dwsSuxé:=!<>")
            attempt(
                .regex(
                    String(
                        (0..<Int.random(in: 1...14, using: &generator)).map { _ in
                            letters.randomElement(using: &generator) ?? "a"
                        })))
        }
        let keywords = [
            "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "items", "prefixItems", "minItems",
            "maxItems", "properties", "required", "additionalProperties", "anyOf", "oneOf", "allOf", "$ref", "pattern",
            "format", "not", "nullable",
        ]
        func soup(_ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
            case 0: return "\(Int.random(in: -9...9, using: &generator))"
            case 1:
                return ["\"string\"", "\"object\"", "\"array\"", "\"#\"", "\"integer\""].randomElement(
                    using: &generator) ?? ""
            case 2: return ["true", "false", "null", "1e300", "-0.5", "1e-9"].randomElement(using: &generator) ?? ""
            case 3: return "[]"
            case 4: return "{}"
            case 5:
                return "[" + (0..<2).map { _ in soup(depth - 1) }.joined(separator: ",") + "]"
            default:
                let keys = Set((0..<4).compactMap { _ in keywords.randomElement(using: &generator) })
                return "{" + keys.sorted().map { "\"\($0)\":" + soup(depth - 1) }.joined(separator: ",") + "}"
            }
        }
        for _ in 0..<2500 { attempt(.jsonSchema(Array(soup(4).utf8))) }
        #expect(compiled > 300)
        #expect(refused > 300)
    }
}
