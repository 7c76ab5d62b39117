// What happens when the server is told to stop: who is in finishes, nobody else comes in.

import Foundation
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct AdmissionTests {
        @Test func whoIsInLeavesBeforeTheHouseIsEmpty() async throws {
            let admission = Admission(limit: 2)
            var first: Admission.Ticket? = try admission.enter()
            let second = try admission.enter()
            #expect(throws: APIError.self) { _ = try admission.enter() }
            #expect(admission.count == 2 && admission.isFull)
            admission.drain()
            #expect {
                _ = try admission.enter()
            } throws: {
                ($0 as? APIError)?.code == "shutting_down" && ($0 as? APIError)?.status == 503
            }
            first = nil
            #expect(first == nil && admission.count == 1)
            let emptied = Task { await admission.whenEmpty() }
            admission.cutAll(.shutdown)
            #expect(second.lifeline.end == .shutdown)
            await #expect(throws: APIError.self) {
                try await second.lifeline.run { try await Task.sleep(for: .seconds(30)) }
            }
            emptied.cancel()
        }

        @Test func aCutLineSaysWhy() async throws {
            let line = Lifeline()
            let begin = ContinuousClock.now
            Task {
                try await Task.sleep(for: .milliseconds(20))
                line.cut(.deadline(seconds: 7))
                line.cut(.clientGone)
            }
            do {
                try await line.run { try await Task.sleep(for: .seconds(30)) }
                Issue.record("the line held")
            } catch {
                let error = try #require(error as? APIError)
                #expect(error.status == 504 && error.code == "deadline_exceeded" && error.message.contains("7 s"))
            }
            #expect(ContinuousClock.now - begin < .seconds(10))
        }

        @Test func bytesAreSharedInOrder() async throws {
            let budget = Budget(100, of: "memory")
            var first: Budget.Share? = try await budget.reserve(80, within: .seconds(5))
            await #expect(throws: APIError.self) { _ = try await budget.reserve(40, within: .milliseconds(20)) }
            async let second = budget.reserve(1000, within: .seconds(20))
            try await Task.sleep(for: .milliseconds(20))
            first = nil
            #expect(first == nil)
            let share = try await second
            withExtendedLifetime(share) {}
        }
    }
}
