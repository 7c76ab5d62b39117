import BenchmarkData
import Foundation
import TestSupport
import Testing

struct ConverterTests {
    private let place: TemporaryFolder

    init() throws { place = try TemporaryFolder() }

    private func program(_ script: String) throws -> String {
        let url = place.url.appending(path: UUID().uuidString)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: url.path)
        return url.path
    }

    private func convert(_ python: String, split: String = "") throws -> ParquetConverter.Summary {
        try ParquetConverter(python: python).convert(
            place.url.appending(path: "source"), to: place.url.appending(path: "target"), split: split)
    }

    @Test func saysWhatIsMissing() throws {
        let cases = [
            ("/nowhere/python", "install Python"), (try program("exit 3"), "pip install pyarrow"),
            (try program("echo 'several splits: a, b' >&2; exit 4"), "several splits: a, b"),
            (try program("exit 9"), "ended with 9"), (try program("echo nonsense"), "nothing that can be read"),
        ]
        for (python, words) in cases {
            do {
                _ = try convert(python)
                Issue.record("\(python) converted")
            } catch {
                #expect("\(error)".contains(words), "\(error)")
            }
        }
    }

    @Test func readsTheProgramsSummary() throws {
        let python = try program(#"[ "$1" = -c ] && [ "$5" = test ] && echo '{"files": 2, "rows": 3, "images": 1}'"#)
        #expect(try convert(python, split: "test") == ParquetConverter.Summary(files: 2, rows: 3, images: 1))
    }

    private static let python = Installed.python(with: "pyarrow")

    @Test(.enabled(if: Self.python != nil, "needs a Python with pyarrow (Scripts/test.sh installs it)"))
    func parquetBecomesItems() throws {
        let python = try #require(Self.python)
        let source = place.url.appending(path: "source")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        let script = """
            import pyarrow, pyarrow.parquet as parquet, sys
            image = lambda n: {"bytes": b"\\x89PNG\\r\\n\\x1a\\n" + bytes([n]) * 80, "path": None}
            rows = [{"questionId": str(n), "question": "Which é?", "answers": [str(n), "x"], "image": image(n // 2),
                     "docId": n, "score": float("nan")} for n in range(6)]
            parquet.write_table(pyarrow.Table.from_pylist(rows), sys.argv[1] + "/validation-00000-of-00001.parquet")
            parquet.write_table(pyarrow.Table.from_pylist(rows[:1]), sys.argv[1] + "/test-00000-of-00001.parquet")
            """
        let maker = Process()
        maker.executableURL = URL(filePath: python)
        maker.arguments = ["-c", script, source.path]
        try maker.run()
        maker.waitUntilExit()
        #expect(throws: BenchmarkDataError.self, "two splits") { try convert(python) }
        #expect(throws: BenchmarkDataError.self, "no such split") { try convert(python, split: "train") }
        #expect(try convert(python, split: "validation") == ParquetConverter.Summary(files: 1, rows: 6, images: 3))
        let benchmark = try TableBenchmark(
            .docvqa, profile: .lmmsEval, table: DataSource.table(place.url.appending(path: "target")))
        #expect(benchmark.count == 6)
        let item = try benchmark.item(at: 5)
        #expect(item.facts.id == "5" && item.answers == ["5", "x"] && item.text.hasPrefix("Which é?"))
        guard case .data(let data, _) = item.images[0].source else {
            Issue.record("no image")
            return
        }
        #expect(data.count == 88 && data.last == 2)
    }
}
