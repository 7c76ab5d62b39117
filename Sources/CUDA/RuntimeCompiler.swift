// From CUDA C to machine code of one GPU, by NVRTC. Knows nothing of the kernels it compiles.

/// libnvrtc.so.
package struct RuntimeCompiler: Sendable {
    typealias Program = UnsafeMutableRawPointer

    private let create:
        @convention(c) (
            UnsafeMutablePointer<Program?>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int32, UnsafeRawPointer?,
            UnsafeRawPointer?
        ) -> Int32
    private let compile: @convention(c) (Program?, Int32, UnsafePointer<UnsafePointer<CChar>?>) -> Int32
    private let destroy: @convention(c) (UnsafeMutablePointer<Program?>) -> Int32
    private let codeSize: @convention(c) (Program?, UnsafeMutablePointer<Int>) -> Int32
    private let code: @convention(c) (Program?, UnsafeMutablePointer<UInt8>) -> Int32
    private let logSize: @convention(c) (Program?, UnsafeMutablePointer<Int>) -> Int32
    private let log: @convention(c) (Program?, UnsafeMutablePointer<UInt8>) -> Int32
    private let errorString: @convention(c) (Int32) -> UnsafePointer<CChar>?

    package init() throws(CUDAError) {
        let library = try DynamicLibrary(
            ["libnvrtc.so.13", "libnvrtc.so.12"],
            help: "Install the CUDA toolkit, or name a directory that holds it in \(DynamicLibrary.variable).")
        create = try library.function("nvrtcCreateProgram")
        compile = try library.function("nvrtcCompileProgram")
        destroy = try library.function("nvrtcDestroyProgram")
        codeSize = try library.function("nvrtcGetCUBINSize")
        code = try library.function("nvrtcGetCUBIN")
        logSize = try library.function("nvrtcGetProgramLogSize")
        log = try library.function("nvrtcGetProgramLog")
        errorString = try library.function("nvrtcGetErrorString")
    }

    /// - Parameters:
    ///   - name: what a message calls the source.
    ///   - architecture: such as "sm_90".
    /// - Returns: a CUBIN.
    package func machineCode(
        of source: String, name: String, architecture: String, options: [String] = []
    ) throws(CUDAError) -> [UInt8] {
        var program: Program?
        try check(create(&program, source, name + ".cu", 0, nil, nil), "nvrtcCreateProgram")
        defer { _ = destroy(&program) }
        let all = ["--gpu-architecture=" + architecture, "--std=c++17"] + options
        let copies = all.map { Array($0.utf8CString) }
        var pointers: [UnsafePointer<CChar>?] = []
        let status = withPointers(to: copies[...], &pointers) { compile(program, Int32(all.count), $0) }
        guard status == 0 else {
            var size = 0
            var text = "no log"
            if logSize(program, &size) == 0, size > 1 {
                var bytes = [UInt8](repeating: 0, count: size)
                if log(program, &bytes) == 0 { text = String(decoding: bytes.dropLast(), as: UTF8.self) }
            }
            throw .compilation(kernels: name, log: text)
        }
        var size = 0
        try check(codeSize(program, &size), "nvrtcGetCUBINSize")
        var bytes = [UInt8](repeating: 0, count: size)
        try check(code(program, &bytes), "nvrtcGetCUBIN")
        return bytes
    }

    /// Calls `body` with pointers to all strings, which live until it returns.
    private func withPointers(
        to strings: ArraySlice<[CChar]>, _ pointers: inout [UnsafePointer<CChar>?],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32
    ) -> Int32 {
        guard let first = strings.first else {
            return pointers.withUnsafeBufferPointer { $0.baseAddress.map(body) ?? 0 }
        }
        return first.withUnsafeBufferPointer { buffer in
            pointers.append(buffer.baseAddress)
            return withPointers(to: strings.dropFirst(), &pointers, body)
        }
    }

    private func check(_ status: Int32, _ call: String) throws(CUDAError) {
        guard status != 0 else { return }
        throw .call(call, code: Int(status), meaning: errorString(status).map { String(cString: $0) } ?? "unknown")
    }
}
