// The inside of the child process that decodes one untrusted image: standard input to a portable pixmap on standard output.
// Knows no requests.

import CConfine
import Foundation

package enum DecoderChild {
    /// Exit status for an image that is at fault.
    package static let refused: Int32 = 65
    /// Exit status for anything else.
    package static let failed: Int32 = 70

    /// Gives up what decoding does not need, and decodes.
    /// - Returns: the exit status.
    package static func run(limits: ImageLimits) -> Int32 {
        bound(limits)
        guard goesOn(after: confine_process()) else { return failed }
        guard let data = try? FileHandle.standardInput.read(upToCount: limits.bytes + 1) else { return failed }
        switch Result(catching: { () throws(ImagingError) in try PixelImage(decoding: data.bytes, limits: limits) }) {
        case .success(let image):
            let header = Array("P6 \(image.width) \(image.height) 255\n".utf8)
            return write(header) && write(image.pixels) ? 0 : failed
        case .failure(.outOfMemory): return failed
        case .failure: return refused
        }
    }

    /// ENOSYS, EINVAL: a machine without the filter, where the limits and the process border remain; `Confinement` says so.
    static func goesOn(after code: Int32) -> Bool { code == 0 || code == ENOSYS || code == EINVAL }

    /// Bytes of address space.
    static func memory(_ limits: ImageLimits) -> Int { limits.decodedBytes + (1 << 30) }

    /// Memory, processor time, files and core dumps, by setrlimit.
    static func bound(_ limits: ImageLimits) {
        set(RLIMIT_CORE, 0)
        set(RLIMIT_FSIZE, 0)
        set(RLIMIT_NOFILE, 16)
        set(RLIMIT_CPU, 120)
        set(RLIMIT_AS, memory(limits))
    }

    private static func set(_ resource: __rlimit_resource, _ value: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(value))
        limit.rlim_max = limit.rlim_cur
        setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }

    private static func write(_ bytes: [UInt8]) -> Bool {
        (try? FileHandle.standardOutput.write(contentsOf: Data(bytes))) != nil
    }
}
