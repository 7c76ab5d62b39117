// How many operations a piece of work takes, by the instruction that carries them out. Knows shapes, not time.

package import Compute

/// Operations, a multiply-add being two.
package struct OperationCount: Sendable, Hashable {
    package private(set) var byInstruction: [DotInstruction: Int] = [:]

    package init() {}

    package var total: Int { byInstruction.values.reduce(0, +) }

    /// The instruction of most operations; nil without operations.
    package var mostly: DotInstruction? {
        DotInstruction.allCases.max { byInstruction[$0, default: 0] < byInstruction[$1, default: 0] }
            .flatMap { byInstruction[$0] == nil ? nil : $0 }
    }

    package mutating func add(_ operations: Int, by instruction: DotInstruction) {
        byInstruction[instruction, default: 0] += operations
    }

    /// Operations of `count` such pieces.
    package func times(_ count: Int) -> OperationCount {
        var result = self
        result.byInstruction = byInstruction.mapValues { $0 * count }
        return result
    }

    package static func + (left: OperationCount, right: OperationCount) -> OperationCount {
        var result = left
        for (instruction, operations) in right.byInstruction { result.add(operations, by: instruction) }
        return result
    }

    /// The least time the operations can take: each instruction at its measured peak, one after the other.
    /// - Parameter peak: operations a second; nil when the instruction was not measured.
    /// - Returns: seconds; nil when a peak is missing or there is nothing to do.
    package func floor(peak: (DotInstruction) -> Double?) -> Double? {
        var seconds = 0.0
        for (instruction, operations) in byInstruction {
            guard let rate = peak(instruction), rate > 0 else { return nil }
            seconds += Double(operations) / rate
        }
        return seconds > 0 ? seconds : nil
    }
}
