import Engine
import Testing

struct SamplerTests {
    private func next(_ sampler: inout Sampler, _ logits: [Float]) -> Int32? {
        logits.withUnsafeBufferPointer { sampler.next($0) }
    }

    @Test func greedyTakesTheLargestAndTheLowestOfEquals() {
        var sampler = Sampler(SamplingParameters(), prompt: [])
        #expect(next(&sampler, [1, 3, 2]) == 1)
        #expect(next(&sampler, [5, 5, 5]) == 0)
        #expect(next(&sampler, [-.infinity, -4]) == 1)
    }

    @Test func nonFiniteLogitsGiveNoToken() {
        for temperature in [Float(0), 1] {
            var sampler = Sampler(SamplingParameters(temperature: temperature), prompt: [])
            #expect(next(&sampler, [1, .nan, 2]) == nil)
            #expect(next(&sampler, [1, .infinity, 2]) == nil)
            #expect(next(&sampler, [-.infinity, -.infinity]) == nil)
        }
    }

    @Test func sameSeedSameTokens() {
        let parameters = SamplingParameters(temperature: 1, seed: 7)
        var (a, b) = (Sampler(parameters, prompt: []), Sampler(parameters, prompt: []))
        let logits = (0..<50).map { Float($0 % 7) }
        let first = (0..<100).map { _ in next(&a, logits) }
        #expect(first == (0..<100).map { _ in next(&b, logits) })
        #expect(Set(first).count > 10)
    }

    @Test func frequenciesFollowTheSoftmax() {
        var sampler = Sampler(SamplingParameters(temperature: 0.5, seed: 1), prompt: [])
        var counts = [0, 0, 0]
        for _ in 0..<20_000 { counts[Int(next(&sampler, [0, 0.5, 1]) ?? 0)] += 1 }
        // At temperature 0.5 the odds are 1 : e : e^2.
        let expected = [0.0900, 0.2447, 0.6652]
        for (count, share) in zip(counts, expected) { #expect(abs(Double(count) / 20_000 - share) < 0.015) }
    }

    @Test func truncationKeepsOnlyTheLikely() {
        let logits: [Float] = [0, 1, 2, 3]  // shares 0.032, 0.087, 0.237, 0.644
        let cases: [(SamplingParameters, Set<Int32>)] = [
            (SamplingParameters(temperature: 1, topK: 1), [3]),
            (SamplingParameters(temperature: 1, topK: 2), [2, 3]),
            (SamplingParameters(temperature: 1, topP: 0.6), [3]),
            (SamplingParameters(temperature: 1, topP: 0.7), [2, 3]),
            (SamplingParameters(temperature: 1, minP: 0.3), [2, 3]),
            (SamplingParameters(temperature: 1, minP: 1), [3]),
        ]
        for (parameters, kept) in cases {
            var sampler = Sampler(parameters, prompt: [])
            #expect(Set((0..<500).compactMap { _ in next(&sampler, logits) }) == kept, "\(parameters)")
        }
    }

    @Test func repetitionPenaltyTurnsAwayFromSeenTokens() {
        var sampler = Sampler(SamplingParameters(repetitionPenalty: 2), prompt: [1])
        #expect(next(&sampler, [1.5, 2, -3]) == 0)  // 2 / 2 < 1.5
        #expect(next(&sampler, [1.5, 1, -3]) == 0)  // 0.75 > 0.5 > -3
        #expect(next(&sampler, [-1, -1.5, -1.8]) == 2)  // -2, -3, -1.8
    }

    @Test func logprobsAreNormalisedAndSorted() {
        let logits: [Float] = [1, 3, 2, 3]
        let found = logits.withUnsafeBufferPointer { Sampler.logprob(of: 2, top: 3, $0) }
        #expect(found.chosen.id == 2)
        #expect(found.top.map(\.id) == [1, 3, 2])
        #expect(abs(found.top[0].logprob - -0.91758) < 1e-4)
        #expect(found.chosen.logprob == found.top[2].logprob)
        let none = logits.withUnsafeBufferPointer { Sampler.logprob(of: 0, top: 0, $0) }
        #expect(none.top.isEmpty && none.chosen.logprob < found.chosen.logprob)
    }

    @Test func parametersOutsideTheirRangeAreNamed() {
        for (parameters, name) in [
            (SamplingParameters(temperature: -1), "temperature"),
            (SamplingParameters(temperature: .nan), "temperature"),
            (SamplingParameters(topP: 0), "top_p"), (SamplingParameters(topP: 1.5), "top_p"),
            (SamplingParameters(topK: -1), "top_k"), (SamplingParameters(minP: 2), "min_p"),
            (SamplingParameters(repetitionPenalty: 0), "repetition_penalty"),
        ] {
            let error = #expect(throws: EngineError.self) { try parameters.validated() }
            #expect(error?.description.hasPrefix(name) == true)
        }
        #expect(throws: Never.self) { try SamplingParameters(temperature: 2, topP: 1, topK: 5).validated() }
    }
}
