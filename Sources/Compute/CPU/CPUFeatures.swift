// What `monocle doctor` says about the processor. Knows nothing of kernels or threads.

import CKernels
import Foundation

/// The processor as far as it matters to the kernels.
package struct CPUFeatures: Sendable {
    /// As the system names it; empty when it does not.
    package let model: String
    /// Features the kernels may use, and whether the processor and the system have them.
    package let features: [(name: String, present: Bool)]
    /// Bytes of the data caches of levels 1, 2, 3; 0 when unknown.
    package let caches: [Int]
    /// Cores this process may run on at once: its affinity mask, cut to its control group's quota.
    package let cores: Int

    package static let current = CPUFeatures()

    private init() {
        var features: [(name: String, present: Bool)] = []
        var present = false
        while let name = monocle_cpu_feature(features.count, &present) {
            features.append((name: String(cString: name), present: present))
        }
        self.features = features
        caches = Self.dataCaches { index, file in
            try? String(contentsOfFile: "/sys/devices/system/cpu/cpu0/cache/index\(index)/\(file)", encoding: .utf8)
        }
        model = Self.modelName((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")
        let quota = Self.quota((try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8)) ?? "")
        cores = max(1, min(Int(monocle_scheduled_cores()), quota ?? .max))
    }

    /// Sizes of the data and unified caches of levels 1, 2, 3, from files such as sysfs keeps one folder a cache.
    package static func dataCaches(_ read: (_ index: Int, _ file: String) -> String?) -> [Int] {
        var sizes = [0, 0, 0]
        for index in 0..<16 {
            func text(_ file: String) -> String {
                (read(index, file) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
            }
            guard let level = Int(text("level")), (1...3).contains(level), text("type") != "Instruction" else {
                continue
            }
            let size = text("size")
            let unit = size.hasSuffix("K") ? 1024 : size.hasSuffix("M") ? 1024 * 1024 : 1
            sizes[level - 1] = (Int(size.filter(\.isNumber)) ?? 0) * unit
        }
        return sizes
    }

    /// The first "model name" line of `/proc/cpuinfo`.
    package static func modelName(_ cpuinfo: String) -> String {
        let line = cpuinfo.split(separator: "\n").first { $0.hasPrefix("model name") }
        let value = line?.split(separator: ":", maxSplits: 1).dropFirst().first ?? ""
        return value.trimmingCharacters(in: .whitespaces)
    }

    /// Whole cores of a `cpu.max` file of control groups version 2 ("quota period" in microseconds, or "max period"),
    /// rounded up; nil without a limit.
    package static func quota(_ cpuMax: String) -> Int? {
        let words = cpuMax.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), period > 0, quota > 0
        else { return nil }
        return Int(min(max((quota / period).rounded(.up), 1), 65536))
    }
}
