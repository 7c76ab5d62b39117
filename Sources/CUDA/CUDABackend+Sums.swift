// Losses fused with their gradients, sums of squares, the optimiser's update, and rounding to NVFP4.

package import Compute
package import Numerics
package import Training

extension CUDABackend {
    /// Adds up doubles: group g is `values[starts[g]..<starts[g + 1]]`. Waits for the result.
    private func sums(of values: DeviceMemoryBlock, starts: [Int32]) throws(CUDAError) -> [Double] {
        let groups = starts.count - 1
        guard groups > 0 else { return [] }
        let result = try pool.take(bytes: groups * 8, for: "sums")
        try device.launch(
            common.sumDoubles, grid: (groups, 1), block: 256,
            [.memory(values), .memory(try uploaded(starts)), .memory(result)])
        var sums = [Double](repeating: 0, count: groups)
        try sums.withUnsafeMutableBufferPointer { (sums) throws(CUDAError) in
            guard let start = sums.baseAddress else { return }
            try device.download(result.address, bytes: groups * 8, to: start)
        }
        return sums
    }

    /// Runs a loss over all rows and adds the rows' values up.
    private func loss(
        _ kernel: Kernel, _ logits: Tensor, teacher: Tensor?, marks: [Int32], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor) {
        try computing { () throws(CUDAError) in
            let (gradient, target) = try make(logits.shape)
            let losses = try pool.take(bytes: logits.rows * 8, for: "losses")
            var arguments: [KernelArgument] = [.memory(try memory(logits))]
            if let teacher { arguments.append(.memory(try memory(teacher))) }
            arguments += [
                .memory(try uploaded(marks)), .memory(target), .memory(losses), .int(logits.columns), .double(scale),
            ]
            try device.launch(kernel, grid: (logits.rows, 1), block: 128, arguments)
            let sum = try sums(of: losses, starts: [0, Int32(logits.rows)])
            return (sum[0], gradient)
        }
    }
}

extension CUDABackend: DifferentiableBackend {
    package func crossEntropy(
        _ logits: Tensor, targets: [Int32?], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor) {
        try check(logits, is: [targets.count, logits.columns], "cross-entropy")
        for case let target? in targets where !(0..<logits.columns).contains(Int(target)) {
            throw .shape(
                operation: "cross-entropy", weight: nil, found: [Int(target)],
                expected: "targets below \(logits.columns)")
        }
        return try loss(
            common.crossEntropy, logits, teacher: nil, marks: targets.map { $0 ?? -1 }, scale: scale)
    }

    package func forwardKL(
        _ student: Tensor, teacher: Tensor, counted: [Bool], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor) {
        try check(teacher, is: student.shape, "forward KL")
        try check(student, is: [counted.count, student.columns], "forward KL")
        return try loss(
            common.forwardKL, student, teacher: teacher, marks: counted.map { $0 ? 1 : 0 }, scale: scale)
    }

    package func meanSquare(
        _ student: Tensor, teacher: Tensor, counted: [Bool], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor) {
        try check(teacher, is: student.shape, "mean square")
        try check(student, is: [counted.count, student.columns], "mean square")
        return try loss(
            common.meanSquare, student, teacher: teacher, marks: counted.map { $0 ? 1 : 0 }, scale: scale)
    }

    /// Elements that one block squares.
    private static let elementsPerPiece = 1 << 15

    package func squareSums(_ tensors: [Tensor]) throws(ComputeError) -> [Double] {
        try computing { () throws(CUDAError) in
            var (addresses, counts, starts): ([UInt64], [Int32], [Int32]) = ([], [], [0])
            for tensor in tensors {
                let memory = try memory(tensor)
                for first in stride(from: 0, to: tensor.shape.count, by: Self.elementsPerPiece) {
                    addresses.append(memory.address + UInt64(first * 4))
                    counts.append(Int32(min(Self.elementsPerPiece, tensor.shape.count - first)))
                }
                starts.append(Int32(addresses.count))
            }
            let partial = try pool.take(bytes: addresses.count * 8, for: "sums")
            try device.launch(
                common.squarePartial, grid: (addresses.count, 1), block: 256,
                [.memory(try uploaded(addresses)), .memory(try uploaded(counts)), .memory(partial)])
            return try sums(of: partial, starts: starts)
        }
    }

    package func adamW(
        _ state: AdamW.Moments, gradient: Tensor, _ update: AdamW.Update
    ) throws(ComputeError) -> AdamW.Moments {
        let shape = state.value.shape
        guard gradient.shape.count == shape.count, state.first.shape.count == shape.count,
            state.second.shape.count == shape.count, shape.count < 1 << 31
        else {
            throw .shape(operation: "AdamW", weight: nil, found: gradient.shape, expected: shape.description)
        }
        return try computing { () throws(CUDAError) in
            let (value, new) = try make(shape)
            let (first, m) = try make(shape)
            let (second, v) = try make(shape)
            try launch(
                common.adamW, count: shape.count,
                [
                    .memory(try memory(state.value)), .memory(try memory(gradient)), .memory(try memory(state.first)),
                    .memory(try memory(state.second)), .memory(new), .memory(m), .memory(v), .int(shape.count),
                    .float(update.clip), .float(update.beta1), .float(update.rest1), .float(update.beta2),
                    .float(update.rest2), .float(update.keep), .float(update.size), .float(update.root),
                    .float(update.epsilon),
                ])
            return AdamW.Moments(value: value, first: first, second: second)
        }
    }

    /// A parameter with the rounded values; nothing is packed.
    package func nvfp4Form(
        of weight: Weight, globalScale: Float, arithmetic: NVFP4WeightScales
    ) throws(ComputeError) -> Weight {
        guard weight.inputs % NVFP4.blockSize == 0 else {
            throw .shape(
                operation: "NVFP4", weight: weight.name, found: [weight.outputs, weight.inputs],
                expected: "inputs in blocks of \(NVFP4.blockSize)")
        }
        return try computing { () throws(CUDAError) in
            let (values, target) = try make([weight.outputs, weight.inputs])
            let blocks = values.shape.count / NVFP4.blockSize
            let rule =
                switch arithmetic.rule {
                case .sequential: 0;
                case .unclamped: 1;
                case .clamped: 2
                }
            try launch(
                common.roundWeights, count: blocks,
                [
                    .memory(try memory(weight)), .memory(target), .int(blocks), .float(globalScale), .int(rule),
                    .int(arithmetic.division == .cuda ? 1 : 0),
                ])
            return Weight(name: weight.name, parameter: values, bias: weight.bias)
        }
    }

    package func roundedToNVFP4(_ x: Tensor, inputScale: Float) throws(ComputeError) -> Tensor {
        guard x.columns % NVFP4.blockSize == 0 else {
            throw .shape(
                operation: "NVFP4", weight: nil, found: x.shape, expected: "columns in blocks of \(NVFP4.blockSize)")
        }
        return try computing { () throws(CUDAError) in
            let (y, target) = try make(x.shape)
            let blocks = x.shape.count / NVFP4.blockSize
            try launch(
                common.roundInputs, count: blocks,
                [.memory(try memory(x)), .memory(target), .int(blocks), .float(inputScale)])
            return y
        }
    }
}
