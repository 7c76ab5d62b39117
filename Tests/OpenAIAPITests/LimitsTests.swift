// The table of limits: every key has a rule that holds for its own default.

import OpenAIAPI
import Testing

@Suite struct LimitsTests {
    @Test(arguments: Limits.Key.allCases)
    func everyLimitIsInItsRange(key: Limits.Key) throws {
        let rule = key.rule
        #expect(rule.range.contains(rule.standard))
        #expect(Limits()[key] == rule.standard)
        var limits = Limits()
        try limits.set(key, rule.range.lowerBound)
        try limits.set(key, rule.range.upperBound)
        #expect(limits[key] == rule.range.upperBound)
        #expect(throws: LimitError.self) { try limits.set(key, rule.range.lowerBound - 1) }
        #expect(throws: LimitError.self) { try limits.set(key, rule.range.upperBound + 1) }
    }
}
