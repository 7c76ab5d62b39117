// Backward of the operations on elements and rows, and sums over rows.

package import Compute
package import Numerics

extension CUDABackend {
    package func zeros(_ shape: Shape) throws(ComputeError) -> Tensor {
        try computing { () throws(CUDAError) in
            let (y, target) = try make(shape)
            try device.clear(target.address, bytes: target.byteCount)
            return y
        }
    }

    package func geluGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: x.shape, "gelu gradient")
        return try elements(common.geluGradient, [dy, x], "gelu gradient")
    }

    package func swiGLUGradient(
        _ dy: Tensor, gate: Tensor, up: Tensor
    ) throws(ComputeError) -> (gate: Tensor, up: Tensor) {
        try check(dy, is: gate.shape, "swiGLU gradient")
        try check(up, is: gate.shape, "swiGLU gradient")
        try checkCount(gate.shape, "swiGLU gradient")
        return try computing { () throws(CUDAError) in
            let (dGate, gates) = try make(gate.shape)
            let (dUp, ups) = try make(gate.shape)
            let count = Self.fours(gate.shape.count)
            try launch(
                common.swiGLUGradient, count: count,
                [
                    .memory(try memory(dy)), .memory(try memory(gate)), .memory(try memory(up)), .memory(gates),
                    .memory(ups), .int(count),
                ])
            return (dGate, dUp)
        }
    }

    package func rmsNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor) {
        try check(dy, is: x.shape, "rmsNorm gradient")
        try check(weight, is: [x.columns], "rmsNorm gradient")
        try checkCount(x.shape, "rmsNorm gradient")
        return try computing { () throws(CUDAError) in
            let (dx, target) = try make(x.shape)
            let (dWeight, gain) = try make([x.columns])
            let partials = Self.blocks(of: NormKernels.rowsPerPartial, x.rows)
            let partial = try block(floats: partials * x.columns, for: "partial sums")
            try device.launch(
                try library.norm(columns: x.columns).rmsNormGradient,
                grid: (Self.blocks(of: NormKernels.rowsPerBlock, partials), 1), block: 256,
                [
                    .memory(try memory(dy)), .memory(try memory(x)), .memory(try memory(weight)), .memory(target),
                    .memory(partial), .int(x.rows), .float(epsilon),
                ])
            try sumColumns(partial, rows: partials, columns: x.columns, into: gain, split: x.columns, rest: nil)
            return (dx, dWeight)
        }
    }

    package func layerNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor, bias: Tensor) {
        try check(dy, is: x.shape, "layerNorm gradient")
        try check(weight, is: [x.columns], "layerNorm gradient")
        try checkCount(x.shape, "layerNorm gradient")
        return try computing { () throws(CUDAError) in
            let (dx, target) = try make(x.shape)
            let (dWeight, gain) = try make([x.columns])
            let (dBias, offset) = try make([x.columns])
            let partials = Self.blocks(of: NormKernels.rowsPerPartial, x.rows)
            let partial = try block(floats: partials * 2 * x.columns, for: "partial sums")
            try device.launch(
                try library.norm(columns: x.columns).layerNormGradient,
                grid: (Self.blocks(of: NormKernels.rowsPerBlock, partials), 1), block: 256,
                [
                    .memory(try memory(dy)), .memory(try memory(x)), .memory(try memory(weight)), .memory(target),
                    .memory(partial), .int(x.rows), .float(epsilon),
                ])
            try sumColumns(
                partial, rows: partials, columns: 2 * x.columns, into: gain, split: x.columns, rest: offset)
            return (dx, dWeight, dBias)
        }
    }

    package func columnSums(_ dy: Tensor) throws(ComputeError) -> Tensor {
        try checkCount(dy.shape, "column sums")
        return try computing { () throws(CUDAError) in
            let (y, target) = try make([dy.columns])
            try sumColumns(
                try memory(dy), rows: dy.rows, columns: dy.columns, into: target, split: dy.columns, rest: nil)
            return y
        }
    }

    /// Rows that one block of `column_partial` adds up.
    private static let rowsPerChunk = 256

    /// Sums over rows: columns below `split` go to `head`, the others to `rest`. Chunks of rows are added in float32,
    /// their sums in double.
    func sumColumns(
        _ x: DeviceMemoryBlock, rows: Int, columns: Int, into head: DeviceMemoryBlock, split: Int,
        rest: DeviceMemoryBlock?
    ) throws(CUDAError) {
        let chunks = Self.blocks(of: Self.rowsPerChunk, rows)
        let partial = try block(floats: max(chunks, 1) * columns, for: "partial sums")
        let width = columns % 4 == 0 ? 4 : 1
        try device.launch(
            width == 4 ? common.columnPartial.four : common.columnPartial.one,
            grid: (Self.blocks(of: 32, columns / width), chunks), block: 256,
            [.memory(x), .memory(partial), .int(rows), .int(columns / width), .int(Self.rowsPerChunk)])
        try device.launch(
            common.columnTotal, grid: (Self.blocks(of: 32, columns), 1), block: 1024,
            [
                .memory(partial), .memory(head), rest.map { .memory($0) } ?? .null, .int(chunks), .int(columns),
                .int(split),
            ])
    }

    /// Sources of one target that are added up together before the sums are.
    private static let sourcesPerChunk = 128

    package func scatteredRows(_ dy: Tensor, to rows: [Int], count: Int) throws(ComputeError) -> Tensor {
        guard rows.count == dy.rows else {
            throw .shape(operation: "row scatter", weight: nil, found: dy.shape, expected: "\(rows.count) rows")
        }
        try checkCount(dy.shape, "row scatter")
        try checkCount([count, dy.columns], "row scatter")
        try checkRows(rows, below: count, "row scatter")
        let plan = ScatterPlan(rows, count: count, sourcesPerChunk: Self.sourcesPerChunk)
        return try computing { () throws(CUDAError) in
            let (dx, target) = try make([count, dy.columns])
            let source = try memory(dy)
            guard let plan else {
                try device.clear(target.address, bytes: target.byteCount)
                let map = try uploadedRows(rows)
                try launch(common.spread, count: dy.shape.count, columns: dy.columns) { count, columns in
                    [.memory(source), .memory(map), .memory(target), .int(count), .int(columns)]
                }
                return dx
            }
            let four = dy.columns % 4 == 0
            let columns = four ? dy.columns / 4 : dy.columns
            let threads = min(256, (columns + 31) / 32 * 32)
            let chunks = plan.starts.count - 1
            let partial = try block(floats: max(chunks, 1) * dy.columns, for: "partial sums")
            try device.launch(
                four ? common.scatterPartial.four : common.scatterPartial.one, grid: (chunks, 1), block: threads,
                [
                    .memory(source), .memory(try uploaded(plan.order)), .memory(try uploaded(plan.starts)),
                    .memory(partial), .int(columns),
                ])
            try device.launch(
                four ? common.scatterTotal.four : common.scatterTotal.one, grid: (count, 1), block: threads,
                [.memory(partial), .memory(try uploaded(plan.chunks)), .memory(target), .int(columns)])
            return dx
        }
    }
}

