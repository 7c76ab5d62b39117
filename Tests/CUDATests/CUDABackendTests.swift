// The GPU backend: what it says without a GPU, and that it computes what the processor computes with one.

import Compute
import Foundation
import Testing
import Training

@testable import CUDA

/// Why GPU checks cannot run here; nil when they can.
private let absence: String? = {
    do throws(CUDAError) {
        _ = try CUDADevice()
        return nil
    } catch {
        return error.description
    }
}()

struct CUDABackendTests {
    @Test func `A library that is not there is named with the places looked in and what to do`() throws {
        let error = #expect(throws: CUDAError.self) {
            _ = try DynamicLibrary(["libmonocle-none.so.13", "libmonocle-none.so.12"], help: "Install it.")
        }
        guard case .library(let name, let tried, _, let help)? = error else {
            Issue.record("found \(String(describing: error))")
            return
        }
        #expect(name == "libmonocle-none.so.13")
        #expect(tried.contains("libmonocle-none.so.12"))
        #expect(tried.contains("/usr/local/cuda/lib64/libmonocle-none.so.13"))
        #expect(help == "Install it.")
    }

    @Test(.disabled(if: absence == nil, "this machine has a GPU"))
    func `Without a GPU the reason is a sentence that names the driver or the device`() throws {
        let error = #expect(throws: CUDAError.self) { _ = try CUDABackend() }
        let text = try #require(error).description
        #expect(text.contains("libcuda.so.1") || text.contains("GPU"))
    }

    @Test func `Precisions of integer kernels are refused before the driver is looked for`() {
        #expect(throws: CUDAError.device("a GPU computes in f32 or w4a16, not in w4a8")) {
            _ = try CUDABackend(precision: .w4a8)
        }
    }

    @Test func `A size class holds its bytes and wastes at most an eighth`() {
        for bytes in [0, 1, 512, 513, 4096, 4097, 5000, 65_536, 65_537, 1_000_003, 103_809_024] {
            let size = DevicePool.classBytes(bytes)
            #expect(size >= bytes && size % 512 == 0)
            if bytes > 4096 { #expect(Double(size) <= Double(bytes) * 1.125 + 512) }
        }
    }

    @Test func `A scatter plan gives every target its sources in order`() throws {
        #expect(ScatterPlan([2, 0, 1], count: 4, sourcesPerChunk: 2) == nil)
        let targets = [3, 1, 3, 3, 0, 3, 3]
        let plan = try #require(ScatterPlan(targets, count: 5, sourcesPerChunk: 2))
        #expect(plan.chunks.count == 6)
        for target in 0..<5 {
            var sources: [Int] = []
            for chunk in Int(plan.chunks[target])..<Int(plan.chunks[target + 1]) {
                let run = Int(plan.starts[chunk])..<Int(plan.starts[chunk + 1])
                #expect(run.count <= 2)
                sources += run.map { Int(plan.order[$0]) }
            }
            #expect(sources == targets.indices.filter { targets[$0] == target })
        }
    }

    @Test(.enabled(if: absence == nil, "\(absence ?? "")"), arguments: [Precision.f32, .w4a16])
    func `Every operation agrees with the processor`(precision: Precision) throws {
        let gpu = try CUDABackend(precision: precision)
        var check = BackendCheck(
            gpu, against: try CPUBackend(precision: .f32), wait: { () throws(ComputeError) in try gpu.synchronize() },
            report: { _ in })
        check.compareOperations(.init(precision), quick: true)
        for row in check.rows { #expect(row.passed, "\(BackendCheck.line(row))") }
    }
}
