import Checkpoint
import Compute
import Numerics
import Testing

struct CPUScreeningTests {
    /// By definition: from all outputs.
    private func expected(_ x: Tensor, _ weight: Weight, count: Int, _ backend: CPUBackend) throws -> [[UInt64]] {
        let all = try #require(try backend.linear(x, [weight]).first).array()
        return (0..<x.rows).map { row in
            let outputs = all[row * weight.outputs..<(row + 1) * weight.outputs].enumerated()
            // NaN first.
            let ranked = outputs.sorted {
                switch ($0.element.isNaN, $1.element.isNaN) {
                case (false, false): ($1.element, $0.offset) < ($0.element, $1.offset)
                case (let first, let second): first == second ? $0.offset < $1.offset : first
                }
            }
            return ranked.prefix(count).map { UInt64($0.offset) << 32 | UInt64($0.element.bitPattern) }
        }
    }

    private func found(_ x: Tensor, _ weight: Weight, count: Int, _ backend: CPUBackend) throws -> [[UInt64]] {
        try backend.largest(x, weight, count: count).map {
            $0.map { UInt64($0.index) << 32 | UInt64($0.value.bitPattern) }
        }
    }

    private func weight(_ values: [Float], outputs: Int) -> Weight {
        let bits = values.map { BFloat16($0).bits }
        return Weight(
            name: "head", outputs: outputs, inputs: values.count / outputs,
            format: .dense(TensorView(copying: bits, dtype: .bf16, shape: [outputs, values.count / outputs])))
    }

    @Test(arguments: InstructionSet.available, [Precision.f32, .w4a16])
    func findsTheSameLargestOutputsAsTheWholeProduct(_ isa: InstructionSet, _ precision: Precision) throws {
        var random = TestRandom(31)
        for (outputs, inputs) in [(4096, 40), (5003, 264)] {
            var values = random.values(outputs * inputs)
            // Equal rows far apart, rows of zeros, tiny rows, a row that is large, rows that are not finite.
            values.replaceSubrange(0..<inputs, with: values[700 * inputs..<701 * inputs])
            values.replaceSubrange(4000 * inputs..<4001 * inputs, with: values[700 * inputs..<701 * inputs])
            for k in 0..<inputs { values[3 * inputs + k] = 0 }
            for k in 0..<inputs { values[5 * inputs + k] *= 0x1p-90 }
            for k in 0..<inputs { values[900 * inputs + k] *= 50 }
            values[11 * inputs + 7] = .nan
            values[13 * inputs + 8] = .infinity
            values[17 * inputs + 8] = 3e38
            let weight = weight(values, outputs: outputs)
            let backend = try CPUBackend(threads: 2, isa: isa, precision: precision)
            var rows: [[Float]] = (0..<4).map { _ in random.values(inputs) }
            rows.append((0..<inputs).map { $0 == 3 ? 1000 : 0.001 })
            rows.append([Float](repeating: 0, count: inputs))
            rows.append(Array(values[700 * inputs..<701 * inputs]))
            rows.append((0..<inputs).map { $0 == 2 ? .nan : 1 })
            rows.append((0..<inputs).map { _ in 1e-39 })
            for count in [1, 2, 20] {
                for first in rows.indices {
                    let some = rows[first..<min(first + count % 3 + 1, rows.count)]
                    let x = Tensor(Array(some.joined()), shape: [some.count, inputs])
                    #expect(
                        try found(x, weight, count: count, backend)
                            == expected(x, weight, count: count, backend), "\(isa), rows \(first)..., \(count)")
                }
            }
        }
    }

    /// A row that was changed after the copy was made goes unseen where the copy rules it out.
    @Test(arguments: InstructionSet.available) func readsTheWeightWhereItMattersAlone(_ isa: InstructionSet) throws {
        var random = TestRandom(33)
        let (outputs, inputs) = (4096, 64)
        var values = random.values(outputs * inputs)
        for k in 0..<inputs { values[77 * inputs + k] = 4 * values[78 * inputs + k] }
        let memory = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: values.count)
        defer { memory.deallocate() }
        for (index, value) in values.enumerated() { memory[index] = BFloat16(value).bits }
        final class Owner {}
        let weight = Weight(
            name: "head", outputs: outputs, inputs: inputs,
            format: .dense(
                TensorView(
                    dtype: .bf16, shape: [outputs, inputs], bytes: UnsafeRawBufferPointer(memory), owner: Owner())))
        let backend = try CPUBackend(threads: 2, isa: isa, precision: .w4a16)
        let x = Tensor(Array(values[78 * inputs..<79 * inputs]), shape: [1, inputs])
        let before = try found(x, weight, count: 1, backend)
        for k in 0..<inputs { memory[1000 * inputs + k] = BFloat16(1000 * x.array()[k]).bits }
        #expect(try found(x, weight, count: 1, backend) == before)
        #expect(try expected(x, weight, count: 1, backend) != before)
    }

    @Test func computesAllOutputsWhereScreeningDoesNotPay() throws {
        var random = TestRandom(32)
        let backend = try CPUBackend(threads: 1, precision: .w4a16)
        let small = weight(random.values(50 * 16), outputs: 50)
        let x = Tensor(random.values(9 * 16), shape: [9, 16])
        for count in [0, 1, 50, 70] {
            #expect(try found(x, small, count: count, backend) == expected(x, small, count: count, backend))
        }
        let quantized = TestFormat.nvfp4.weight(outputs: 4200, inputs: 16, bias: true, random: &random)
        #expect(try found(x, quantized, count: 3, backend) == expected(x, quantized, count: 3, backend))
        #expect(throws: ComputeError.self) { try backend.largest(Tensor([1], shape: [1, 1]), small, count: 1) }
    }
}
