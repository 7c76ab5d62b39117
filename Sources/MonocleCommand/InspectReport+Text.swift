// A model card as text for a terminal. Knows words and columns.

import Checkpoint
import Foundation
import Model

extension InspectReport {
    var text: String {
        var lines: [String] = []
        if let card { lines += card.lines }
        if let chatTemplate { lines.append(Columns.row("Chat template", chatTemplate)) }
        if let here {
            for (index, group) in here.layers.enumerated() {
                let what =
                    "\(group.part), \(group.format) x \(group.count): \(group.kernel ?? group.reason ?? "no kernel")"
                lines.append(Columns.row(index == 0 ? "Here" : "", what))
            }
            let memory = here.memory
            let images = memory.imageEmbeddingsBytes + memory.imageTilesBytes
            lines.append(
                Columns.row(
                    "Memory",
                    "\(Bytes.text(memory.weightsBytes)) mapped + \(Bytes.text(memory.keyValueCacheBytes)) key-value cache at "
                        + "\(memory.contextTokens) tokens + \(Bytes.text(memory.activationsBytes)) activations"
                        + (memory.lmHeadCopyBytes > 0 ? " + \(Bytes.text(memory.lmHeadCopyBytes)) copy of lm_head" : "")
                        + (images > 0 ? " + \(Bytes.text(images)) images kept" : "")
                ))
        }
        for warning in card?.warnings ?? [] { lines.append(Columns.row("Warning", warning)) }
        if let verification { lines += verification.lines }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ModelCard {
    fileprivate var lines: [String] {
        var lines = [
            Columns.row("Model", folder + (isSynthetic ? " (synthetic: random weights)" : "")),
            Columns.row("Architecture", architecture),
            Columns.row(
                "Parameters",
                "\(Self.grouped(parameters)) in \(files.count) file\(files.count == 1 ? "" : "s"), \(Bytes.text(bytes))"
            ),
        ]
        for part in parts {
            lines.append(
                Columns.row("", "\(part.part.rawValue): \(Self.grouped(part.parameters)), \(Bytes.text(part.bytes))"))
        }
        lines.append(
            Columns.row(
                "Decoder",
                "\(language.layers) layers, \(language.hidden) wide, \(language.heads) heads (\(language.keyValueHeads) key-value) "
                    + "of \(language.headDimension), feed-forward \(language.feedForward), vocabulary \(language.vocabulary)"
            ))
        if let vision, let tiles {
            lines.append(
                Columns.row(
                    "Encoder",
                    "\(vision.depth) blocks, \(vision.width) wide, \(vision.heads) heads, patches of \(vision.patch), "
                        + "\(vision.prefixTokens) prefix tokens"))
            lines.append(
                Columns.row(
                    "Images",
                    "at most \(tiles.most) tiles of \(tiles.side) x \(tiles.side)\(tiles.thumbnail ? " and a thumbnail" : ""), "
                        + "\(tiles.tokensPerTile) tokens a tile, at most \(tiles.mostTokens) tokens an image"))
        }
        lines.append(Columns.row("Context", "\(defaultContext) tokens by default, \(maxContext) at most"))
        lines.append(
            Columns.row(
                "Tokenizer", "\(tokenizerIDs) ids, end of answer \(endTokens.map(String.init).joined(separator: ", "))")
        )
        return lines + quantization.lines
            + formats.enumerated().map { index, format in
                Columns.row(index == 0 ? "Formats" : "", "\(format.kind): \(format.format) x \(format.count)")
            }
    }

    /// Digits in groups of three.
    private static func grouped(_ count: Int) -> String {
        let digits = Array(String(count))
        return String(
            digits.enumerated().flatMap { index, digit in
                index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit]
            })
    }
}

extension ModelCard.Quantization {
    fileprivate var lines: [String] {
        guard quantizedLayers > 0 || algorithm != nil else { return [Columns.row("Quantised", "nothing")] }
        var lines = [
            Columns.row(
                "Quantised",
                "\(quantizedLayers) layers, \(denseLayers) of their kind not; declared \(algorithm ?? "nothing")"
                    + (declaredIn.map { " in \(URL(filePath: $0).lastPathComponent)" } ?? "")
                    + (producer.map { " by \($0)" } ?? ""))
        ]
        if let scales = globalScales {
            lines.append(Columns.row("", "weight_scale_2 \(scales.smallest) to \(scales.largest)"))
        }
        if let scales = inputScales {
            lines.append(Columns.row("", "input_scale \(scales.smallest) to \(scales.largest)"))
        }
        if let unified {
            lines.append(
                Columns.row("", "q/k/v and gate/up \(unified ? "share their scales" : "have scales of their own")"))
        }
        if !excluded.isEmpty { lines.append(Columns.row("", "left alone: \(excluded.joined(separator: ", "))")) }
        lines.append(
            Columns.row("KV cache", (keyValueCache ?? "not declared") + (hasKeyValueScales ? ", with scales" : "")))
        return lines
    }
}

extension Verification {
    fileprivate var lines: [String] {
        var lines = [Columns.row("Verified", "\(tensorCount) tensors, \(Bytes.text(bytesRead)) read")]
        if let blockScales {
            lines.append(Columns.row("", "block scales \(blockScales.smallest) to \(blockScales.largest)"))
        }
        for note in notes { lines.append(Columns.row("Note", note)) }
        for fault in faults { lines.append(Columns.row("Fault", fault)) }
        return lines + [
            Columns.row("Verdict", isSound ? "sound" : "\(faults.count) fault\(faults.count == 1 ? "" : "s")")
        ]
    }
}

/// Two columns: a title, and what there is to say.
enum Columns {
    static func row(_ title: String, _ text: String) -> String {
        title.padding(toLength: 15, withPad: " ", startingAt: 0) + text
    }
}
