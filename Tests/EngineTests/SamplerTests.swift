import Engine
import Foundation
import Grammar
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

    @Test func frequencyAndPresenceCountTheAnswerOnly() {
        var sampler = Sampler(SamplingParameters(frequencyPenalty: 1), prompt: [1, 1, 1])
        #expect((0..<5).map { _ in next(&sampler, [0, 2.5, 0.2]) } == [1, 1, 1, 2, 0])  // 2.5, 1.5, 0.5, -0.5
        var once = Sampler(SamplingParameters(presencePenalty: 1), prompt: [1])
        #expect((0..<4).map { _ in next(&once, [0, 2.5, 1.8]) } == [1, 2, 1, 1])
    }

    @Test func biasMasksAndBansMoveTheChoice() {
        var sampler = Sampler(SamplingParameters(logitBias: [0: 5, 2: -5]), prompt: [])
        #expect(next(&sampler, [1, 3, 9]) == 0)
        let logits: [Float] = [1, 3, 9, 4]
        func choose(_ temperature: Float, _ allowed: TokenMask?, _ banned: Set<Int32>) -> Set<Int32?> {
            var sampler = Sampler(SamplingParameters(temperature: temperature, seed: 3), prompt: [])
            return Set(
                (0..<200).map { _ in
                    logits.withUnsafeBufferPointer { sampler.next($0, allowed: allowed, banned: banned) }
                })
        }
        #expect(choose(0, nil, [2]) == [3] && choose(0, mask(4, [0, 1]), []) == [1])
        #expect(choose(2, mask(4, [0, 1]), []) == [0, 1])
        #expect(choose(2, mask(4, [0, 1]), [0]) == [1])
        #expect(choose(1, mask(4, []), []) == [nil])
    }

    /// Selection and the nucleus's shortcut against sorting everything.
    @Test(arguments: 0..<20)
    func truncationAgreesWithASort(seed: Int) {
        var random = SeededGenerator(seed)
        let logits = (0..<300).map { _ in Float.random(in: -6...6, using: &random).rounded() }
        let (topK, topP) = (Int.random(in: 1...120, using: &random), Float.random(in: 0.05...1, using: &random))
        let sorted = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }
        let weights = sorted.prefix(topK).map { Foundation.exp(Double(logits[$0])) }
        var sum = 0.0
        var kept = Set<Int32>()
        for (id, weight) in zip(sorted, weights) where sum < Double(topP) * weights.reduce(0, +) {
            kept.insert(Int32(id))
            sum += weight
        }
        var sampler = Sampler(SamplingParameters(temperature: 1, topP: topP, topK: topK, seed: 1), prompt: [])
        let found = Set((0..<3000).compactMap { _ in next(&sampler, logits) })
        #expect(found.isSubset(of: kept))
        let likely = zip(sorted, weights).filter { $0.1 > 0.01 * sum }.map { Int32($0.0) }
        #expect(found.isSuperset(of: kept.intersection(likely)))
    }

    @Test func logprobsAreNormalisedAndSorted() {
        let logits: [Float] = [1, 3, 2, 3]
        let found = logits.withUnsafeBufferPointer { TokenLogprob(of: 2, top: 3, $0) }
        #expect(found.chosen.id == 2)
        #expect(found.top.map(\.id) == [1, 3, 2])
        #expect(abs(found.top[0].logprob - -0.91758) < 1e-4)
        #expect(found.chosen.logprob == found.top[2].logprob)
        let none = logits.withUnsafeBufferPointer { TokenLogprob(of: 0, top: 0, $0) }
        #expect(none.top.isEmpty && none.chosen.logprob < found.chosen.logprob)
    }

    @Test func parametersOutsideTheirRangeAreNamed() {
        for (parameters, name) in [
            (SamplingParameters(temperature: -1), "temperature"),
            (SamplingParameters(temperature: .nan), "temperature"),
            (SamplingParameters(topP: 0), "top_p"), (SamplingParameters(topP: 1.5), "top_p"),
            (SamplingParameters(topK: -1), "top_k"), (SamplingParameters(minP: 2), "min_p"),
            (SamplingParameters(repetitionPenalty: 0), "repetition_penalty"),
            (SamplingParameters(frequencyPenalty: 2.1), "frequency_penalty"),
            (SamplingParameters(presencePenalty: -.infinity), "presence_penalty"),
            (SamplingParameters(logitBias: [4: 101]), "logit_bias of token 4"),
        ] {
            let error = #expect(throws: EngineError.self) { try parameters.validated() }
            #expect(error?.description.hasPrefix(name) == true)
        }
        #expect(throws: Never.self) { try SamplingParameters(temperature: 2, topP: 1, topK: 5).validated() }
    }
}
