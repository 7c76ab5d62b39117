import Compute
import Testing

struct CPUFeaturesTests {
    @Test func cachesAreReadFromTheSystemsFiles() {
        let files = [
            ["level": "1\n", "type": "Data\n", "size": "32K\n"], ["level": "1", "type": "Instruction", "size": "64K"],
            ["level": "2", "type": "Unified", "size": "1024K"], ["level": "3", "type": "Unified", "size": "32M"],
        ]
        let found = CPUFeatures.dataCaches { index, file in files.indices.contains(index) ? files[index][file] : nil }
        #expect(found == [32 << 10, 1 << 20, 32 << 20])
        #expect(CPUFeatures.dataCaches { _, _ in nil } == [0, 0, 0])
        #expect(CPUFeatures.dataCaches { _, _ in "nonsense" } == [0, 0, 0])
    }
}
