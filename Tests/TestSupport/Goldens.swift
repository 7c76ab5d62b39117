// Where tests find the figures of the reference implementations. Knows paths, not formats.

package import Foundation

/// Golden files: those shipped in `Tests/Fixtures`, and the full set beside a development checkout, which a test may
/// use when it is there and must skip without.
package enum Goldens {
    /// `Tests/Fixtures` of this checkout.
    package static let fixtures = repository.appending(path: "Tests/Fixtures")

    /// The full golden set: `$MONOCLE_GOLDENS`, or `../shared/goldens` beside the checkout; nil when there is none.
    package static let full: URL? = {
        let named = ProcessInfo.processInfo.environment["MONOCLE_GOLDENS"].map { URL(filePath: $0) }
        let url = named ?? repository.deletingLastPathComponent().appending(path: "shared/goldens")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()

    /// A golden file by its path in the set: the shipped copy, or else the full set's.
    package static func file(_ path: String) throws -> URL {
        let places = [fixtures, full].compactMap { $0?.appending(path: path) }
        guard let url = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: path])
        }
        return url
    }

    /// Whether `file(_:)` finds every one of these.
    package static func has(_ paths: String...) -> Bool { paths.allSatisfy { (try? file($0)) != nil } }

    /// A tiny checkpoint folder of random weights in the published layout, shipped with the tests: `bf16` or `nvfp4`
    /// (exported by ModelOpt 0.37.0).
    package static func checkpoint(_ name: String) -> URL { fixtures.appending(path: "ckpt/\(name)") }

    /// Data that may be tested with but not shipped: `data` beside the full set; nil when there is none.
    package static let data: URL? = {
        guard let url = full?.deletingLastPathComponent().appending(path: "data") else { return nil }
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()

    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
