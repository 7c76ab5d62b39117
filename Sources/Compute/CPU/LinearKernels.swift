// Linear layers on a thread team: packs the activations once for all weights that share their format, then hands out
// ranges of outputs. Knows nothing of how a kernel multiplies.

import CKernels
import Numerics
import Synchronization

/// `Backend.linear` of the CPU.
///
/// An output element's bits depend on its activations row, its weight row, the precision and the instruction set; never
/// on the number of rows, their chunks, or the threads.
package struct LinearKernels: Sendable {
    private let team: ThreadTeam
    private let isa: InstructionSet
    private let precision: Precision
    private let pool: TensorPool

    package init(team: ThreadTeam, isa: InstructionSet, precision: Precision, pool: TensorPool) {
        self.team = team
        self.isa = isa
        self.precision = precision
        self.pool = pool
    }

    /// The kernel a layer gets, and whether it is the fastest of its precision.
    package func support(for weight: Weight) throws(ComputeError) -> (kernel: String, fastest: Support) {
        let plan = try LinearPlan(weight, precision: precision, isa: isa)
        return (plan.kernel.name, plan.fastest)
    }

    /// Writes the given elements of one row of an input, at least, to their places in `out` [inputs].
    typealias RowMaker =
        @Sendable (_ row: Int, _ elements: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void

    /// x [rows, inputs] times each weight, plus its bias: `[rows, outputs]` for each weight.
    /// - Throws: `.shape` and `.unsupported`, naming the tensor, when a weight does not fit x or its own description.
    package func multiply(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        try multiply(x, weights, make: nil)
    }

    /// The same of the rows that `make` writes, as many and as long as those of x.
    func multiply(_ x: Tensor, _ weights: [Weight], make: RowMaker?) throws(ComputeError) -> [Tensor] {
        var plans: [LinearPlan] = []
        for weight in weights {
            guard x.shape.rank > 0, x.columns == weight.inputs else {
                throw .shape(
                    operation: "linear", weight: weight.name, found: x.shape, expected: "[rows, \(weight.inputs)]")
            }
            plans.append(try LinearPlan(weight, precision: precision, isa: isa))
        }
        let rows = x.shape.rank > 0 ? x.rows : 0
        let results = weights.map { weight in
            let shape: Shape = [rows, weight.outputs]
            return Tensor(shape: shape, storage: TensorStorage(count: shape.count, pool: pool))
        }
        guard rows > 0, let inputs = weights.first?.inputs else { return results }

        var packed: [PackedRows] = []
        var products: [Product] = []
        for (plan, result) in zip(plans, results) {
            let loops = plan.kernel.loops(rows: rows)
            let shared = packed.first { $0.packing.name == loops.packing.name && $0.inputScale == plan.inputScale }
            let activations =
                shared
                ?? PackedRows(
                    x, make: make, packing: loops.packing, inputScale: plan.inputScale, inputs: inputs, pool: pool)
            if shared == nil { packed.append(activations) }
            products.append(
                Product(
                    operand: plan.operand, x: activations.operand, y: result.pointer, loops: loops,
                    threads: team.count, scratchBytes: plan.kernel.scratchBytes(rows: rows, inputs: inputs)))
        }
        withExtendedLifetime((x, weights)) {
            pack(packed)
            multiply(products)
        }
        return results
    }

    /// The given outputs of one product, computed as `multiply` computes them.
    /// - Parameter outputs: each less than the weight's.
    /// - Returns: `[rows, outputs of the weight]`, of which only the given columns are written.
    package func multiply(_ x: Tensor, _ weight: Weight, outputs: [Int]) throws(ComputeError) -> Tensor {
        guard x.shape.rank > 0, x.columns == weight.inputs else {
            throw .shape(
                operation: "linear", weight: weight.name, found: x.shape, expected: "[rows, \(weight.inputs)]")
        }
        let plan = try LinearPlan(weight, precision: precision, isa: isa)
        let shape: Shape = [x.rows, weight.outputs]
        let result = Tensor(shape: shape, storage: TensorStorage(count: shape.count, pool: pool))
        guard x.rows > 0, !outputs.isEmpty else { return result }
        let loops = plan.kernel.loops(rows: x.rows)
        let packed = PackedRows(
            x, make: nil, packing: loops.packing, inputScale: plan.inputScale, inputs: weight.inputs, pool: pool)
        let product = Product(
            operand: plan.operand, x: packed.operand, y: result.pointer, loops: loops, threads: team.count,
            scratchBytes: plan.kernel.scratchBytes(rows: x.rows, inputs: weight.inputs))
        withExtendedLifetime((x, weight)) {
            pack([packed])
            withScratch([product], useTeam: true) { scratch in
                forEach([outputs.count], useTeam: true) { _, index, thread in
                    product.run(outputs[index]..<outputs[index] + 1, scratch: scratch(thread))
                }
            }
        }
        return result
    }

    /// Inputs below which packing stays on the calling thread, and products below which multiplying does: about what a
    /// thread does in the time the team needs to start and to meet again.
    private static let inputsWorthTheTeam = 1 << 13
    private static let productsWorthTheTeam = 1 << 17

    private func pack(_ packed: [PackedRows]) {
        let inputs = packed.reduce(0) { $0 + $1.operand.rows * $1.inputs }
        let useTeam = inputs >= Self.inputsWorthTheTeam
        // A row is one piece of work when there are rows for all threads; otherwise it is cut.
        let pieces = packed.map { $0.pieces(threads: useTeam ? team.count : 1) }
        let longest = packed.map { $0.make == nil ? 0 : $0.inputs }.max() ?? 0
        let made = TensorStorage(count: longest * team.count, pool: pool)
        let rows = UncheckedPointer(made.pointer)
        forEach(pieces, useTeam: useTeam) { index, piece, thread in
            packed[index].pack(piece: piece, of: pieces[index], making: rows.pointer + thread * longest)
        }
        withExtendedLifetime(made) {}
    }

    private func multiply(_ products: [Product]) {
        let work = products.reduce(0) { $0 + $1.x.rows * $1.operand.inputs * $1.operand.outputs }
        let useTeam = work >= Self.productsWorthTheTeam
        withScratch(products, useTeam: useTeam) { scratch in
            forEach(products.map(\.pieces), useTeam: useTeam) { index, piece, thread in
                products[index].run(piece: piece, scratch: scratch(thread))
            }
        }
    }

    /// Calls `body` with each thread's own scratch.
    private func withScratch(
        _ products: [Product], useTeam: Bool,
        _ body: (_ scratch: @Sendable (_ thread: Int) -> UnsafeMutablePointer<UInt8>) -> Void
    ) {
        let scratchBytes = (products.map(\.scratchBytes).max() ?? 0) + 64
        let scratch = TensorStorage(count: scratchBytes / 4 * (useTeam ? team.count : 1), pool: pool)
        let bytes = UncheckedPointer(UnsafeMutableRawPointer(scratch.pointer).assumingMemoryBound(to: UInt8.self))
        body { thread in bytes.pointer + thread * scratchBytes }
        withExtendedLifetime(scratch) {}
    }

    /// Calls `body(list, piece, thread)` for each piece of each list, as threads become free.
    private func forEach(
        _ counts: [Int], useTeam: Bool, _ body: @Sendable (_ list: Int, _ piece: Int, _ thread: Int) -> Void
    ) {
        guard useTeam else {
            for list in counts.indices { for piece in 0..<counts[list] { body(list, piece, 0) } }
            return
        }
        let next = Atomic<Int>(0)
        team.run { thread, _ in
            while true {
                var piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                var list = 0
                while list < counts.count, piece >= counts[list] {
                    piece -= counts[list]
                    list += 1
                }
                guard list < counts.count else { return }
                body(list, piece, thread)
            }
        }
    }
}

private struct UncheckedPointer<Element>: @unchecked Sendable {
    // Sendable: each thread writes its own part.
    let pointer: UnsafeMutablePointer<Element>
    init(_ pointer: UnsafeMutablePointer<Element>) { self.pointer = pointer }
}

/// The rows of x, or of what is made of them, in a kernel's format.
private struct PackedRows: @unchecked Sendable {
    // Sendable: threads write disjoint parts of `storage`, and read it after all have written.
    let packing: ActivationPacking
    let inputScale: Float?
    let inputs: Int
    let operand: monocle_packed_rows
    let make: LinearKernels.RowMaker?
    private let x: UnsafePointer<Float>
    private let storage: TensorStorage
    private let bytes: UnsafeMutablePointer<UInt8>

    init(
        _ x: Tensor, make: LinearKernels.RowMaker?, packing: ActivationPacking, inputScale: Float?, inputs: Int,
        pool: TensorPool
    ) {
        self.make = make
        self.packing = packing
        self.inputScale = inputScale
        self.inputs = inputs
        self.x = UnsafePointer(x.pointer)
        storage = TensorStorage(count: packing.byteCount(rows: x.rows, inputs: inputs) / 4, pool: pool)
        bytes = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt8.self)
        operand = monocle_packed_rows(
            bytes: bytes, stride: packing.stride(rows: x.rows, inputs: inputs), rows: x.rows)
    }

    func pieces(threads: Int) -> Int {
        operand.rows * (operand.rows < threads ? min(threads, packing.units(inputs: inputs)) : 1)
    }

    /// - Parameter scratch: `[inputs]` for a row that is made.
    func pack(piece: Int, of pieces: Int, making scratch: UnsafeMutablePointer<Float>) {
        let cuts = max(pieces / operand.rows, 1)
        let (row, cut) = piece.quotientAndRemainder(dividingBy: cuts)
        let units = packing.units(inputs: inputs)
        let part = units * cut / cuts..<units * (cut + 1) / cuts
        var source = x + row * inputs
        if let make {
            make(row, part.lowerBound * packing.unit..<min(part.upperBound * packing.unit, inputs), scratch)
            source = UnsafePointer(scratch)
        }
        guard packing.inTiles else {
            packing.pack(
                source, inputs, inputScale ?? 1, part.lowerBound, part.upperBound, bytes + row * operand.stride)
            return
        }
        let line = row / 16 * 16 * packing.unitBytes + row % 16 * 64
        for unit in part {
            let first = unit * packing.unit
            packing.pack(
                source + first, inputs - first, inputScale ?? 1, 0, 1, bytes + unit * operand.stride + line)
        }
    }
}

