// The figures of a benchmark run, each beside the limit it is measured against. Knows units, not how anything was timed.

package import Compute

package struct BenchmarkReport: Sendable, Encodable {
    package struct Spread: Sendable, Encodable {
        package let median: Double
        package let min: Double
        package let max: Double
        package let repeats: Int

        package init(_ measured: Measurements) {
            median = measured.median
            min = measured.minimum
            max = measured.maximum
            repeats = measured.count
        }
    }

    package struct Machine: Sendable, Encodable {
        package let processor: String
        package let threads: Int
        package let instructionSet: String
        /// Threads that wanted to run in the minute before the run; nil when the system does not say.
        package let loadAverage: Double?
    }

    package struct Model: Sendable, Encodable {
        package let path: String
        package let precision: String
        /// Bytes of weights that a decoded token must read: decoder and output projection.
        package let weightBytesPerToken: Int
        package let keyValueBytesPerToken: Int
    }

    package struct Bandwidth: Sendable, Encodable {
        package let threads: Int
        package let gigabytesPerSecond: Spread
    }

    package struct Peak: Sendable, Encodable {
        package let instruction: String
        package let threads: Int
        package let gigaOperationsPerSecond: Spread
    }

    package struct Limits: Sendable, Encodable {
        package let bufferBytes: Int
        package let bandwidth: [Bandwidth]
        package let peaks: [Peak]
    }

    package struct Load: Sendable, Encodable {
        /// Map every file and check headers, scalars and JSON.
        package let mapAndCheckSeconds: Spread
        /// Put layers on top of the mapping.
        package let modelSeconds: Spread
        package let tokenizerSeconds: Spread
        /// The first decode step, which touches every weight.
        package let firstStepSeconds: Double
    }

    package struct Decode: Sendable, Encodable {
        package let context: Int
        package let sequences: Int
        /// Of all sequences together.
        package let tokensPerSecond: Spread
        package let bytesPerStep: Int
        package let gigabytesPerSecond: Double
        package let fractionOfReadLimit: Double
    }

    /// What a decode step spends outside its operations' kernels.
    package struct Overhead: Sendable, Encodable {
        /// A step whose operations do nothing but make their results.
        package let stepMilliseconds: Spread
        /// Starting and ending one empty parallel region.
        package let regionMicroseconds: Spread
        /// The former over a step at the first context.
        package let fractionOfStep: Double?
    }

    /// The output projection of one row.
    package struct Head: Sendable, Encodable {
        package let allMilliseconds: Spread
        /// The largest logit alone, found by screening.
        package let largestMilliseconds: Spread
        /// The same the first time, when the screening copy is made.
        package let firstMilliseconds: Double
    }

    /// Work bounded by multiply-adds: a prompt or some tiles.
    package struct Products: Sendable, Encodable {
        package let operations: Int
        package let gigaOperationsPerSecond: Double
        /// The instruction of most operations.
        package let instruction: String
        /// The least time at the measured peaks of the instructions used, over the time taken.
        package let fractionOfPeak: Double?

        package init(_ count: OperationCount, seconds: Double, _ limits: MachineLimits) {
            operations = count.total
            gigaOperationsPerSecond = Double(count.total) / seconds / 1e9
            instruction = count.mostly?.rawValue ?? "none"
            fractionOfPeak = count.floor(peak: limits.operationsPerSecond(of:)).map { $0 / seconds }
        }
    }

    package struct Prefill: Sendable, Encodable {
        package let tokens: Int
        package let tokensPerSecond: Spread
        package let products: Products
    }

    package struct Vision: Sendable, Encodable {
        package let tiles: Int
        package let tilesPerSecond: Spread
        package let products: Products
    }

    /// Where the time of a part's operations went.
    package struct Operations: Sendable, Encodable {
        package struct Share: Sendable, Encodable {
            package let operation: String
            package let fraction: Double
        }

        package let part: String
        /// Largest first.
        package let shares: [Share]

        package init(part: String, seconds: [String: Double]) {
            let total = seconds.values.reduce(0, +)
            self.part = part
            shares = seconds.map { Share(operation: $0.key, fraction: total > 0 ? $0.value / total : 0) }
                .sorted { ($1.fraction, $0.operation) < ($0.fraction, $1.operation) }
        }
    }

    package struct Text: Sendable, Encodable {
        package let bytes: Int
        package let tokens: Int
        package let megabytesPerSecond: Spread
    }

    package struct Image: Sendable, Encodable {
        package let width: Int
        package let height: Int
        package let tiles: Int
        package let milliseconds: Spread
    }

    package struct Skipped: Sendable, Encodable {
        package let part: String
        package let reason: String
    }

    package let machine: Machine
    package let model: Model
    package let limits: Limits
    package internal(set) var load: Load?
    package internal(set) var decode: [Decode] = []
    package internal(set) var overhead: Overhead?
    package internal(set) var head: Head?
    package internal(set) var prefill: [Prefill] = []
    package internal(set) var vision: [Vision] = []
    package internal(set) var operations: [Operations] = []
    package internal(set) var tokenizer: Text?
    package internal(set) var image: Image?
    package internal(set) var skipped: [Skipped] = []

    /// Why the figures may be lower than the machine allows; empty on a quiet one.
    package var doubts: [String] {
        var doubts: [String] = []
        if let load = machine.loadAverage, load > 0.5 {
            doubts.append("other programs were running before the start (load average \(load))")
        }
        let rates = limits.bandwidth.map(\.gigabytesPerSecond) + limits.peaks.map(\.gigaOperationsPerSecond)
        if let widest = rates.map({ $0.max / $0.min }).max(), widest > 1.5 {
            doubts.append(
                "a limit's measurements differ by a factor of \((widest * 10).rounded() / 10): the cores are shared or their "
                    + "clock changed")
        }
        return doubts
    }

    init(machine: Machine, model: Model, limits: MachineLimits) {
        self.machine = machine
        self.model = model
        self.limits = Limits(
            bufferBytes: limits.bufferBytes,
            bandwidth: limits.bandwidth.map {
                Bandwidth(threads: $0.threads, gigabytesPerSecond: Spread($0.bytesPerSecond.map { $0 / 1e9 }))
            },
            peaks: limits.peaks.map {
                Peak(
                    instruction: $0.instruction.rawValue, threads: $0.threads,
                    gigaOperationsPerSecond: Spread($0.operationsPerSecond.map { $0 / 1e9 }))
            })
    }
}
