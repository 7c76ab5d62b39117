// JSON Schema against Python's jsonschema, and what is refused or documented.

import Foundation
import JSONText
import Testing

@testable import Grammar

struct SchemaTests {
    /// Documents written in the schema's order are accepted exactly when jsonschema accepts them, given that silence
    /// about further properties forbids them.
    @Test func agreesWithJSONSchema() throws {
        var valid = 0, invalid = 0
        for item in try fixture("schemas.json", as: [SchemaCase].self) {
            guard let grammar = try Grammar.satisfiable(.jsonSchema(Array(item.schema.utf8))) else {
                #expect(!item.documents.contains { $0.isValid }, "\(item.schema)")
                continue
            }
            for document in item.documents {
                #expect(grammar.accepts(document.text) == document.isValid, "\(item.schema) on \(document.text)")
                if document.isValid { valid += 1 } else { invalid += 1 }
            }
        }
        #expect(valid > 1000)
        #expect(invalid > 1000)
    }

    /// Answers the grammar makes are JSON. `MONOCLE_GRAMMAR_WALKS=FILE` writes them for `make.py walks FILE`, which
    /// has jsonschema judge them.
    @Test func answersAreJSON() throws {
        var generator = Seeded(state: 2)
        var lines = ""
        for item in try fixture("schemas.json", as: [SchemaCase].self) {
            guard let grammar = try Grammar.satisfiable(.jsonSchema(Array(item.schema.utf8))) else { continue }
            let distances = grammar.distances()
            #expect(!distances.contains(.max), "\(item.schema) has a state without a way out")
            for turn in 0..<12 {
                let bytes = try grammar.walk(patience: turn * 20, distances: distances, &generator)
                let text = try #require(String(validating: bytes, as: UTF8.self))
                #expect(grammar.accepts(bytes))
                // Keys that the schema does not name are not remembered and may come twice.
                if let fault = Self.fault(in: bytes) {
                    #expect(fault.expected == "every key once", "\(text)")
                    continue
                }
                let encoder = JSONEncoder()
                let schema = try String(decoding: encoder.encode(item.schema), as: UTF8.self)
                let answer = try String(decoding: encoder.encode(text), as: UTF8.self)
                lines += schema + "\t" + answer + "\n"
            }
        }
        if let path = ProcessInfo.processInfo.environment["MONOCLE_GRAMMAR_WALKS"] {
            try lines.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    private static func fault(in bytes: [UInt8]) -> JSONFault? {
        bytes.withUnsafeBytes { text in
            do throws(JSONFault) {
                _ = try JSON(text)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test(arguments: [
        (#"{"type":"array","uniqueItems":true}"#, "uniqueItems"), (#"{"not":{}}"#, "not"),
        (#"{"type":"object","patternProperties":{}}"#, "patternProperties"), (#"{"if":{}}"#, "if"),
        (#"{"type":"integer","multipleOf":3}"#, "multipleOf"), (#"{"type":"string","format":"iri"}"#, "format"),
        (#"{"properties":{"a":{"contains":{}}}}"#, "contains"), (#"{"minProperties":1}"#, "minProperties"),
        (#"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#, "oneOf"), (#"{"propertyNames":{}}"#, "propertyNames"),
        (#"{"dependentRequired":{}}"#, "dependentRequired"), (#"{"unevaluatedProperties":false}"#, "unevaluated"),
        (#"{"type":"string","nonsense":1}"#, "nonsense"),
    ])
    func refusesKeywordsByName(_ schema: String, _ keyword: String) {
        let error = #expect(throws: GrammarError.self) { try Grammar(schema: schema) }
        guard case .unsupported(let name, _, _) = error else {
            Issue.record("\(schema): \(String(describing: error))")
            return
        }
        #expect(name.hasPrefix(keyword))
    }

    @Test(arguments: [
        #"{"type":"integer","minimum":5,"maximum":3}"#,
        #"{"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":2}"#,
        #"{"type":"number","exclusiveMinimum":1,"maximum":1}"#, #"{"type":"string","minLength":3,"maxLength":2}"#,
        #"{"enum":[]}"#, "false", #"{"type":"string","const":1}"#, #"{"allOf":[{"type":"string"},{"type":"null"}]}"#,
        #"{"type":"array","items":false,"minItems":1}"#, #"{"type":"array","minItems":3,"maxItems":2}"#,
        #"{"type":"object","properties":{"a":false},"required":["a"]}"#,
        #"{"type":"object","properties":{},"additionalProperties":false,"required":["a"]}"#,
        ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##,
        ##"{"type":"array","items":{"$ref":"#"},"minItems":1}"##,
        #"{"type":"string","pattern":"^a$","minLength":2}"#, #"{"enum":["b"],"pattern":"^a"}"#,
        #"{"allOf":[{"type":"string","pattern":"^a$"},{"pattern":"^b$"}]}"#, #"{"type":[]}"#,
    ])
    func refusesTheUnsatisfiable(_ schema: String) {
        let error = #expect(throws: GrammarError.self) { try Grammar(schema: schema) }
        guard case .unsatisfiable = error else {
            Issue.record("\(schema): \(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        "", "{", "[]", "1", #"{"type":"text"}"#, #"{"type":1}"#, #"{"anyOf":[]}"#, #"{"required":"a"}"#,
        #"{"minLength":-1}"#, #"{"maxItems":1.5}"#, #"{"properties":[]}"#, ##"{"$ref":"#/nowhere"}"##,
        ##"{"$ref":"#"}"##,
        ##"{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}}}"##, #"{"$ref":"http://x/y"}"#,
        #"{"pattern":"("}"#, #"{"type":"string","type":"null"}"#, #"{"a":"\ud800"}"#, #"{"minimum":"1"}"#,
    ])
    func refusesTheMalformed(_ schema: String) {
        #expect(throws: GrammarError.self) { try Grammar(schema: schema) }
    }

    @Test func whatTheDocumentationSays() throws {
        let person = try Grammar(
            schema: #"{"type":"object","properties":{"b":{"type":"integer"},"a":{"type":"string"}},"required":["b"]}"#)
        #expect(person.accepts(#"{"b":1}"#))
        #expect(person.accepts(#"{"b": 1, "a": "x"}"#))
        #expect(person.accepts("{\n  \"b\": 1,\n  \"a\": \"\\u00e9\\ud83d\\ude00\"\n}"))
        for text in [
            #"{"a":"x","b":1}"#, #"{}"#, #"{"b":1,}"#, #"{"b":1,"c":2}"#, #"{"b":1.0}"#, #"{"b" :1}"#, #"{"b":01}"#,
            #"{"b":  1}"#, "{\"b\":1}\n", #"{"b":1,"a":"\ud800"}"#, "{\"b\":1,\"a\":\"\n\"}", #"{"b":1,"b":1}"#,
        ] {
            #expect(!person.accepts(text), "\(text)")
        }
        let number = try Grammar(schema: #"{"type":"number"}"#)
        for text in ["0", "-0", "1e199", "1.5E-3", String(repeating: "9", count: 32)] { #expect(number.accepts(text)) }
        for text in ["1e200", "+1", ".5", "1.", "NaN", String(repeating: "9", count: 33)] {
            #expect(!number.accepts(text))
        }
        let nullable = try Grammar(schema: #"{"type":"string","nullable":true,"enum":["a",null]}"#)
        #expect(nullable.accepts("null"))
        #expect(nullable.accepts(#""a""#))
    }

    /// Every integer near the bounds, both ways of writing them.
    @Test func integerBoundsAreExact() throws {
        for (low, high) in [(-120, 1005), (0, 0), (-1, 1), (99, 101), (-1000, -998), (7, 70_000), (-5, -5)] {
            let grammar = try Grammar(schema: #"{"type":"integer","minimum":\#(low),"maximum":\#(high)}"#)
            let open = try Grammar(
                schema: #"{"type":"number","exclusiveMinimum":\#(low).5,"exclusiveMaximum":\#(high + 1).5e0}"#)
            for value in [low - 1200...low + 1200, high - 1200...high + 1200].joined() {
                #expect(grammar.accepts("\(value)") == (value >= low && value <= high))
                let bound = low < 0 ? Double(low) - 0.5 : Double(low) + 0.5
                let upper = high + 1 < 0 ? Double(high + 1) - 0.5 : Double(high + 1) + 0.5
                #expect(open.accepts("\(value).25") == (inRange(value, bound, upper)), "\(low) \(high) \(value)")
            }
        }
        func inRange(_ value: Int, _ low: Double, _ high: Double) -> Bool {
            guard let number = Double("\(value).25") else { return false }
            return number > low && number < high
        }
    }
}