/// One weight's share of the work.
private struct Product: @unchecked Sendable {
    // Sendable: the operands are only read, and threads write disjoint columns of y.
    let operand: monocle_weight
    let x: monocle_packed_rows
    let y: UnsafeMutablePointer<Float>
    let loops: LinearKernel.Loops
    let threads: Int
    let scratchBytes: Int

    /// Outputs of a piece: whole panels of 16, about a million products; or at most what the loops ask for, so that every
    /// thread finds as many pieces.
    private var grain: Int {
        let million = max(1, min((1 << 20) / max(x.rows * operand.inputs, 1), operand.outputs) / 16) * 16
        let round = loops.outputs * threads
        let step = min(32, loops.outputs) * ((operand.outputs + round - 1) / round * threads)
        return max(million, (operand.outputs + step - 1) / step * min(32, loops.outputs))
    }

    var pieces: Int { (operand.outputs + grain - 1) / grain }

    func run(piece: Int, scratch: UnsafeMutablePointer<UInt8>) {
        let first = piece * grain
        run(first..<min(first + grain, operand.outputs), scratch: scratch)
    }

    func run(_ outputs: Range<Int>, scratch: UnsafeMutablePointer<UInt8>) {
        withUnsafePointer(to: operand) { operand in
            withUnsafePointer(to: x) { x in
                loops.multiply(operand, x, outputs.lowerBound, outputs.upperBound, y, scratch)
            }
        }
    }
}
