// Compares two backends operation by operation, and times one of them. Knows no operation and no device.

package import Compute
import Foundation
import Numerics
package import Training

/// Whether a device computes what the processor computes, and how fast.
package struct BackendCheck {
    package struct Row: Sendable, Encodable {
        package let operation: String
        /// Largest difference as a share of the largest element, over all results; nil for what is only timed.
        package let error: Double?
        package let bound: Double?
        /// Of one call on the device, the best of several.
        package let microseconds: Double?
        /// What went wrong instead.
        package let failure: String?

        package var passed: Bool {
            if failure != nil { return false }
            guard let error, let bound else { return true }
            return error <= bound
        }
    }

    let device: any DifferentiableBackend
    let host: any DifferentiableBackend
    /// Waits for everything that was asked of the device.
    let wait: () throws(ComputeError) -> Void
    package private(set) var rows: [Row] = []
    /// Hears each row as it is made.
    private let report: (Row) -> Void

    package init(
        _ device: any DifferentiableBackend, against host: any DifferentiableBackend,
        wait: @escaping () throws(ComputeError) -> Void, report: @escaping (Row) -> Void
    ) {
        self.device = device
        self.host = host
        self.wait = wait
        self.report = report
    }

    /// Runs `body` on both and compares all tensors it returns.
    mutating func compare(
        _ operation: String, within bound: Double, repeats: Int = 3,
        _ body: (any DifferentiableBackend) throws -> [Tensor]
    ) {
        do {
            let results = try body(device)
            let expected = try body(host)
            let error = Self.largestError(results, expected)
            let time = try microseconds(repeats: repeats) { _ = try body(device) }
            add(Row(operation: operation, error: error, bound: bound, microseconds: time, failure: nil))
        } catch {
            add(Row(operation: operation, error: nil, bound: bound, microseconds: nil, failure: "\(error)"))
        }
    }

    /// Times `body` on the device alone.
    mutating func time(_ operation: String, repeats: Int = 5, _ body: () throws -> Void) {
        do {
            try body()
            let time = try microseconds(repeats: repeats, body)
            add(Row(operation: operation, error: nil, bound: nil, microseconds: time, failure: nil))
        } catch {
            add(Row(operation: operation, error: nil, bound: nil, microseconds: nil, failure: "\(error)"))
        }
    }

    mutating func add(_ row: Row) {
        rows.append(row)
        report(row)
    }

    func microseconds(repeats: Int, _ body: () throws -> Void) throws -> Double {
        try wait()
        var best = Double.infinity
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            try body()
            try wait()
            best = min(best, Self.microseconds(ContinuousClock.now - start))
        }
        return best
    }

    static func microseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1e6 + Double(duration.components.attoseconds) * 1e-12
    }

    /// Infinite for other counts, shapes or anything that is not finite on one side only.
    static func largestError(_ results: [Tensor], _ expected: [Tensor]) -> Double {
        guard results.count == expected.count else { return .infinity }
        var worst = 0.0
        for (result, expected) in zip(results, expected) {
            guard result.shape == expected.shape else { return .infinity }
            let (found, wanted) = (result.array(), expected.array())
            var (largest, difference) = (0.0, 0.0)
            for (x, y) in zip(found, wanted) {
                guard x.isFinite && y.isFinite else { return .infinity }
                largest = max(largest, Double(y.magnitude))
                difference = max(difference, Double((x - y).magnitude))
            }
            worst = max(worst, difference == 0 ? 0 : difference / max(largest, .leastNormalMagnitude))
        }
        return worst
    }

    /// One line of a table.
    package static func line(_ row: Row) -> String {
        let number = { (value: Double?) in value.map { String(format: "%.1e", $0) } ?? "-" }
        let verdict = row.failure.map { "FAILED: \($0)" } ?? (row.passed ? "ok" : "TOO FAR")
        let pad = { (text: String, width: Int) in String(repeating: " ", count: max(0, width - text.count)) + text }
        return row.operation.padding(toLength: max(58, row.operation.count), withPad: " ", startingAt: 0)
            + pad(number(row.error), 9) + pad(number(row.bound), 9)
            + pad(row.microseconds.map { String(format: "%.1f", $0) } ?? "-", 12) + "  " + verdict
    }

    package static let header =
        "operation".padding(toLength: 58, withPad: " ", startingAt: 0) + "    error    bound  us a call"
}

/// Numbers that look random and are the same everywhere.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func word() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(word() % UInt64(bound)) }

    /// Uniform in `center` ± `spread`.
    mutating func tensor(_ shape: Shape, spread: Float = 1, center: Float = 0) -> Tensor {
        Tensor(
            (0..<shape.count).map { _ in center + spread * (Float(word() >> 40) * 0x1p-23 - 1) }, shape: shape)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: word()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}