/// Rows that are added to others, ordered by target.
struct ScatterPlan {
    /// Source rows, those of a target together, in order.
    private(set) var order: [Int32]
    /// Chunk c adds `order[starts[c]..<starts[c + 1]]`; all of a chunk have one target.
    private(set) var starts: [Int32] = []
    /// Target r adds up chunks `chunks[r]..<chunks[r + 1]`.
    private(set) var chunks: [Int32] = []

    /// Nil when no target has two sources: then rows are only moved.
    init?(_ rows: [Int], count: Int, sourcesPerChunk: Int) {
        var places = [Int32](repeating: 0, count: count + 1)
        var isShared = false
        for row in rows {
            places[row + 1] += 1
            isShared = isShared || places[row + 1] > 1
        }
        guard isShared else { return nil }
        chunks.reserveCapacity(count + 1)
        var first = 0
        for row in 0..<count {
            let sources = Int(places[row + 1])
            chunks.append(Int32(starts.count))
            for start in stride(from: 0, to: sources, by: sourcesPerChunk) { starts.append(Int32(first + start)) }
            places[row + 1] = Int32(first)
            first += sources
        }
        chunks.append(Int32(starts.count))
        starts.append(Int32(first))
        order = [Int32](repeating: 0, count: rows.count)
        for (source, row) in rows.enumerated() {
            order[Int(places[row + 1])] = Int32(source)
            places[row + 1] += 1
        }
    }
}
