import Foundation
import TestSupport
import Testing

/// A disk that fills up in the middle of a run: what was there stays, nothing incomplete bears a name that counts, and the
/// run goes on when there is room.
struct FullDiskTests {
    /// KiB: enough for logs, plots and tokenizers, too little for weights.
    private let limit = 256

    /// Names in a folder, hidden ones too.
    private func names(_ path: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: path))
    }

    private func weights(_ folder: String) throws -> Data {
        try Data(contentsOf: URL(filePath: folder).appending(path: "model.safetensors"))
    }

    @Test func trainingGoesOnWhenThereIsRoom() throws {
        let temporary = try TemporaryFolder()
        let data = try TrainTests.data(temporary.url)
        let root = temporary.url.path
        func train(_ out: String, run: String, _ extra: [String] = [], fileLimit: Int? = nil) throws -> Program.Run {
            try Program.run(
                ["train", Program.checkpoint("bf16"), "\(root)/\(out)", "--run", "\(root)/\(run)", "--data", data]
                    + TrainTests.short + extra, fileLimit: fileLimit)
        }
        let straight = try train("straight", run: "whole")
        #expect(straight.code == 0, "\(straight.errors)")

        // The first state, before any step, is complete; the next one does not fit.
        #expect(try train("out", run: "run", ["--time-limit", "0"]).code == 0)
        let state = URL(filePath: "\(root)/run/state.safetensors")
        let first = try Data(contentsOf: state)
        let full = try train("out", run: "run", fileLimit: limit)
        #expect(
            full.code == 2 && full.errors.contains("run/state.safetensors: cannot write: file too large"),
            "\(full.errors)")
        #expect(try Data(contentsOf: state) == first)
        #expect(try names("\(root)/run") == ["state.safetensors", "log.jsonl", "loss.svg"])
        #expect(try names(root) == ["data", "straight", "whole", "run"], "no folder, no draft of one")

        let resumed = try train("out", run: "run")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try weights("\(root)/out") == weights("\(root)/straight"))

        // The run is complete, but its export does not fit.
        let export = try train("again", run: "run", fileLimit: limit)
        #expect(
            export.code == 2 && export.errors.contains("model.safetensors: cannot write: file too large"),
            "\(export.errors)")
        #expect(try names(root) == ["data", "straight", "whole", "run", "out"])
        #expect(try train("again", run: "run").code == 0)
        #expect(try weights("\(root)/again") == weights("\(root)/straight"))
    }

    @Test func distillationKeepsItsBestOrNothing() throws {
        let temporary = try TemporaryFolder()
        let data = try TrainTests.data(temporary.url)
        let root = temporary.url.path
        func distill(_ out: String, run: String, fileLimit: Int? = nil) throws -> Program.Run {
            try Program.run(
                [
                    "distill", "--teacher", Program.checkpoint("bf16"), "--student", Program.checkpoint("nvfp4"),
                    "--out", "\(root)/\(out)", "--run", "\(root)/\(run)", "--data", data,
                ] + TrainTests.short, fileLimit: fileLimit)
        }
        let straight = try distill("straight", run: "whole")
        #expect(straight.code == 0, "\(straight.errors)")
        let full = try distill("out", run: "run", fileLimit: limit)
        #expect(
            full.code == 2 && full.errors.contains("run/best.safetensors: cannot write: file too large"),
            "\(full.errors)")
        #expect(try names("\(root)/run") == ["log.jsonl"])
        #expect(try names(root) == ["data", "straight", "whole", "run"])
        let again = try distill("out", run: "run")
        #expect(again.code == 0, "\(again.errors)")
        let export = try distill("again", run: "run", fileLimit: limit)
        #expect(
            export.code == 2 && export.errors.contains("model.safetensors: cannot write: file too large"),
            "\(export.errors)")
        #expect(try names(root) == ["data", "straight", "whole", "run", "out"])
        #expect(try weights("\(root)/out") == weights("\(root)/straight"))
    }
}
