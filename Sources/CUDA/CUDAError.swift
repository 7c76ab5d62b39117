// What can go wrong between this program and a GPU, said for a person.

package enum CUDAError: Error, Equatable, CustomStringConvertible {
    /// A library is not on this machine, or does not load.
    case library(String, tried: [String], reason: String, help: String)
    /// A library is older than this program asks for.
    case symbol(String, library: String)
    /// There is a driver and no GPU, or none that is new enough.
    case device(String)
    /// A call was refused.
    case call(String, code: Int, meaning: String)
    /// The GPU's memory is full.
    case memory(what: String, bytes: Int, device: String, inUse: Int)
    /// A kernel was refused by the compiler.
    case compilation(kernels: String, log: String)

    package var description: String {
        switch self {
        case .library(let name, let tried, let reason, let help):
            "\(name) does not load (\(reason)); tried \(tried.joined(separator: ", ")). \(help)"
        case .symbol(let name, let library):
            "\(library) has no \(name): it is too old for this program, or too new"
        case .device(let reason): reason
        case .call(let name, let code, let meaning): "\(name) failed with error \(code), \(meaning)"
        case .memory(let what, let bytes, let device, let inUse):
            "\(device) has no \(bytes) bytes left for \(what), with \(inUse) in use; make the batch smaller"
        case .compilation(let kernels, let log):
            "the \(kernels) kernels do not compile for this GPU:\n\(log)"
        }
    }
}
