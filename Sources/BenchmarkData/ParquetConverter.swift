// Parquet folders made readable by a Python program with pyarrow, where there is one. Knows no benchmark.

package import Foundation
import Imaging
import JSONText

package struct ParquetConverter: Sendable {
    package struct Summary: Codable, Sendable, Equatable {
        package let files: Int
        package let rows: Int
        package let images: Int

        package init(files: Int, rows: Int, images: Int) {
            self.files = files
            self.rows = rows
            self.images = images
        }
    }

    /// A name looked up in `PATH`, or a path from the root.
    private let python: String

    /// Seconds; benchmarks are a few gigabytes.
    private static let timeout = 4 * 3600.0
    /// Bytes of address space, of which pyarrow reserves far more than it uses.
    private static let memory = 1 << 40
    private static let missing: Int32 = 3

    package init(python: String) { self.python = python }

    /// - Parameters:
    ///   - source: a folder of parquet files, or one.
    ///   - target: a folder to be made, with `items.jsonl` and `images/`.
    ///   - split: the beginning of the files' names up to a hyphen; empty for the only one there is.
    package func convert(_ source: URL, to target: URL, split: String) throws(BenchmarkDataError) -> Summary {
        let script = String(decoding: PackageResources.convert_py, as: UTF8.self)
        let process = ChildProcess(
            program: python, arguments: ["-c", script, source.path, target.path, split], timeout: Self.timeout,
            outputLimit: 1 << 16, memoryLimit: Self.memory)
        let output: ChildProcess.Output
        do {
            output = try process.run()
        } catch .notFound {
            throw .program(name: python, reason: "not found; install Python, then `pip install pyarrow`")
        } catch {
            throw .program(name: python, reason: "\(error)")
        }
        if output.status == Self.missing {
            throw .program(
                name: python,
                reason: "it has no pyarrow, which reads parquet: `\(python) -m pip install pyarrow`, or name another "
                    + "Python in $MONOCLE_PYTHON")
        }
        guard output.status == 0 else {
            let reason = output.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
            throw .program(name: python, reason: reason.isEmpty ? "it ended with \(output.status)" : reason)
        }
        do {
            return try JSONDecoder().decode(Summary.self, from: Data(output.standardOutput))
        } catch {
            throw .program(name: python, reason: "it said nothing that can be read")
        }
    }
}
