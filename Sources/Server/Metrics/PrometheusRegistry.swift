// A swift-metrics back end that keeps values in memory and writes them as Prometheus text. Knows no metric by name.

package import Metrics
import Synchronization

/// Counters, gauges and histograms by label and dimensions.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    fileprivate enum Cell {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)
    }

    private struct Key: Hashable {
        let label: String
        let dimensions: [String]
    }

    private let cells = Mutex<[Key: Cell]>([:])
    /// Upper bounds of the buckets of every histogram, seconds.
    static let buckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
    ]

    package init() {}

    private func key(_ label: String, _ dimensions: [(String, String)]) -> Key {
        Key(label: label, dimensions: dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" })
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cells.withLock { cells in
            let key = key(label, dimensions)
            if case .counter(let cell)? = cells[key] { return cell }
            let cell = CounterCell()
            cells[key] = .counter(cell)
            return cell
        }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        cells.withLock { cells in
            let key = key(label, dimensions)
            if aggregate {
                if case .histogram(let cell)? = cells[key] { return cell }
                let cell = HistogramCell()
                cells[key] = .histogram(cell)
                return cell
            }
            if case .gauge(let cell)? = cells[key] { return cell }
            let cell = GaugeCell()
            cells[key] = .gauge(cell)
            return cell
        }
    }

    /// A timer is a histogram of seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cells.withLock { cells in
            let key = key(label, dimensions)
            if case .histogram(let cell)? = cells[key] { return cell }
            let cell = HistogramCell()
            cells[key] = .histogram(cell)
            return cell
        }
    }

    /// Sets a counter that is counted elsewhere.
    func total(_ label: String, _ dimensions: [(String, String)], _ value: Int) {
        (makeCounter(label: label, dimensions: dimensions) as? CounterCell)?.set(Int64(value))
    }

    package func destroyCounter(_: any CounterHandler) {}
    package func destroyRecorder(_: any RecorderHandler) {}
    package func destroyTimer(_: any TimerHandler) {}

    /// All values in Prometheus' text format, version 0.0.4.
    /// - Parameter rename: the name under which a label is written.
    package func text(rename: (String) -> String = { $0 }) -> String {
        let all = cells.withLock { $0 }
        var lines: [String] = []
        var lastLabel = ""
        for (key, cell) in all.sorted(by: {
            ($0.key.label, $0.key.dimensions.joined()) < ($1.key.label, $1.key.dimensions.joined())
        }) {
            let name = rename(key.label)
            if key.label != lastLabel {
                lines.append("# TYPE \(name) \(cell.typeName)")
                lastLabel = key.label
            }
            let labels = key.dimensions.isEmpty ? "" : "{\(key.dimensions.joined(separator: ","))}"
            switch cell {
            case .counter(let counter): lines.append("\(name)\(labels) \(counter.value)")
            case .gauge(let gauge): lines.append("\(name)\(labels) \(Self.number(gauge.value))")
            case .histogram(let histogram): lines += histogram.lines(name, key.dimensions)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }
}

extension PrometheusRegistry.Cell {
    fileprivate var typeName: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

private final class CounterCell: CounterHandler, Sendable {
    private let total = Atomic<Int64>(0)
    var value: Int64 { total.load(ordering: .relaxed) }
    func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { set(0) }
    func set(_ value: Int64) { total.store(value, ordering: .relaxed) }
}

private final class GaugeCell: RecorderHandler, Sendable {
    private let last = Mutex(0.0)
    var value: Double { last.withLock { $0 } }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { last.withLock { $0 = value } }
}

private final class HistogramCell: RecorderHandler, TimerHandler, Sendable {
    private struct State {
        var counts = [Int](repeating: 0, count: PrometheusRegistry.buckets.count)
        var count = 0
        var sum = 0.0
    }
    private let state = Mutex(State())

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

    func record(_ value: Double) {
        state.withLock { state in
            state.count += 1
            state.sum += value
            if let bucket = PrometheusRegistry.buckets.firstIndex(where: { value <= $0 }) { state.counts[bucket] += 1 }
        }
    }

    func lines(_ name: String, _ dimensions: [String]) -> [String] {
        let state = state.withLock { $0 }
        var lines: [String] = []
        var sum = 0
        for (bound, count) in zip(PrometheusRegistry.buckets, state.counts) {
            sum += count
            let labels = (dimensions + ["le=\"\(PrometheusRegistry.number(bound))\""]).joined(separator: ",")
            lines.append("\(name)_bucket{\(labels)} \(sum)")
        }
        let infinite = (dimensions + ["le=\"+Inf\""]).joined(separator: ",")
        let labels = dimensions.isEmpty ? "" : "{\(dimensions.joined(separator: ","))}"
        lines.append("\(name)_bucket{\(infinite)} \(state.count)")
        lines.append("\(name)_sum\(labels) \(state.sum)")
        lines.append("\(name)_count\(labels) \(state.count)")
        return lines
    }
}
