// Matrix products by cuBLAS. Knows nothing of layers: three forms of a product of row-major float32 matrices.

/// libcublas.so with one handle, bound to one stream and one workspace.
struct MatrixLibrary: @unchecked Sendable {
    // Sendable: cuBLAS allows calls with one handle from several threads, and nothing here is written after init.
    private typealias Handle = UnsafeMutableRawPointer
    private typealias Multiply =
        @convention(c) (
            Handle?, Int32, Int32, Int32, Int32, Int32, UnsafeRawPointer, UInt64, Int32, Int32, UInt64, Int32, Int32,
            UnsafeRawPointer, UInt64, Int32, Int32, Int32, Int32
        ) -> Int32

    private let handle: Handle?
    private let multiply: Multiply
    /// CUBLAS_COMPUTE_32F, or CUBLAS_COMPUTE_32F_FAST_TF32.
    private let arithmetic: Int32

    static let workspaceBytes = 32 << 20

    /// - Parameters:
    ///   - workspace: `workspaceBytes` of device memory that nothing else uses.
    ///   - exact: float32 products; otherwise operands are rounded to TF32 and sums are float32.
    init(stream: DriverObject?, workspace: DeviceAddress, exact: Bool) throws(CUDAError) {
        let library = try DynamicLibrary(
            ["libcublas.so.13", "libcublas.so.12"],
            help: "Install cuBLAS of the CUDA toolkit, or name a directory that holds it in \(DynamicLibrary.variable)."
        )
        let create: @convention(c) (UnsafeMutablePointer<Handle?>) -> Int32 = try library.function("cublasCreate_v2")
        let setStream: @convention(c) (Handle?, DriverObject?) -> Int32 = try library.function("cublasSetStream_v2")
        let setWorkspace: @convention(c) (Handle?, UInt64, Int) -> Int32 = try library.function("cublasSetWorkspace_v2")
        multiply = try library.function("cublasGemmEx")
        var handle: Handle?
        try Self.check(create(&handle), "cublasCreate")
        self.handle = handle
        arithmetic = exact ? 68 : 77
        try Self.check(setStream(handle, stream), "cublasSetStream")
        try Self.check(setWorkspace(handle, workspace, Self.workspaceBytes), "cublasSetWorkspace")
    }

    /// How a row-major operand enters a product.
    enum Form { case plain, transposed }

    /// c [rows, columns] = a b, all row-major; a is [rows, inner] (or its transpose [inner, rows]), and b alike.
    func product(
        _ a: DeviceMemoryBlock, _ aForm: Form, _ b: DeviceMemoryBlock, _ bForm: Form, into c: DeviceMemoryBlock,
        rows: Int, columns: Int, inner: Int
    ) throws(CUDAError) {
        guard rows > 0, columns > 0 else { return }
        // cuBLAS is column-major: it is asked for the transpose, b' a', whose operands are the same bytes.
        var (one, zero) = (Float(1), Float(0))
        let status = multiply(
            handle, bForm == .transposed ? 1 : 0, aForm == .transposed ? 1 : 0, Int32(columns), Int32(rows),
            Int32(inner), &one, b.address, 0, Int32(bForm == .transposed ? inner : columns), a.address, 0,
            Int32(aForm == .transposed ? rows : inner), &zero, c.address, 0, Int32(columns), arithmetic, -1)
        try Self.check(status, "cublasGemmEx")
    }

    private static func check(_ status: Int32, _ call: String) throws(CUDAError) {
        guard status != 0 else { return }
        let meanings: [Int32: String] = [
            1: "not initialised", 3: "no memory", 7: "an invalid value", 8: "not for this GPU", 11: "a mapping failed",
            13: "execution failed", 14: "an internal error", 15: "not supported",
        ]
        throw .call(call, code: Int(status), meaning: meanings[status] ?? "unknown")
    }
}
