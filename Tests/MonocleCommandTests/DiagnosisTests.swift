import Compute
import Foundation
import Imaging
import Model
import MonocleCommand
import TestSupport
import Testing

struct DiagnosisTests {
    private let ample = HostMemory(total: 64 << 30, available: 48 << 30)

    private static let confined = Confinement(
        report: "memory 12\nsocket 1\nprocess 1\nwriting 1\nreading 1\n", prlimit: "/usr/bin/prlimit")

    private func diagnosis(
        _ memory: HostMemory?, missing: Bool = false, set: InstructionSet = .scalar,
        confinement: Confinement? = DiagnosisTests.confined
    ) -> Diagnosis {
        Diagnosis(
            processor: .current, instructionSet: set, memory: memory,
            programs: RequiredProgram.all.map { Diagnosis.Program($0, path: missing ? nil : "/usr/bin/\($0.name)") },
            confinement: confinement)
    }

    @Test func soundMachineHasNoProblem() {
        let found = diagnosis(ample)
        #expect(found.problems == [])
        #expect(found.exitCode == 0)
        #expect(found.text.hasSuffix("Nothing stands in the way.\n"))
    }

    @Test func missingProgramNamesItsPackage() {
        let found = diagnosis(ample, missing: true)
        let packages = ["poppler-utils", "poppler-utils", "ffmpeg", "ffmpeg"]
        #expect(found.problems.map(\.remedy) == packages.map { "apt-get install \($0)" })
        #expect(found.exitCode == 4)
        #expect(found.text.contains("pdftoppm: missing"))
    }

    @Test func whatDecodersAreNotKeptFromIsSaid() throws {
        #expect(DiagnosisTests.confined != nil)
        for (report, prlimit, words) in [
            (
                "memory 12\nsocket 0\nprocess 0\nwriting 0\nreading 0\n", "/p",
                ["network", "processes", "files", "seccomp"]
            ),
            ("memory 12\nsocket 0\nprocess 1\nwriting 1\nreading 1\n", "/p", ["network"]),
            ("memory 0\nsocket 1\nprocess 1\nwriting 1\nreading 1\n", "/p", ["memory", "RLIMIT_AS"]),
            ("memory 12\nsocket 1\nprocess 1\nwriting 1\nreading 1\n", nil, ["prlimit", "util-linux"]),
        ] {
            let found = diagnosis(ample, confinement: try #require(Confinement(report: report, prlimit: prlimit)))
            #expect(found.problems.count == 1 && found.exitCode == 4, "\(report)")
            for word in words { #expect(found.text.contains(word), "\(found.text)") }
            #expect(found.text.contains(": NO"))
        }
        #expect(Confinement(report: "socket 1\n", prlimit: "/p") == nil)
        #expect(diagnosis(ample, confinement: nil).problems.map(\.remedy).first?.contains("check-confinement") == true)
    }

    @Test func forcedSetSaysWhyNotFaster() {
        let reasons = diagnosis(ample).kernels.whyNotFaster
        #expect(reasons.map(\.instructionSet) == ["amx", "avx512", "avx2"])
        for reason in reasons {
            let isAvailable = InstructionSet.available.map(\.rawValue).contains(reason.instructionSet)
            #expect(reason.reason.hasPrefix(isAvailable ? "MONOCLE_ISA=scalar" : "the processor lacks"))
        }
    }

    @Test func everyLinearLayerHasAKernel() throws {
        var found = diagnosis(ample)
        try found.examine(Goldens.checkpoint("nvfp4"), precision: .w4a4, context: 1000)
        let model = try #require(found.model)
        #expect(found.problems == [])
        // 7 in each of 2 decoder layers, the head, 4 in each of 2 encoder blocks, the patch embedder, 2 in mlp1.
        let counted = model.layers.map(\.count).reduce(0, +)
        #expect(counted == 26)
        let decoder = try #require(model.layers.first { $0.part == "decoder" })
        #expect(decoder.format == "NVFP4" && decoder.count == 14)
        #expect(Set(decoder.kinds) == ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
        #expect(decoder.kernel?.contains("scalar") == true)
        // 1000 tokens are 63 pages of 16; each 2 layers of 2 heads of 32, keys and values in bf16: 512 bytes.
        #expect(model.memory.keyValueCacheBytes == 516_096)
        #expect(model.memory.imageEmbeddingsBytes == 256 << 20 && model.memory.imageTilesBytes == 128 << 20)
        let parts = [
            model.memory.weightsBytes, model.memory.keyValueCacheBytes, model.memory.activationsBytes,
            model.memory.lmHeadCopyBytes, model.memory.imageEmbeddingsBytes, model.memory.imageTilesBytes,
        ]
        #expect(model.memory.totalBytes == parts.reduce(0, +))
        #expect(
            found.text.contains("256.0 MiB embeddings of images") && found.text.contains("128.0 MiB tiles of images"))
        let file = Goldens.checkpoint("nvfp4").appending(path: "model.safetensors")
        #expect(try model.memory.weightsBytes == Data(contentsOf: file).count)
    }

    @Test func slowerKernelHasAReason() throws {
        var found = diagnosis(ample)
        try found.examine(Goldens.checkpoint("nvfp4"), precision: .w4a16, context: 1000)
        let decoder = try #require(found.model?.layers.first { $0.part == "decoder" })
        #expect(decoder.reason == "scalar has no bf16 products")
    }

    @Test func denseLayersIgnoreW4A4() throws {
        var found = diagnosis(ample)
        try found.examine(Goldens.checkpoint("bf16"), precision: .w4a4, context: 16)
        #expect(found.problems == [])
    }

    @Test func tooSmallAMachineIsTold() throws {
        var found = diagnosis(HostMemory(total: 1 << 30, available: 1 << 20))
        try found.examine(Goldens.checkpoint("nvfp4"), precision: .w4a16, context: 1000)
        #expect(found.problems.count == 1)
        #expect(found.problems.first?.problem.hasPrefix("the model needs") == true)
        #expect(found.exitCode == 4)

        var narrow = diagnosis(ample)
        try narrow.examine(Goldens.checkpoint("nvfp4"), precision: .w4a16, context: 1000)
        let memory = try #require(narrow.model?.memory)
        let room = memory.totalBytes - memory.weightsBytes / 2
        var slow = diagnosis(HostMemory(total: 1 << 40, available: 1 << 39, limit: room, remaining: room))
        try slow.examine(Goldens.checkpoint("nvfp4"), precision: .w4a16, context: 1000)
        #expect(
            slow.problems.first?.problem.contains("its control group leaves: weights would be read from disk") == true)
    }

    @Test func brokenFolderIsTheModelsFault() throws {
        var found = diagnosis(ample)
        try found.examine(URL(filePath: "/nonexistent/folder"), precision: .w4a16, context: 16)
        #expect(found.exitCode == 3)
        #expect(found.model == nil)
        #expect(found.problems.first?.problem.contains("/nonexistent/folder") == true)
    }

    @Test func bytesAreReadable() {
        #expect(Bytes.text(0) == "0 B")
        #expect(Bytes.text(1023) == "1023 B")
        #expect(Bytes.text(1536) == "1.50 KiB")
        #expect(Bytes.text(24 << 30) == "24.0 GiB")
    }
}
