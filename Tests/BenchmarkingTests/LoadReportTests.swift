// The figures of a load test, from traces made by hand; arrivals and departures as distributions.

import Benchmarking
import Foundation
import Testing

@Suite struct LoadReportTests {
    @Test func spreadsAreNumPys() {
        // numpy.percentile, numpy.mean and numpy.std of the same numbers.
        let spread = Spread([5, 1, 4, 2, 3, 10, 0.5])
        #expect(spread.count == 7 && spread.largest == 10 && spread.median == 3)
        #expect(abs(spread.mean - 3.642857142857143) < 1e-12)
        #expect(abs(spread.deviation - 2.9846546308251685) < 1e-12)
        for (percent, value) in [(50.0, 3.0), (90, 7.0), (95, 8.5), (99, 9.7), (0, 0.5), (100, 10)] {
            #expect(abs(spread.percentile(percent) - value) < 1e-12, "\(percent)")
        }
        let empty = Spread([])
        #expect(empty.mean == 0 && empty.deviation == 0 && empty.percentile(99) == 0 && empty.largest == 0)
        #expect(Spread([2]).percentile(99) == 2)
    }

    private static let traces = [
        // Two good answers, of which one is late; one without a second token.
        RequestTrace(end: .completed, pieces: [0.1, 0.2, 0.4], seconds: 0.4, promptTokens: 10, outputTokens: 4),
        RequestTrace(end: .completed, pieces: [0.5, 0.6], seconds: 0.6, promptTokens: 20, outputTokens: 2),
        RequestTrace(end: .completed, pieces: [0.1], seconds: 0.1, promptTokens: 5, outputTokens: 1),
        RequestTrace(end: .refused(status: 503), seconds: 0.01),
        RequestTrace(end: .refused(status: 503), seconds: 0.03),
        RequestTrace(end: .refused(status: 429), seconds: 0.02),
        RequestTrace(end: .refused(status: 400), seconds: 0.5),
        RequestTrace(end: .failed(reason: "gone"), seconds: 1), RequestTrace(end: .abandoned, seconds: 1),
    ]

    @Test func everyTraceIsCountedOnce() throws {
        let report = LoadReport(Self.traces, seconds: 2, goodput: Goodput([.ttft: 400, .tpot: 150]))
        #expect(report.completed == 3 && report.rejected == 3 && report.failed == 2 && report.abandoned == 1)
        #expect(report.totalInputTokens == 35 && report.totalOutputTokens == 7)
        #expect(report.requestThroughput == 1.5 && report.outputThroughput == 3.5 && report.totalTokenThroughput == 21)
        #expect(report.requestGoodput == 1)
        #expect(abs(report.ttft.mean - 0.7 / 3) < 1e-12 && abs(report.e2el.mean - 1.1 / 3) < 1e-12)
        #expect(report.tpot.count == 2 && abs(report.tpot.mean - 0.1) < 1e-12)
        #expect(report.itl.count == 3 && abs(report.itl.mean - 0.4 / 3) < 1e-12)
        #expect(report.refusals.map(\.status) == [400, 429, 503] && report.refusals[2].times.largest == 0.03)
        #expect(report.reasons == ["gone": 1])
        #expect(LoadReport(Self.traces, seconds: 2, goodput: Goodput([.e2el: 100])).good == 1)
        #expect(LoadReport(Self.traces, seconds: 2).requestGoodput == nil)
    }

    @Test func theObjectHasTheNamesOfVLLM() throws {
        let data = try JSONEncoder().encode(LoadReport(Self.traces, seconds: 2, goodput: Goodput([.ttft: 400])))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var names = [
            "completed", "failed", "rejected", "duration", "total_input_tokens", "total_output_tokens",
            "request_throughput", "request_goodput", "output_throughput", "total_token_throughput",
        ]
        for measure in ["ttft", "tpot", "itl", "e2el"] {
            names += ["mean", "median", "std", "p50", "p90", "p95", "p99"].map { "\($0)_\(measure)_ms" }
        }
        for name in names { #expect(object[name] is NSNumber, "\(name)") }
        #expect(object["p50_ttft_ms"] as? Double == 100)
        let refused = (object["refusals"] as? [String: [String: Double]])?["503"]
        #expect(
            refused?["count"] == 2 && refused?["max_time_ms"] == 30
                && abs((refused?["median_time_ms"] ?? 0) - 20) < 1e-9)
    }

    @Test func arrivalsAreAPoissonProcess() {
        let plan = LoadPlan(bodies: Array(repeating: Data(), count: 20_000), requestRate: 50, seed: 3)
        let times = plan.arrivals
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        #expect(times.first == 0 && gaps.allSatisfy { $0 >= 0 })
        #expect(abs(mean - 0.02) < 0.001)
        // Of exponential gaps, 1/e are longer than the mean.
        let longer = Double(gaps.count { $0 > 0.02 }) / Double(gaps.count)
        #expect(abs(longer - 0.3679) < 0.02)
        #expect(plan.arrivals == times)
        #expect(LoadPlan(bodies: [Data(), Data()]).arrivals == [0, 0])
    }

    @Test func theShareOfDeparturesIsThePlans() {
        let plan = LoadPlan(bodies: Array(repeating: Data(), count: 10_000), abandonedShare: 0.5, seed: 1)
        let left = plan.departures(within: 2).compactMap(\.self)
        #expect(abs(Double(left.count) - 5000) < 300 && left.allSatisfy { (0..<2).contains($0) })
        #expect(LoadPlan(bodies: [Data()]).departures(within: 2) == [nil])
    }
}
