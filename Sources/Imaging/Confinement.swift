// How far the children that read untrusted files are confined on this machine, found out by trying. Knows what should be denied, not
// by what means.

import Foundation

package struct Confinement: Sendable, Equatable, Encodable {
    /// No sockets.
    package let network: Bool
    package let processes: Bool
    /// No files to write; for the image decoder none at all.
    package let files: Bool
    /// A bound on the image decoder's memory.
    package let memory: Bool
    /// `prlimit`, which bounds the memory and the time of `pdftoppm` and `ffmpeg`; nil when `PATH` has none.
    package let prlimit: String?

    /// Something that is not as it should be, and what to do about it.
    package struct Gap: Sendable, Equatable {
        package let problem: String
        package let remedy: String
    }

    /// The verb of `monocle` that calls `ConfinementCheck.run`.
    package static let verb = "check-confinement"

    /// Confines a child and lets it try.
    /// - Parameter program: this executable.
    /// - Returns: nil when the child does not answer.
    package static func found(by program: String) -> Confinement? {
        let process = ChildProcess(
            program: program, arguments: [verb], timeout: 10, outputLimit: 4096, memoryLimit: 4 << 30)
        guard let output = try? process.run(), output.status == 0 else { return nil }
        return Confinement(
            report: String(decoding: output.standardOutput, as: UTF8.self), prlimit: ChildProcess.find("prlimit"))
    }

    /// - Parameter report: an attempt and its errno, 0 for one that succeeded, a line.
    package init?(report: String, prlimit: String?) {
        let errors = report.split(separator: "\n").reduce(into: [Substring: Int32]()) { errors, line in
            let words = line.split(separator: " ")
            if words.count == 2 { errors[words[0]] = Int32(words[1]) }
        }
        guard ConfinementCheck.attempts.allSatisfy({ errors[Substring($0)] != nil }) else { return nil }
        func isDenied(_ attempts: String...) -> Bool { attempts.allSatisfy { errors[Substring($0)] != 0 } }
        network = isDenied("socket")
        processes = isDenied("process")
        files = isDenied("writing", "reading")
        memory = isDenied("memory")
        self.prlimit = prlimit
    }

    /// What is missing; of a child that does not answer, everything.
    package static func gaps(_ found: Confinement?) -> [Gap] {
        found?.gaps ?? [
            Gap(
                problem:
                    "how far programs that read untrusted images, PDFs and videos are confined cannot be found out",
                remedy: "`monocle \(verb)` says why it does not run")
        ]
    }

    private var gaps: [Gap] {
        var gaps: [Gap] = []
        let open = [(network, "the network"), (processes, "other processes"), (files, "files")].filter { !$0.0 }
        if !open.isEmpty {
            let what = open.map(\.1).joined(separator: ", ")
            gaps.append(
                Gap(
                    problem: "nothing keeps the programs that read untrusted images, PDFs and videos from \(what)",
                    remedy: "use Linux with CONFIG_SECCOMP_FILTER, and a container profile that allows seccomp"))
        }
        if !memory {
            gaps.append(
                Gap(
                    problem: "the memory of the program that decodes images is not bounded",
                    remedy: "use a kernel that keeps RLIMIT_AS, or bound the memory of the container"))
        }
        if prlimit == nil {
            gaps.append(
                Gap(
                    problem: "prlimit, which bounds the memory and the time of pdftoppm and ffmpeg, is not in PATH",
                    remedy: "apt-get install util-linux"))
        }
        return gaps
    }
}
