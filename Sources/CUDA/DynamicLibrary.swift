// Finding and loading a shared library at run time. Knows nothing of what is in it.

import Foundation

/// A loaded shared library; it stays loaded as long as the process runs.
struct DynamicLibrary: @unchecked Sendable {
    // Sendable: the handle is only given to dlsym, which may be called from any thread.
    private let handle: UnsafeMutableRawPointer
    private let name: String

    /// Directories with CUDA's libraries, in a list as of PATH.
    static let variable = "MONOCLE_CUDA_LIBRARIES"

    /// Loads the first of `names` that is found: by the loader's own search, then in the directories of `variable`, then
    /// where CUDA is installed by default.
    /// - Parameter help: what a person can do when there is none.
    init(_ names: [String], help: String) throws(CUDAError) {
        let listed = (ProcessInfo.processInfo.environment[Self.variable] ?? "").split(separator: ":").map(String.init)
        var tried: [String] = []
        var reason = "no such file"
        for directory in [""] + listed + ["/usr/local/cuda/lib64"] {
            for name in names {
                let path = directory.isEmpty ? name : directory + "/" + name
                if !directory.isEmpty {
                    guard FileManager.default.fileExists(atPath: path) else {
                        tried.append(path)
                        continue
                    }
                    Self.loadNeighbours(of: name, in: directory)
                }
                if let handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL) {
                    self.handle = handle
                    self.name = path
                    return
                }
                tried.append(path)
                if let message = dlerror() { reason = String(cString: message) }
            }
        }
        throw .library(names[0], tried: tried, reason: reason, help: help)
    }

    /// A library that another one needs lies beside it, where the loader does not look by itself.
    private static func loadNeighbours(of name: String, in directory: String) {
        guard name.hasPrefix("libcublas.") else { return }
        _ = dlopen(
            directory + "/" + name.replacingOccurrences(of: "libcublas.", with: "libcublasLt."), RTLD_NOW | RTLD_GLOBAL)
    }

    /// The function `symbol`, which the caller knows the type of.
    func function<Function>(_ symbol: String, as type: Function.Type = Function.self) throws(CUDAError) -> Function {
        guard let address = dlsym(handle, symbol) else { throw .symbol(symbol, library: name) }
        return unsafeBitCast(address, to: Function.self)
    }
}
