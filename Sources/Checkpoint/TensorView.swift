// A typed, shaped view of bytes that somebody else owns. Knows nothing of names, files or models.

package import Numerics

/// A read-only, dense, row-major tensor whose bytes stay where they are: in a mapped file or in memory.
///
/// The view keeps `owner` alive, so `bytes` is valid as long as any copy of the view exists.
package struct TensorView: @unchecked Sendable {
    // Sendable: the bytes are never written after the view exists, and `owner` is only retained.
    package let dtype: DType
    package let shape: Shape
    package let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject

    /// - Precondition: `bytes.count == shape.count * dtype.size`; parsers check this before they make a view.
    package init(dtype: DType, shape: Shape, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        precondition(bytes.count == shape.count * dtype.size, "a tensor view covers exactly its shape")
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }

    /// A view of a private, 64-byte aligned copy of `values`.
    package init<Element: BitwiseCopyable>(copying values: [Element], dtype: DType, shape: Shape) {
        let copy = OwnedBytes(count: values.count * MemoryLayout<Element>.stride)
        values.withUnsafeBytes { copy.bytes.copyMemory(from: $0) }
        self.init(dtype: dtype, shape: shape, bytes: UnsafeRawBufferPointer(copy.bytes), owner: copy)
    }
}

/// Memory that lives as long as the views of it.
private final class OwnedBytes {
    let bytes: UnsafeMutableRawBufferPointer
    init(count: Int) { bytes = .allocate(byteCount: count, alignment: 64) }
    deinit { bytes.deallocate() }
}

extension TensorView {
    /// The elements as float32. Exact for bf16, f16, f32 and e4m3; nil for other types.
    package func floats() -> [Float]? {
        switch dtype {
        case .f32: map(Float.self) { $0 }
        case .bf16: map(UInt16.self) { BFloat16(bits: $0).float }
        case .f16: map(UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .f8e4m3: map(UInt8.self) { E4M3(bits: $0).float }
        default: nil
        }
    }

    private func map<Element: BitwiseCopyable>(_ type: Element.Type, _ convert: (Element) -> Float) -> [Float] {
        let stride = MemoryLayout<Element>.stride
        return (0..<shape.count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * stride, as: Element.self)) }
    }
}
