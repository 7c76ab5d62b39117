// How much memory this process may use. Knows /proc and control groups, not what the memory is for.

import Foundation

/// Memory of the machine and of the control group this process runs in, in bytes.
package struct HostMemory: Sendable, Hashable {
    /// Of the machine.
    package let total: Int
    /// What programs can still take without swapping: free memory and most of the page cache.
    package let available: Int
    /// The smallest limit among this process's control groups; nil without one.
    package let limit: Int?
    /// What the limit leaves: the page cache inside the group counts as free, since it is dropped on demand.
    package let remaining: Int?

    package init(total: Int, available: Int, limit: Int? = nil, remaining: Int? = nil) {
        self.total = total
        self.available = available
        self.limit = limit
        self.remaining = remaining
    }

    /// What this process can take: `available`, cut to what its control group leaves.
    package var usable: Int { min(available, remaining ?? .max) }

    /// The state now; nil when the system does not say.
    package static func current() -> HostMemory? {
        guard let (total, available) = meminfo(read("/proc/meminfo")) else { return nil }
        let path = controlGroupPath(read("/proc/self/cgroup"))
        let tightest = limits(under: "/sys/fs/cgroup", path: path).min { $0.remaining < $1.remaining }
        return HostMemory(total: total, available: available, limit: tightest?.limit, remaining: tightest?.remaining)
    }

    /// `MemTotal` and `MemAvailable` of `/proc/meminfo`, in bytes.
    package static func meminfo(_ text: String) -> (total: Int, available: Int)? {
        func bytes(_ key: String) -> Int? {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            guard let words = line?.split(whereSeparator: \.isWhitespace), words.count >= 2,
                let kibibytes = Int(words[1]),
                kibibytes >= 0, kibibytes < 1 << 50
            else { return nil }
            return kibibytes * 1024
        }
        guard let total = bytes("MemTotal"), let available = bytes("MemAvailable") else { return nil }
        return (total, available)
    }

    /// The path of `/proc/self/cgroup`'s line for control groups version 2 ("0::/a/b"); "/" when there is none.
    package static func controlGroupPath(_ text: String) -> String {
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::/") }
        return line.map { String($0.dropFirst(3)) } ?? "/"
    }

    /// Limit and rest of one control group; nil without a limit.
    /// - Parameters:
    ///   - maximum: content of `memory.max`: bytes or "max".
    ///   - used: content of `memory.current`.
    ///   - statistics: content of `memory.stat`, whose "file" line counts the page cache.
    package static func limit(
        maximum: String, used: String, statistics: String
    ) -> (limit: Int, remaining: Int)? {
        func number(_ text: some StringProtocol) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }
        guard let limit = number(maximum), limit > 0, limit < 1 << 60 else { return nil }
        let cached = statistics.split(separator: "\n").first { $0.hasPrefix("file ") }.flatMap {
            number($0.dropFirst(5))
        }
        let held = max(0, min(number(used) ?? 0, limit) - max(0, cached ?? 0))
        return (limit, limit - held)
    }

    /// Limits of the group `path` and of all groups above it.
    private static func limits(under root: String, path: String) -> [(limit: Int, remaining: Int)] {
        var parts = path.split(separator: "/").map(String.init)
        var found: [(limit: Int, remaining: Int)] = []
        while true {
            let group = ([root] + parts).joined(separator: "/")
            if let limit = limit(
                maximum: read(group + "/memory.max"), used: read(group + "/memory.current"),
                statistics: read(group + "/memory.stat"))
            {
                found.append(limit)
            }
            if parts.isEmpty { return found }
            parts.removeLast()
        }
    }

    private static func read(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
