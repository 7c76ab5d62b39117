// libFuzzer harness of grammars: schemas and regular expressions to automata, and a way through each that compiles.
//
// The first byte chooses; the second leads the way through the automaton.

import Grammar

private let limits: GrammarLimits = {
    var limits = GrammarLimits()
    limits.states = 4000
    limits.steps = 400_000
    return limits
}()
private let vocabulary = TokenVocabulary(tokens: (0...255).map { [UInt8($0)] }, ends: [])

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard count >= 2 else { return 0 }
    let bytes = Array(input.dropFirst(2))
    let isSchema = input[0] < 160
    check(isSchema ? .jsonSchema(bytes) : .regex(String(decoding: bytes, as: UTF8.self)), Int(input[1]))
    return 0
}

/// A source is refused with a message, or no answer to it gets stuck.
private func check(_ source: GrammarSource, _ lead: Int) {
    do throws(GrammarError) {
        let grammar = try Grammar(source, limits: limits)
        var matcher = TokenMasks(grammar, for: vocabulary, capacity: 2).matcher()
        for step in 0..<64 {
            let mask = matcher.allowedTokens()
            let allowed = (0..<Int32(256)).filter(mask.contains)
            precondition(!allowed.isEmpty || matcher.isComplete)
            if allowed.isEmpty { return }
            let isTaken = matcher.accept(allowed[(step &* 31 &+ lead) % allowed.count])
            precondition(isTaken)
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
}
