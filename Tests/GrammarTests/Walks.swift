// Random answers of a grammar, and the fixtures other implementations judged. Knows no expected results.

import Foundation
import TestSupport

@testable import Grammar

/// A seeded generator (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

struct SchemaCase: Decodable {
    let schema: String
    let documents: [Judged]
}

struct PatternCase: Decodable {
    let pattern: String
    let texts: [Judged]
}

/// A text and whether the other implementation took it.
struct Judged: Decodable {
    let text: String
    let isValid: Bool

    init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        text = try values.decode(String.self)
        isValid = try values.decode(Bool.self)
    }
}

func fixture<Value: Decodable>(_ name: String, as type: [Value].Type) throws -> [Value] {
    try JSONDecoder().decode(type, from: Data(contentsOf: Goldens.file("grammar/\(name)")))
}

extension Grammar {
    init(schema: String, limits: GrammarLimits = GrammarLimits()) throws(GrammarError) {
        try self.init(.jsonSchema(Array(schema.utf8)), limits: limits)
    }

    /// The grammar of a source; nil when nothing satisfies it.
    static func satisfiable(_ source: GrammarSource) throws -> Grammar? {
        do throws(GrammarError) {
            return try Grammar(source)
        } catch {
            if case .unsatisfiable = error { return nil }
            throw error
        }
    }

    func accepts(_ text: String) -> Bool { accepts(Array(text.utf8)) }

    func allowedBytes(_ position: Position) -> [UInt8] {
        (UInt8.min...UInt8.max).filter { byte in
            var next = position
            return next.take(byte, in: automaton)
        }
    }

    /// For each state about how many bytes its end is away: that of the answer, or that of the object or array it is in.
    /// A state from which no end can be reached has `Int.max`.
    func distances() -> [Int] {
        var result = [Int](repeating: .max, count: automaton.stateCount)
        var isChanged = true
        while isChanged {
            isChanged = false
            for state in result.indices.reversed() where result[state] > 0 {
                var least = automaton.accepting[state] ? 0 : Int.max
                for byte in UInt8.min...UInt8.max {
                    least = min(least, distance(Int32(state), byte, result))
                }
                if least < result[state] {
                    result[state] = least
                    isChanged = true
                }
            }
        }
        return result
    }

    private func distance(_ state: Int32, _ byte: UInt8, _ known: [Int]) -> Int {
        switch automaton.move(state, byte) {
        case .refuse: return .max
        case .pop: return 1
        case .go(let next): return known[Int(next)] == .max ? .max : 1 + known[Int(next)]
        case .push(let site, let wide, let narrow):
            let inside = [wide, narrow].filter { $0 >= 0 }.map { known[Int($0)] }.min() ?? Int.max
            let range = Int(automaton.returnStart[Int(site)])..<Int(automaton.returnStart[Int(site) + 1])
            let after = automaton.returns[range].map { known[Int($0.state)] }.min() ?? Int.max
            return inside == .max || after == .max ? .max : 1 + inside + after
        }
    }

    enum Stuck: Error { case noByte(after: String), noEnd(String) }

    /// An answer made of random bytes the grammar allows, hurrying to its end after `patience` bytes.
    func walk(patience: Int, distances: [Int], _ generator: inout Seeded) throws -> [UInt8] {
        var position = Position()
        var bytes: [UInt8] = []
        while bytes.count < 100_000 {
            let isHurried = bytes.count >= patience
            if isComplete(position), isHurried || generator.next() % 4 == 0 { return bytes }
            var allowed = allowedBytes(position)
            if allowed.isEmpty, isComplete(position) { return bytes }
            if isHurried {
                let ways = allowed.map { distance(position.state, $0, distances) }
                let least = ways.min() ?? 0
                allowed = zip(allowed, ways).filter { $0.1 == least }.map(\.0)
            }
            // Half of the time what can be read, or strings would hold little but rare scalars.
            let plain = allowed.filter { (0x20...0x7E).contains($0) }
            let pool = !plain.isEmpty && generator.next() % 2 == 0 ? plain : allowed
            guard let byte = pool.randomElement(using: &generator) else {
                throw Stuck.noByte(after: String(decoding: bytes, as: UTF8.self))
            }
            _ = position.take(byte, in: automaton)
            bytes.append(byte)
        }
        throw Stuck.noEnd(String(decoding: bytes.prefix(200), as: UTF8.self))
    }
}
