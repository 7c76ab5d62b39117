// The loss of a run over its steps as an SVG picture. Knows nothing of how it was measured.

import Foundation

/// Two curves on a logarithmic axis: training (the mean of each pixel's steps) and validation.
struct LossPlot {
    struct Point {
        let step: Int
        let loss: Double
    }

    let training: [Point]
    let validation: [Point]

    private static let (width, height, left, bottom, top, right) = (720.0, 360.0, 56.0, 36.0, 16.0, 16.0)

    var svg: String {
        let shown = (training + validation).filter { $0.loss > 0 && $0.loss.isFinite }
        let last = Double(max(shown.map(\.step).max() ?? 1, 1))
        let low = floor(log10(shown.map(\.loss).min() ?? 0.1))
        let high = max(ceil(log10(shown.map(\.loss).max() ?? 1)), low + 1)
        func x(_ step: Double) -> Double { Self.left + (Self.width - Self.left - Self.right) * step / last }
        func y(_ loss: Double) -> Double {
            Self.top + (Self.height - Self.top - Self.bottom) * (high - log10(loss)) / (high - low)
        }
        func curve(_ points: [Point], _ colour: String) -> String {
            let places = points.filter { $0.loss > 0 && $0.loss.isFinite }
                .map { "\(Self.number(x(Double($0.step)))),\(Self.number(y($0.loss)))" }
            return
                "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" points=\"\(places.joined(separator: " "))\"/>"
        }
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<title>Loss over steps: training and validation</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        ]
        for power in stride(from: low, through: high, by: 1) {
            let level = Self.number(y(pow(10, power)))
            parts.append(
                "<line x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(level)\" y2=\"\(level)\" stroke=\"#ddd\"/>"
                    + "<text x=\"\(Self.left - 6)\" y=\"\(level)\" dy=\"4\" text-anchor=\"end\">\(Self.label(power))</text>"
            )
        }
        parts.append(
            "<text x=\"\(Self.width - Self.right)\" y=\"\(Self.height - 10)\" text-anchor=\"end\">step \(Int(last))</text>"
        )
        parts.append(curve(thinned(training, last), "#4878a8"))
        parts.append(curve(validation, "#c05020"))
        parts.append(
            "<text x=\"\(Self.left + 8)\" y=\"\(Self.height - 10)\" fill=\"#4878a8\">training loss, nats</text>")
        parts.append("<text x=\"\(Self.left + 148)\" y=\"\(Self.height - 10)\" fill=\"#c05020\">validation loss</text>")
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    /// At most one point a pixel.
    private func thinned(_ points: [Point], _ last: Double) -> [Point] {
        let columns = Int(Self.width - Self.left - Self.right)
        let groups = Dictionary(grouping: points) { Int(Double($0.step) / last * Double(columns)) }
        return groups.sorted { $0.key < $1.key }.map { _, points in
            Point(step: points[points.count / 2].step, loss: points.reduce(0) { $0 + $1.loss } / Double(points.count))
        }
    }

    private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    private static func label(_ power: Double) -> String { "\(pow(10, power))" }
}
