// Trees: exact numbers, duplicate keys, and agreement with Foundation on damaged texts.

import Foundation
import JSONText
import Testing

@Suite struct JSONTests {
    private func tree(_ text: String) throws(JSONFault) -> JSON { try tree(Array(text.utf8)) }

    private func tree(_ bytes: [UInt8]) throws(JSONFault) -> JSON {
        try bytes.withUnsafeBufferPointer { (bytes) throws(JSONFault) in try JSON(UnsafeRawBufferPointer(bytes)) }
    }

    @Test func numbersKeepTheirText() throws {
        let numbers: [(String, Int?, Double)] = [
            ("9007199254740993", 9_007_199_254_740_993, 9_007_199_254_740_992), ("64.0", 64, 64), ("-0", 0, 0),
            ("1e2", 100, 100), ("0.1", nil, 0.1), ("1000000000000000019884624838656", nil, 1e30),
        ]
        for (text, whole, double) in numbers {
            let value = try tree(text)
            #expect(value == .number(text))
            #expect(value.wholeNumber == whole)
            #expect(value.double == double)
        }
        #expect(try tree("\"1\"").wholeNumber == nil)
        #expect(try tree("true").double == nil)
    }

    @Test func aKeyStandsOnce() throws {
        #expect(throws: JSONFault(offset: 11, found: "key 'a' twice", expected: "every key once")) {
            try tree(#"{"a":1,"a":2}"#)
        }
        #expect(throws: JSONFault.self) { try tree(#"{"\u0061":1,"a":1}"#) }
        #expect(try tree(#"{"a":{"a":1}}"#)["a"]?["a"] == .number("1"))
        #expect(try tree("[]")["a"] == nil)
    }

    @Test func summariesNameWhatWasFound() throws {
        let summaries = [
            "{\"a\":1}": "an object", "[1,2]": "an array of 2", "\"x\"": "<x>", "null": "null", "false": "false",
            "-1.50": "-1.50",
        ]
        for (text, summary) in summaries { #expect(try tree(text).summary(quoted: { "<\($0)>" }) == summary) }
        #expect(try tree(String(repeating: "1", count: 300)).summary(quoted: \.self).count == 41)
    }

    /// What Foundation makes of the same bytes; a number as its `Double`.
    private func agrees(_ value: JSON, _ other: Any) -> Bool {
        switch value {
        case .object(let members):
            guard let other = other as? [String: Any], other.count == members.count else { return false }
            return members.allSatisfy { key, value in other[key].map { agrees(value, $0) } ?? false }
        case .array(let values):
            guard let other = other as? [Any], other.count == values.count else { return false }
            return zip(values, other).allSatisfy(agrees)
        case .string(let text): return (other as? String).map { $0.utf8.elementsEqual(text.utf8) } ?? false
        case .number: return (other as? NSNumber)?.doubleValue == value.double
        case .bool(let flag): return other as? Bool == flag
        case .null: return other is NSNull
        }
    }

    /// Whatever bytes of a text are changed: what is accepted, Foundation accepts with the same value; what is refused,
    /// it refuses too, but for two liberties that RFC 8259 does not give.
    @Test func agreesWithFoundationOnDamagedTexts() throws {
        let text = #"""
            {"model": {"type": "BPE", "n": [0, -1.25e+3, 7E-2, 10], "ok": true, "no": false, "nil": null},
             "text": "tab\t \"q\" \\ \u00e9\ud83d\ude00 é😀", "deep": [[[{"a": []}, {}]]], "": ""}
            """#
        let original = Array(text.utf8)
        let pieces = Array("{}[]\",:\\ue0123456789+-.tfn \n\u{1}\u{FF}".utf8)
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var accepted = 0, refused = 0
        for round in 0..<20_000 {
            var bytes = original
            for _ in 0..<(round == 0 ? 0 : 1 + random(2)) {
                let place = random(bytes.count)
                switch random(3) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(pieces[random(pieces.count)], at: place)
                default: bytes[place] = pieces[random(pieces.count)]
                }
            }
            let expected = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            do throws(JSONFault) {
                let value = try tree(bytes)
                #expect(expected.map { agrees(value, $0) } == true, "\(String(decoding: bytes, as: UTF8.self))")
                accepted += 1
            } catch {
                // Foundation keeps one of two members of the same name, and passes over a comma after the last item.
                let isTwice = error.expected == "every key once"
                let isLastComma = ["'}' a string", "']' a JSON value"].contains("\(error.found) \(error.expected)")
                #expect(
                    expected == nil || isTwice || isLastComma, "\(error): \(String(decoding: bytes, as: UTF8.self))")
                refused += 1
            }
        }
        #expect(accepted > 1000 && refused > 1000)
    }
}
