// A load test's report as the JSON object that `vllm bench serve` saves, and as a table. Knows names and columns.

import Foundation

extension LoadReport: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    private var measures: [(name: String, title: String, times: Spread)] {
        [
            ("ttft", "Time to first token", ttft), ("tpot", "Time per output token, without the first", tpot),
            ("itl", "Inter-token latency", itl), ("e2el", "End-to-end latency", e2el),
        ]
    }

    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(completed, forKey: Key("completed"))
        try object.encode(failed, forKey: Key("failed"))
        try object.encode(rejected, forKey: Key("rejected"))
        try object.encode(abandoned, forKey: Key("abandoned"))
        try object.encode(duration, forKey: Key("duration"))
        try object.encode(totalInputTokens, forKey: Key("total_input_tokens"))
        try object.encode(totalOutputTokens, forKey: Key("total_output_tokens"))
        try object.encode(requestThroughput, forKey: Key("request_throughput"))
        try object.encode(requestGoodput, forKey: Key("request_goodput"))
        try object.encode(outputThroughput, forKey: Key("output_throughput"))
        try object.encode(totalTokenThroughput, forKey: Key("total_token_throughput"))
        for measure in measures { try Self.encode(measure.times, measure.name, in: &object) }
        var refused = object.nestedContainer(keyedBy: Key.self, forKey: Key("refusals"))
        for (status, times) in refusals {
            var one = refused.nestedContainer(keyedBy: Key.self, forKey: Key("\(status)"))
            try one.encode(times.count, forKey: Key("count"))
            try Self.encode(times, "time", in: &one)
            try one.encode(times.largest * 1000, forKey: Key("max_time_ms"))
        }
        try object.encode(reasons, forKey: Key("failures"))
    }

    /// `mean_ttft_ms` and so on.
    private static func encode(_ times: Spread, _ name: String, in object: inout KeyedEncodingContainer<Key>) throws {
        try object.encode(times.mean * 1000, forKey: Key("mean_\(name)_ms"))
        try object.encode(times.median * 1000, forKey: Key("median_\(name)_ms"))
        try object.encode(times.deviation * 1000, forKey: Key("std_\(name)_ms"))
        for percent in Spread.percents {
            try object.encode(times.percentile(Double(percent)) * 1000, forKey: Key("p\(percent)_\(name)_ms"))
        }
    }

    /// Lines of names and figures, then a row of each measure in milliseconds.
    package var text: String {
        var text = ""
        func line(_ name: String, _ value: String) {
            text += name.padding(toLength: 34, withPad: " ", startingAt: 0) + value + "\n"
        }
        line("completed / failed / rejected", "\(completed) / \(failed) / \(rejected)")
        if abandoned > 0 { line("abandoned by their clients", "\(abandoned)") }
        line("duration", Self.number(duration) + " s")
        line("input / output tokens", "\(totalInputTokens) / \(totalOutputTokens)")
        line("requests/s", Self.number(requestThroughput))
        if let requestGoodput { line("good requests/s", Self.number(requestGoodput)) }
        line("output tokens/s", Self.number(outputThroughput))
        line("input and output tokens/s", Self.number(totalTokenThroughput))
        text += "\n" + Self.row("milliseconds", ["mean", "std"] + Spread.percents.map { "p\($0)" } + ["max"])
        for measure in measures { text += Self.row(measure.title, Self.cells(measure.times)) }
        for (status, times) in refusals {
            text += Self.row("Refused with \(status) (\(times.count))", Self.cells(times))
        }
        for (reason, count) in reasons.sorted(by: { $0.value > $1.value }).prefix(5) {
            text += "\(count) x \(reason)\n"
        }
        return text
    }

    private static func cells(_ times: Spread) -> [String] {
        ([times.mean, times.deviation] + Spread.percents.map { times.percentile(Double($0)) } + [times.largest])
            .map { number($0 * 1000) }
    }

    private static func row(_ title: String, _ cells: [String]) -> String {
        title.padding(toLength: 42, withPad: " ", startingAt: 0)
            + cells.map { String(repeating: " ", count: max(9 - $0.count, 1)) + $0 }.joined() + "\n"
    }

    private static func number(_ value: Double) -> String { String(format: value < 100 ? "%.2f" : "%.0f", value) }
}
