import Checkpoint
import Compute
import Foundation
import Model
import Numerics
import TestSupport

/// The golden checkpoints, opened and mapped.
func goldenModel(_ name: String, alignCorners: Bool = false) throws -> NemotronNanoVL {
    let url = try Goldens.file("ckpt/" + name)
    return try NemotronNanoVL(CheckpointFolder(at: url), alignCorners: alignCorners)
}

func goldenTensors(_ path: String) throws -> SafetensorsFile {
    try SafetensorsFile(mapping: try Goldens.file(path))
}

extension SafetensorsFile {
    func floats(_ name: String) throws -> [Float] { try tensor(name).floats() ?? [] }

    func ids(_ name: String) throws -> [Int32] {
        let view = try tensor(name)
        return (0..<view.shape.count).map { view.bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    }

    /// Names before `suffix`, sorted.
    func cases(_ suffix: String) -> [String] {
        names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
    }
}

/// Largest absolute difference; infinite when the counts differ or a value is NaN.
func distance(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
}

/// A decoder with pages of its own for one sequence, fed in chunks.
struct Decoder {
    let model: NemotronNanoVL
    let backend: any Backend
    let pages: KVPages
    var length = 0

    init(_ model: NemotronNanoVL, _ backend: any Backend, tokens: Int, keyValueType: DType = .f32) throws {
        self.model = model
        self.backend = backend
        pages = try model.makePages((tokens + 15) / 16, dtype: keyValueType)
    }

    /// Hidden states of the rows x, `[rows, hidden]`, after the final norm.
    mutating func hidden(_ x: Tensor, trace: Trace? = nil) throws -> Tensor {
        let span = SequenceSpan(rows: 0..<x.rows, start: length, pages: (0..<Int32(pages.pages)).map { $0 })
        length += x.rows
        return try model.language.hidden(x, Step(spans: [span]), pages: pages, on: backend, trace: trace)
    }

    mutating func logits(_ ids: [Int32]) throws -> Tensor {
        try model.language.logits(hidden(model.embed(ids, images: [], on: backend)), on: backend)
    }
}

/// The index of the largest value, the first of equal ones.
func argmax(_ values: some RandomAccessCollection<Float>) -> Int32 {
    Int32(values.enumerated().reduce((0, -Float.infinity)) { $1.1 > $0.1 ? ($1.0, $1.1) : $0 }.0)
}
