import Engine
import Foundation
import Testing

/// The scheduler by itself: traces of random events on a pretended model and memory.
struct SchedulerTests {
    private static func image(_ seed: Int, tiles: Int, from row: Int) -> Submission.Image {
        let digest = ImageTiles(tiles: tiles, pixels: [UInt8(truncatingIfNeeded: seed)]).digest
        return Submission.Image(digest: digest, tiles: tiles, rows: Array(row..<row + 3 * tiles))
    }

    /// A request that shares its beginning, and perhaps an image, with others of the same family.
    private static func submission(_ number: Int, _ random: inout SeededGenerator) -> Submission {
        let family = Int.random(in: 0..<3, using: &random)
        var prompt = (0..<Int.random(in: 1...30, using: &random)).map { Int32(($0 * 7 + family * 11) % 50) }
        var images: [Submission.Image] = []
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let tiles = Int.random(in: 1...4, using: &random)
            images.append(image(family * 2 + images.count, tiles: tiles, from: prompt.count))
            prompt += [Int32](repeating: 99, count: 3 * tiles)
        }
        prompt += (0..<Int.random(in: 1...20, using: &random)).map { _ in Int32.random(in: 0..<50, using: &random) }
        return Submission(
            number: number, prompt: prompt, images: images, salt: random.chance(20) ? "other" : "",
            limit: prompt.count + Int.random(in: 1...30, using: &random),
            deadline: random.chance(10) ? Int64.random(in: 1...120, using: &random) : nil,
            startDeadline: random.chance(10) ? Int64.random(in: 1...40, using: &random) : nil,
            drafts: random.chance(50) ? 4 : 0)
    }

    private static func limits(_ random: inout SeededGenerator) -> SchedulerLimits {
        SchedulerLimits(
            pages: Int.random(in: 30...60, using: &random), pageTokens: 4,
            stepTokens: [1, 2, 5, 16, 33, 200][Int.random(in: 0..<6, using: &random)],
            running: Int.random(in: 1...12, using: &random), usesPrefixCache: random.chance(75),
            imageBytes: [0, 60, 100_000][Int.random(in: 0..<3, using: &random)], imageRowBytes: 4)
    }

    /// Runs a random trace until every request has ended.
    private static func trace(_ seed: Int, harm: Bool) -> (SchedulerSimulation, [Submission]) {
        var random = SeededGenerator(seed)
        var simulation = SchedulerSimulation(limits(&random))
        let all = (0..<Int.random(in: 2...40, using: &random)).map { submission($0, &random) }
        var next = 0
        var steps = 0
        while next < all.count || !simulation.scheduler.isIdle, steps < 60_000 {
            while next < all.count, random.chance(30) {
                simulation.submit(all[next])
                next += 1
            }
            if harm, random.chance(3) { simulation.cancel(Int.random(in: 0..<all.count, using: &random)) }
            let failing: Set<Int> = harm && random.chance(2) ? [Int.random(in: 0..<all.count, using: &random)] : []
            simulation.step(failing: failing, isSound: random.chance(50))
            steps += 1
        }
        return (simulation, all)
    }

    @Test(arguments: 0..<120)
    func everyTraceEndsWithTheAnswersOfRequestsAlone(seed: Int) {
        let (simulation, all) = Self.trace(seed, harm: seed % 2 == 1)
        #expect(simulation.violations.isEmpty, "\(simulation.violations.prefix(3))")
        #expect(simulation.scheduler.isIdle && simulation.scheduler.pagesFree == simulation.limits.pages)
        for submission in all {
            let outcome = simulation.outcomes[submission.number]
            let alone = SchedulerSimulation.alone(submission)
            if outcome?.end == "finished" {
                #expect(outcome?.tokens == alone, "request \(submission.number)")
            } else {
                #expect(outcome?.end.isEmpty == false)
                #expect(alone.starts(with: outcome?.tokens ?? []))
                if seed % 2 == 0 { #expect(outcome?.end == "expired") }
            }
        }
        // First come, first served.
        #expect(simulation.started == simulation.started.sorted())
    }

    /// The traces above must meet what they are meant to try.
    @Test func tracesReachPreemptionSharingAndGuessing() {
        var sum = SchedulerCounters()
        for seed in 0..<40 {
            let counters = Self.trace(seed, harm: false).0.scheduler.counters
            #expect(counters.prefixHits < max(1, counters.prefixQueries) && counters.imageHits <= counters.imageQueries)
            sum.preemptions += counters.preemptions
            sum.prefixHits += counters.prefixHits
            sum.imageHits += counters.imageHits
            sum.accepted += counters.accepted
            sum.drafted += counters.drafted
            sum.expired += counters.expired
        }
        #expect(sum.preemptions > 5 && sum.prefixHits > 500 && sum.expired > 5, "\(sum)")
        #expect(sum.imageHits > 5 && sum.accepted > 200 && sum.drafted > sum.accepted, "\(sum)")
    }

    @Test(arguments: [3, 8, 21])
    func aLogReplaysToTheSameDecisions(seed: Int) throws {
        let (simulation, _) = Self.trace(seed, harm: true)
        let log = try JSONEncoder().encode(simulation.records)
        let records = try JSONDecoder().decode([SchedulerRecord].self, from: log)
        var again = Scheduler(simulation.limits)
        for record in records {
            let decision = again.handle(record.event)
            #expect(decision == record.decision)
        }
        #expect(again.counters == simulation.scheduler.counters && records.count > 20)
    }

    @Test func twinsThatComeTogetherAreComputedOnce() {
        var simulation = SchedulerSimulation(SchedulerLimits(pages: 200, pageTokens: 4, stepTokens: 16))
        let image = Self.image(1, tiles: 2, from: 10)
        let prompt = (0..<41).map { Int32($0) }
        for number in 0..<8 {
            simulation.submit(Submission(number: number, prompt: prompt, images: [image], limit: 44))
        }
        while !simulation.scheduler.isIdle { simulation.step() }
        let counters = simulation.scheduler.counters
        // 41 rows once, the last of them for each of the other seven, and two rows for each answer of three tokens.
        #expect(counters.computedTokens == 41 + 7 + 8 * 2 && counters.tiles == 2 && simulation.violations.isEmpty)
    }

    @Test func otherSaltsShareNothing() {
        var simulation = SchedulerSimulation(SchedulerLimits(pages: 64, pageTokens: 4))
        for (number, salt) in ["a", "b", "a"].enumerated() {
            simulation.submit(
                Submission(number: number, prompt: (0..<21).map { Int32($0) }, salt: salt, limit: 22))
            while !simulation.scheduler.isIdle { simulation.step() }
        }
        #expect(simulation.scheduler.counters.prefixHits == 20)
    }

    @Test func anAnswerGoesOnWhileALongPromptIsRead() {
        var simulation = SchedulerSimulation(SchedulerLimits(pages: 100, pageTokens: 4, stepTokens: 8))
        simulation.submit(Submission(number: 0, prompt: [1, 2], limit: 32))
        simulation.step()
        simulation.submit(Submission(number: 1, prompt: [Int32](repeating: 5, count: 200), limit: 201))
        for step in 0..<20 {
            simulation.step()
            #expect(simulation.outcomes[0]?.tokens.count == step + 2)
        }
    }

    @Test func aRequestIsGoneTheStepAfterItsCancellation() {
        var simulation = SchedulerSimulation(SchedulerLimits(pages: 100, pageTokens: 4, stepTokens: 8))
        let image = Self.image(1, tiles: 10, from: 0)
        for (number, images) in [[], [image]].enumerated() {
            simulation.submit(
                Submission(number: number, prompt: [Int32](repeating: 5, count: 100), images: images, limit: 101))
            for _ in 0..<3 { simulation.step() }
            simulation.cancel(number)
            #expect(simulation.scheduler.pagesFree == 100 && simulation.scheduler.isIdle)
        }
        simulation.step()
        #expect(simulation.scheduler.imageBytes == 0)  // an image half embedded is not kept
    }

    @Test func unsoundPagesAreNotFoundAgain() {
        for isSound in [true, false] {
            var simulation = SchedulerSimulation(SchedulerLimits(pages: 64, pageTokens: 4, stepTokens: 8))
            let prompt = (0..<21).map { Int32($0) }
            simulation.submit(Submission(number: 0, prompt: prompt, limit: 22))
            simulation.step()
            simulation.step()
            simulation.step(failing: [0], isSound: isSound)
            #expect(simulation.outcomes[0]?.end == "failed")
            simulation.submit(Submission(number: 1, prompt: prompt, limit: 22))
            while !simulation.scheduler.isIdle { simulation.step() }
            #expect(simulation.scheduler.counters.prefixHits == (isSound ? 16 : 0))
            #expect(simulation.violations.isEmpty)
        }
    }

    @Test func aBookThatDoesNotBalanceIsNoticed() {
        var scheduler = Scheduler(SchedulerLimits(pages: 4, pageTokens: 4))
        _ = scheduler.handle(.submitted(Submission(number: 0, prompt: [1, 2, 3], limit: 16)))
        _ = scheduler.handle(.stepWanted(now: 1))
        #expect(scheduler.problems.isEmpty)
        scheduler.pool.retain(0)  // a holder nobody knows
        scheduler.pool.retain(3)
        _ = scheduler.handle(.cancelled(0))
        #expect(
            scheduler.problems.count == 3 && scheduler.problems[0].contains("page 0 has 1 references and 0 holders"))
    }
}
