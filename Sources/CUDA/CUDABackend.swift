// A GPU as a backend: what it owns and how it starts. The operations stand in the files beside it.

package import Compute
import Numerics
import Synchronization

/// Runs the model's operations and their backward on an NVIDIA GPU.
///
/// Tensors stay in the device's memory; whoever reads one on the host waits for it. One stream carries everything, every
/// sum has one order, and nothing is added atomically: the same calls on the same kind of GPU give the same bits.
///
/// Linear layers multiply weights as they are (widened, when a file stores them narrower) with float32 inputs. Precision
/// w4a16 rounds both to TF32, which has bf16's range and three bits more; f32 does not round them.
///
/// Attention over the cache is for training: whole sequences, and the pages are not written. Generation runs on the
/// processor.
package final class CUDABackend: Sendable {
    package let precision: Precision
    package let device: CUDADevice
    let pool: DevicePool
    let uploader: Uploader
    let matrices: MatrixLibrary
    let library: KernelLibrary
    let common: CommonKernels
    /// Device copies of lists and of weights of files.
    let caches = Mutex(Caches())
    /// cuBLAS's.
    private let workspace: DeviceMemoryBlock

    struct Caches: Sendable {
        var positions = ListCache<Int32>()
        var frequencies = ListCache<Float>()
        var rows = ListCache<Int>()
        var segments = ListCache<Range<Int>>()
        var weights: [ObjectIdentifier: StoredWeight] = [:]
    }

    /// A weight of a file, widened. Kept only as long as the weight lives: its identity may be taken by another one after.
    struct StoredWeight: Sendable {
        weak var weight: Weight?
        let memory: DeviceMemoryBlock
    }

    /// - Parameter precision: f32 or w4a16.
    package init(precision: Precision = .w4a16) throws(CUDAError) {
        guard precision == .f32 || precision == .w4a16 else {
            throw .device("a GPU computes in f32 or w4a16, not in \(precision.rawValue)")
        }
        self.precision = precision
        device = try CUDADevice()
        pool = DevicePool(device)
        uploader = try Uploader(device)
        library = try KernelLibrary(device, exact: precision == .f32)
        common = try CommonKernels(library)
        workspace = try pool.take(bytes: MatrixLibrary.workspaceBytes, for: "matrix products")
        matrices = try MatrixLibrary(
            stream: device.stream, workspace: workspace.address, exact: precision == .f32)
    }

    /// Bytes of device memory that live tensors hold, the most they have held, and what is taken from the driver.
    package var memoryUse: (live: Int, peak: Int, taken: Int) { pool.bytes }

    /// Waits until all operations are done.
    package func synchronize() throws(ComputeError) {
        try computing { () throws(CUDAError) in try device.synchronize() }
    }
}

// MARK: Tensors

extension CUDABackend {
    /// A tensor with undefined elements, and its memory.
    func make(_ shape: Shape) throws(CUDAError) -> (tensor: Tensor, memory: DeviceMemoryBlock) {
        let memory = try block(floats: shape.count, for: "a tensor")
        return (Tensor(shape: shape, storage: TensorStorage(count: shape.count, device: memory)), memory)
    }

    /// Memory for elements in groups of four.
    func block(floats count: Int, for what: String) throws(CUDAError) -> DeviceMemoryBlock {
        try pool.take(bytes: count * 4, for: what)
    }

    /// A tensor's elements on the device; uploaded on the first call when they are on the host.
    func memory(_ tensor: Tensor) throws(CUDAError) -> DeviceMemoryBlock {
        let storage = tensor.storage
        let memory = try storage.onDevice { (host) throws(CUDAError) -> any DeviceMemory in
            try uploaded(UnsafeRawBufferPointer(start: host, count: storage.count * 4))
        }
        guard let block = memory as? DeviceMemoryBlock else {
            throw .device("a tensor is in the memory of another device")
        }
        return block
    }

    func uploaded(_ bytes: UnsafeRawBufferPointer) throws(CUDAError) -> DeviceMemoryBlock {
        let block = try pool.take(bytes: bytes.count, for: "a tensor of the host")
        try uploader.upload(bytes, to: block)
        return block
    }

    func uploaded<Element: BitwiseCopyable>(_ list: [Element]) throws(CUDAError) -> DeviceMemoryBlock {
        try list.withUnsafeBufferPointer { (list) throws(CUDAError) in try uploaded(UnsafeRawBufferPointer(list)) }
    }

    /// Runs the device's part of an operation.
    func computing<Result>(_ body: () throws(CUDAError) -> Result) throws(ComputeError) -> Result {
        do throws(CUDAError) {
            return try body()
        } catch {
            throw .device(error.description)
        }
    }

    func check(_ tensor: Tensor, is shape: Shape, _ operation: String) throws(ComputeError) {
        guard tensor.shape == shape else {
            throw .shape(operation: operation, weight: nil, found: tensor.shape, expected: shape.description)
        }
    }

    /// Refuses what the kernels' 32-bit indices do not reach.
    func checkCount(_ shape: Shape, _ operation: String) throws(ComputeError) {
        guard shape.rank >= 2, shape.count < 1 << 31 else {
            throw .shape(
                operation: operation, weight: nil, found: shape, expected: "rows and columns, below 2^31 elements")
        }
    }

    /// Launches one thread for each of `count`.
    func launch(_ kernel: Kernel, count: Int, _ arguments: [KernelArgument]) throws(CUDAError) {
        try device.launch(kernel, grid: ((count + 255) / 256, 1), block: 256, arguments)
    }

    /// Launches one thread for each element, or group of four elements where columns allow it.
    /// - Parameter arguments: all arguments, from the number of threads and of columns in groups.
    func launch(
        _ kernels: CommonKernels.Widths, count: Int, columns: Int,
        _ arguments: (_ count: Int, _ columns: Int) -> [KernelArgument]
    ) throws(CUDAError) {
        let width = columns % 4 == 0 ? 4 : 1
        let kernel = width == 4 ? kernels.four : kernels.one
        try launch(kernel, count: count / width, arguments(count / width, columns / width))
    }

    /// Groups of four that cover `count` elements.
    static func fours(_ count: Int) -> Int { (count + 3) / 4 }
}
