import Checkpoint
import Numerics
import TestSupport
import Testing

struct NVFP4Tests {
    @Test func dequantisesALowNibbleFirst() {
        let packed: [UInt8] = [0x72, 0x00, 0, 0, 0, 0, 0, 0x9F]
        let values = NVFP4.dequantize(packed: packed, scales: [0x38], globalScale: 0.5)
        #expect(values.count == 16)
        #expect(values[0] == 0.5 && values[1] == 3)  // codes 2 and 7 are 1 and 6
        #expect(values[14] == -3 && values[15] == -0.25)
    }

    @Test func activationsEqualVLLMsReferenceBitForBit() throws {
        let file = try SafetensorsFile(mapping: Goldens.file("nvfp4/activation_cases.safetensors"))
        let cases = file.tensors.keys.filter { $0.hasSuffix("#x") }.map { String($0.dropLast(2)) }
        #expect(cases.count == 11)
        for name in cases {
            let x = try #require(try file.tensor(name + "#x").floats())
            let inputScale = try #require(try file.tensor(name + "#input_scale").floats()?.first)
            let values = try #require(try file.tensor(name + "#own_values").floats())
            let scales = try #require(try file.tensor(name + "#own_block_scale").floats())
            for block in scales.indices {
                let range = block * 16..<(block + 1) * 16
                let found = NVFP4.quantizeActivation(x[range], inputScale: inputScale)
                #expect(found.scale.float == scales[block], "\(name) block \(block)")
                #expect(found.codes.map { E2M1(code: $0).float } == Array(values[range]), "\(name) block \(block)")
            }
        }
    }
}
