// `monocle doctor --device cuda`: whether this machine's GPU computes what its processor does, and how fast it trains.

import CUDA
import Compute
import Foundation

struct DeviceCheck {
    /// One precision's part of the check.
    private struct Part: Encodable {
        let precision: String
        let rows: [BackendCheck.Row]
        let peakBytes: Int
    }

    private struct Finding: Encodable {
        let device: String
        let capability: String
        let memoryBytes: Int
        let parts: [Part]
    }

    let precisions: [Precision]
    let json: Bool
    /// Tiles of a timed training step; 0 for none.
    let tiles: Int

    /// - Returns: the exit code.
    func run() throws -> Int32 {
        let folder = FileManager.default.temporaryDirectory.appending(path: "monocle-check-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var parts: [Part] = []
        var device: CUDADevice?
        for precision in precisions {
            let gpu = try CUDABackend(precision: precision)
            device = gpu.device
            say(
                "\(gpu.device.name), compute capability \(gpu.device.capability.major).\(gpu.device.capability.minor), "
                    + "\(gpu.device.memoryBytes) bytes; precision \(precision.rawValue)")
            say(BackendCheck.header)
            var check = BackendCheck(
                gpu, against: try CPUBackend(precision: .f32),
                wait: { () throws(ComputeError) in try gpu.synchronize() }
            ) { say(BackendCheck.line($0)) }
            check.compareOperations(.init(precision))
            let bound = precision == .f32 ? 1e-4 : 2e-2
            check.compareStep(.tiny, tiles: 3, within: bound, folder: folder.appending(path: "tiny"))
            if precision == .f32 {
                // With products of TF32, an input near the middle of two NVFP4 values goes to the other one.
                check.compareStep(
                    .tiny, tiles: 3, within: bound, folder: folder.appending(path: "tiny"), quantized: true)
            }
            check.compareStep(.mini, tiles: 2, within: bound, folder: folder.appending(path: "mini"))
            if tiles > 0 {
                check.timeOperations(tiles: tiles)
                check.timeSteps(
                    .mini, examples: max(tiles / 4, 1), tiles: tiles, tokens: 200,
                    folder: folder.appending(path: "mini"))
            }
            parts.append(Part(precision: precision.rawValue, rows: check.rows, peakBytes: gpu.memoryUse.peak))
            let failures = check.rows.count { !$0.passed }
            say("\(check.rows.count - failures) passed, \(failures) failed; \(gpu.memoryUse.peak) bytes at most\n")
        }
        if json, let device {
            try Output.json(
                Finding(
                    device: device.name, capability: "\(device.capability.major).\(device.capability.minor)",
                    memoryBytes: device.memoryBytes, parts: parts))
        }
        return parts.allSatisfy { $0.rows.allSatisfy(\.passed) } ? 0 : Failure.Code.device.rawValue
    }

    private func say(_ line: String) {
        if !json { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
    }
}
