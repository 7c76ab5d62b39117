// Products with weights, forward and backward, and rows of tables.

package import Compute
import Numerics

extension CUDABackend {
    package func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        for id in ids where !(0..<table.outputs).contains(Int(id)) {
            throw .shape(
                operation: "embed", weight: table.name, found: [Int(id)], expected: "ids below \(table.outputs)")
        }
        return try computing { () throws(CUDAError) in
            let (y, target) = try make([ids.count, table.inputs])
            let (source, index) = (try memory(table), try uploadedPositions(ids))
            try launch(common.gather, count: y.shape.count, columns: table.inputs) { count, columns in
                [.memory(source), .memory(index), .memory(target), .int(count), .int(columns)]
            }
            return y
        }
    }

    package func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        var results: [Tensor] = []
        for weight in weights {
            guard x.shape.rank >= 2, x.columns == weight.inputs else {
                throw .shape(
                    operation: "linear", weight: weight.name, found: x.shape, expected: "[rows, \(weight.inputs)]")
            }
            try checkCount([x.rows, weight.outputs], "linear")
            results.append(try computing { () throws(CUDAError) in try product(x, weight) })
        }
        return results
    }

    private func product(_ x: Tensor, _ weight: Weight) throws(CUDAError) -> Tensor {
        let (y, target) = try make([x.rows, weight.outputs])
        try matrices.product(
            try memory(x), .plain, try memory(weight), .transposed, into: target, rows: x.rows, columns: weight.outputs,
            inner: weight.inputs)
        if let bias = weight.bias {
            let offset = try memory(bias)
            try launch(common.addBias, count: y.shape.count, columns: weight.outputs) { count, columns in
                [.memory(target), .memory(offset), .int(count), .int(columns)]
            }
        }
        return y
    }

    package func linearInputGradient(_ dy: Tensor, _ weight: Weight) throws(ComputeError) -> Tensor {
        try check(dy, is: [dy.rows, weight.outputs], "linear input gradient")
        try checkCount([dy.rows, weight.inputs], "linear input gradient")
        return try computing { () throws(CUDAError) in
            let (dx, target) = try make([dy.rows, weight.inputs])
            try matrices.product(
                try memory(dy), .plain, try memory(weight), .plain, into: target, rows: dy.rows, columns: weight.inputs,
                inner: weight.outputs)
            return dx
        }
    }

    package func linearWeightGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: [x.rows, dy.columns], "linear weight gradient")
        return try computing { () throws(CUDAError) in
            let (dw, target) = try make([dy.columns, x.columns])
            try matrices.product(
                try memory(dy), .transposed, try memory(x), .plain, into: target, rows: dy.columns, columns: x.columns,
                inner: x.rows)
            return dw
        }
    }

    /// A weight's elements on the device: a parameter's own, or a file's, widened and uploaded once while it lives.
    func memory(_ weight: Weight) throws(CUDAError) -> DeviceMemoryBlock {
        if let parameter = weight.parameter { return try memory(parameter) }
        let identity = ObjectIdentifier(weight)
        if let known = caches.withLock({ $0.weights[identity] }), known.weight === weight { return known.memory }
        let memory = try uploaded(weight.floats())
        caches.withLock { caches in
            caches.weights = caches.weights.filter { $0.value.weight != nil }
            caches.weights[identity] = StoredWeight(weight: weight, memory: memory)
        }
        return memory
    }

    // MARK: Lists

    func uploadedPositions(_ list: [Int32]) throws(CUDAError) -> DeviceMemoryBlock {
        if let known = caches.withLock({ $0.positions.find(list) }) { return known }
        let memory = try uploaded(list)
        caches.withLock { $0.positions.insert(list, memory) }
        return memory
    }

    func uploadedFrequencies(_ list: [Float]) throws(CUDAError) -> DeviceMemoryBlock {
        if let known = caches.withLock({ $0.frequencies.find(list) }) { return known }
        let memory = try uploaded(list)
        caches.withLock { $0.frequencies.insert(list, memory) }
        return memory
    }

    /// Indices as 32-bit integers.
    func uploadedRows(_ list: [Int]) throws(CUDAError) -> DeviceMemoryBlock {
        if let known = caches.withLock({ $0.rows.find(list) }) { return known }
        let memory = try uploaded(list.map { Int32(truncatingIfNeeded: $0) })
        caches.withLock { $0.rows.insert(list, memory) }
        return memory
    }
}
