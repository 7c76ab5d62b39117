// A quantisation report as text for a terminal. Knows words and columns, not how the figures came about.

import Foundation
import Model
import Quantization

extension QuantizationReport {
    /// The report as text: a line for each layer, then what it comes to.
    func text(destination: String) -> String {
        let width = layers.map(\.path.count).max() ?? 0
        var lines = layers.map { layer in
            let path = layer.path + String(repeating: " ", count: width - layer.path.count)
            if layer.isZero { return "\(path)  all zero" }
            let worst = layer.worstBlock
            let lost = layer.lostBlocks > 0 ? "  \(layer.lostBlocks) blocks lost to a scale of 0" : ""
            let error = Self.digits(Double(worst.relativeError))
            let output = layer.outputError.map { "  output error \(Self.digits($0))" } ?? ""
            let alpha = layer.alpha.map { "  alpha \(Self.digits(Double($0)))" } ?? ""
            return "\(path)  relative MSE \(Self.digits(layer.relativeMse))\(output)\(alpha)  worst block \(error)"
                + " (row \(worst.row), inputs \(worst.input)-\(worst.input + 15))\(lost)"
        }
        let formats = Dictionary(grouping: kept, by: \.format).map { "\($0.value.count) \($0.key)" }.sorted()
        lines.append("")
        lines.append("\(layers.count) layers to NVFP4 by \(recipe), relative MSE \(Self.digits(relativeMse))")
        if let worst = worstLayer { lines.append("worst layer: \(worst.path), \(Self.digits(worst.relativeMse))") }
        lines.append(
            "unchanged matrices: \(formats.joined(separator: ", ")) (embeddings, lm_head, vision encoder, projector)")
        if let unscaled, !unscaled.isEmpty {
            lines.append(
                "inputs left unscaled: \(unscaled.count) o_proj layers, because several heads read each row of v_proj")
        }
        if let calibration {
            lines.append(
                "W4A4: input scales from \(calibration.samples) prompts of \(calibration.source), \(calibration.tokens) tokens"
            )
        } else {
            lines.append("no calibration: weights only (W4A16_NVFP4), without input scales")
        }
        lines.append("wrote \(destination): \(Bytes.text(resultBytes)) of tensors from \(Bytes.text(sourceBytes))")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Three significant digits.
    private static func digits(_ value: Double) -> String { String(format: "%.3g", value) }
}
