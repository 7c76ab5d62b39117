// A diagnosis as text for a terminal. Knows words and columns, not how anything was found out.

import Foundation
import Model

extension Diagnosis {
    package var text: String {
        var lines = machineLines
        if let model { lines += [""] + model.lines }
        lines.append("")
        if problems.isEmpty {
            lines.append("Nothing stands in the way.")
        } else {
            lines.append(problems.count == 1 ? "1 problem:" : "\(problems.count) problems:")
            for problem in problems { lines += ["  - \(problem.problem)", "    what to do: \(problem.remedy)"] }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var machineLines: [String] {
        var lines = [
            Self.row("Processor", processor.model.isEmpty ? "unnamed" : processor.model),
            Self.row("Cores", "\(processor.cores) usable by this process"),
            Self.row(
                "Features", processor.features.isEmpty ? "none that matter" : processor.features.joined(separator: " ")),
        ]
        if !processor.missingFeatures.isEmpty {
            lines.append(Self.row("", "without \(processor.missingFeatures.joined(separator: " "))"))
        }
        let caches = processor.cacheBytes.map { $0 > 0 ? Bytes.text($0) : "unknown" }.joined(separator: ", ")
        lines.append(Self.row("Data caches", "\(caches) (levels 1 to 3)"))
        let fastest = kernels.whyNotFaster.isEmpty ? ", the fastest there is" : ""
        lines.append(Self.row("Kernels", kernels.instructionSet + fastest))
        for slower in kernels.whyNotFaster {
            lines.append(Self.row("", "not \(slower.instructionSet): \(slower.reason)"))
        }
        if let memory {
            let limit = memory.controlGroupLimitBytes.map { ", limited to \(Bytes.text($0)) by a control group" } ?? ""
            lines.append(
                Self.row(
                    "Memory", "\(Bytes.text(memory.totalBytes)), \(Bytes.text(memory.usableBytes)) usable now\(limit)"))
        }
        for (index, program) in programs.enumerated() {
            lines.append(
                Self.row(
                    index == 0 ? "Programs" : "", "\(program.name): \(program.path ?? "missing") (\(program.purpose))"))
        }
        if let confinement {
            let facts = [
                (confinement.network, "no network"), (confinement.processes, "no other processes"),
                (confinement.files, "no files to write"), (confinement.memory, "bounded memory"),
                (confinement.prlimit != nil, "bounded programs (prlimit)"),
            ]
            lines.append(Self.row("Confinement", "of children that read images, PDFs and videos"))
            lines.append(Self.row("", facts.map { "\($1): \($0 ? "yes" : "NO")" }.joined(separator: ", ")))
        }
        return lines
    }

    static func row(_ title: String, _ text: String) -> String {
        title.padding(toLength: 13, withPad: " ", startingAt: 0) + text
    }
}

extension ModelDiagnosis {
    fileprivate var lines: [String] {
        var lines = [Diagnosis.row("Model", path), Diagnosis.row("Precision", precision)]
        for (index, group) in layers.enumerated() {
            let what = "\(group.part), \(group.format) x \(group.count): \(group.kernel ?? "no kernel")"
            lines.append(Diagnosis.row(index == 0 ? "Layers" : "", what))
            lines.append(Diagnosis.row("", "  \(group.kinds.joined(separator: ", "))"))
            if let reason = group.reason { lines.append(Diagnosis.row("", "  no faster kernel: \(reason)")) }
        }
        lines.append(Diagnosis.row("Needs", "\(Bytes.text(memory.weightsBytes)) weights, mapped"))
        lines.append(
            Diagnosis.row(
                "", "\(Bytes.text(memory.keyValueCacheBytes)) key-value cache at \(memory.contextTokens) tokens"))
        lines.append(Diagnosis.row("", "\(Bytes.text(memory.activationsBytes)) activations at most"))
        if memory.lmHeadCopyBytes > 0 {
            lines.append(Diagnosis.row("", "\(Bytes.text(memory.lmHeadCopyBytes)) int8 copy of lm_head"))
        }
        if memory.imageEmbeddingsBytes > 0 {
            lines.append(
                Diagnosis.row("", "\(Bytes.text(memory.imageEmbeddingsBytes)) embeddings of images at most"))
            lines.append(
                Diagnosis.row("", "\(Bytes.text(memory.imageTilesBytes)) tiles of images at most, in a server"))
        }
        lines.append(Diagnosis.row("", "\(Bytes.text(memory.totalBytes)) together"))
        for warning in warnings { lines.append(Diagnosis.row("Warning", warning)) }
        return lines
    }
}
