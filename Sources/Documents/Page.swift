// One image being drawn with Cairo: shapes, measured text, slight rotation. Records every text it draws and where.

import CCairo
import Foundation

/// A rectangle in pixels from the top left.
package struct Box: Sendable, Equatable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    var midX: Double { x + width / 2 }
    var midY: Double { y + height / 2 }
    var maxX: Double { x + width }
    var maxY: Double { y + height }

    func inset(_ margin: Double) -> Box {
        Box(x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
    }

    /// Whether the two share more than a hair of half a pixel.
    package func overlaps(_ other: Box) -> Bool {
        x + 0.5 < other.maxX && other.x + 0.5 < maxX && y + 0.5 < other.maxY && other.y + 0.5 < maxY
    }
}

/// A text as drawn, with the bounds of its ink in pixels of the image (rotation included).
package struct DrawnText: Sendable, Equatable {
    package let string: String
    package let box: Box
    /// Pixels per em in the image.
    package let size: Double
}

/// How one sample looks: the same on all its pages.
struct Look: Sendable {
    let font: String
    let isBold: Bool
    let isOblique: Bool
    let palette: Palette
    /// Radians, positive clockwise.
    let angle: Double
    /// Greatest deviation of a channel, 0...255.
    let noise: Int
}

enum Anchor { case left, centre, right }

final class Page {
    let width: Double
    let height: Double
    let look: Look
    private(set) var texts: [DrawnText] = []
    private let surface: OpaquePointer
    private let context: OpaquePointer
    private let scale: Double

    /// A page of paper. Turned by `look.angle` about its centre and shrunk so that its corners stay inside.
    init(width: Int, height: Int, look: Look) throws(DocumentsError) {
        guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
            let context = cairo_create(surface)
        else { throw .drawing(status: "out of memory") }
        self.surface = surface
        self.context = context
        self.width = Double(width)
        self.height = Double(height)
        self.look = look
        let (c, s) = (cos(abs(look.angle)), sin(abs(look.angle)))
        scale = min(self.width / (self.width * c + self.height * s), self.height / (self.width * s + self.height * c))
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
        select(bold: look.isBold)
        use(look.palette.paper)
        cairo_paint(context)
        cairo_translate(context, self.width / 2, self.height / 2)
        cairo_rotate(context, look.angle)
        cairo_scale(context, scale, scale)
        cairo_translate(context, -self.width / 2, -self.height / 2)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    var bounds: Box { Box(x: 0, y: 0, width: width, height: height) }

    // MARK: Text

    /// Advance width of `string` at `size` pixels per em.
    func width(of string: String, size: Double) -> Double {
        cairo_set_font_size(context, size)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, string, &extents)
        return max(extents.x_advance, extents.width)
    }

    /// The largest size, at most `wanted`, at which each of `lines` is no wider than `width` and all of them, `leading`
    /// ems apart, no taller than `height`; nil below 9 pixels, which nobody can read.
    func size(_ wanted: Double, for lines: [String], width: Double, height: Double, leading: Double = 1.35) -> Double? {
        let widest = lines.map { self.width(of: $0, size: 100) }.max() ?? 0
        var size = min(wanted, height / (leading * Double(max(lines.count, 1))))
        if widest > 0 { size = min(size, width * 100 / widest) }
        return size >= 9 ? size : nil
    }

    /// Draws `string` with its ink beginning, centred or ending at `x`, on the baseline `y`.
    func text(
        _ string: String, x: Double, y: Double, size: Double, anchor: Anchor = .left, colour: Colour? = nil,
        bold: Bool = false
    ) {
        if bold { select(bold: true) }
        defer { if bold { select(bold: look.isBold) } }
        cairo_set_font_size(context, size)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, string, &extents)
        let left =
            switch anchor {
            case .left: x
            case .centre: x - extents.width / 2
            case .right: x - extents.width
            }
        use(colour ?? look.palette.ink)
        cairo_move_to(context, left - extents.x_bearing, y)
        cairo_show_text(context, string)
        cairo_new_path(context)
        let ink = Box(x: left, y: y + extents.y_bearing, width: extents.width, height: extents.height)
        texts.append(DrawnText(string: string, box: onImage(ink), size: size * scale))
    }

    /// Draws `string` centred in `box`; the middle of a capital letter is at the middle of the box.
    func text(_ string: String, centredIn box: Box, size: Double, colour: Colour? = nil, bold: Bool = false) {
        text(string, x: box.midX, y: box.midY + size * 0.36, size: size, anchor: .centre, colour: colour, bold: bold)
    }

    /// Whether every text lies inside the image and none on another.
    var isLegible: Bool {
        for (index, text) in texts.enumerated() {
            let box = text.box
            guard box.x >= 0, box.y >= 0, box.maxX <= width, box.maxY <= height, text.size >= 7 else { return false }
            if texts[..<index].contains(where: { $0.box.overlaps(box) }) { return false }
        }
        return true
    }

    private func onImage(_ box: Box) -> Box {
        var (xs, ys): ([Double], [Double]) = ([], [])
        for (x, y) in [(box.x, box.y), (box.maxX, box.y), (box.x, box.maxY), (box.maxX, box.maxY)] {
            var (u, v) = (x, y)
            cairo_user_to_device(context, &u, &v)
            xs.append(u)
            ys.append(v)
        }
        let (x, y) = (xs.min() ?? 0, ys.min() ?? 0)
        return Box(x: x, y: y, width: (xs.max() ?? 0) - x, height: (ys.max() ?? 0) - y)
    }

    private func select(bold: Bool) {
        cairo_select_font_face(
            context, look.font, look.isOblique ? CAIRO_FONT_SLANT_OBLIQUE : CAIRO_FONT_SLANT_NORMAL,
            bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    }

    // MARK: Shapes

    func fill(_ box: Box, _ colour: Colour) {
        use(colour)
        cairo_rectangle(context, box.x, box.y, box.width, box.height)
        cairo_fill(context)
    }

    func stroke(_ box: Box, _ colour: Colour? = nil, line: Double = 1) {
        use(colour ?? look.palette.ink)
        cairo_set_line_width(context, line)
        cairo_rectangle(context, box.x, box.y, box.width, box.height)
        cairo_stroke(context)
    }

    /// A straight line or, from more than two points, a chain of them.
    func line(_ points: [(x: Double, y: Double)], _ colour: Colour? = nil, width: Double = 1, dashed: Bool = false) {
        use(colour ?? look.palette.ink)
        cairo_set_line_width(context, width)
        if dashed { cairo_set_dash(context, [1.5, 2.5], 2, 0) }
        for (index, point) in points.enumerated() {
            if index == 0 { cairo_move_to(context, point.x, point.y) } else { cairo_line_to(context, point.x, point.y) }
        }
        cairo_stroke(context)
        if dashed { cairo_set_dash(context, nil, 0, 0) }
    }

    func polygon(_ points: [(x: Double, y: Double)], _ colour: Colour) {
        use(colour)
        for (index, point) in points.enumerated() {
            if index == 0 { cairo_move_to(context, point.x, point.y) } else { cairo_line_to(context, point.x, point.y) }
        }
        cairo_close_path(context)
        cairo_fill(context)
    }

    func circle(x: Double, y: Double, radius: Double, _ colour: Colour) {
        wedge(x: x, y: y, radius: radius, from: 0, to: 2 * .pi, colour)
    }

    /// A slice of a disc between two angles, clockwise from three o'clock; with `hole`, of a ring.
    func wedge(
        x: Double, y: Double, radius: Double, hole: Double = 0, from: Double, to: Double, _ colour: Colour
    ) {
        use(colour)
        if hole == 0 { cairo_move_to(context, x, y) }
        cairo_arc(context, x, y, radius, from, to)
        if hole > 0 { cairo_arc_negative(context, x, y, hole, to, from) }
        cairo_close_path(context)
        cairo_fill(context)
    }

    func outlineCircle(x: Double, y: Double, radius: Double, _ colour: Colour? = nil, line: Double = 1) {
        use(colour ?? look.palette.ink)
        cairo_set_line_width(context, line)
        cairo_new_path(context)
        cairo_arc(context, x, y, radius, 0, 2 * .pi)
        cairo_stroke(context)
    }

    private func use(_ colour: Colour) { cairo_set_source_rgb(context, colour.red, colour.green, colour.blue) }

    // MARK: Pixels

    /// The image with `look.noise` added, uniform and independent in every channel.
    func picture(_ dice: inout Dice) throws(DocumentsError) -> Picture {
        let status = cairo_status(context)
        guard status == CAIRO_STATUS_SUCCESS else {
            throw .drawing(status: String(cString: cairo_status_to_string(status)))
        }
        cairo_surface_flush(surface)
        guard let data = cairo_image_surface_get_data(surface) else { throw .drawing(status: "no pixels") }
        let stride = Int(cairo_image_surface_get_stride(surface))
        let (columns, rows) = (Int(width), Int(height))
        var pixels = [UInt8](repeating: 0, count: columns * rows * 3)
        let span = look.noise * 2 + 1
        for row in 0..<rows {
            for column in 0..<columns {
                let source = data + row * stride + column * 4  // blue, green, red, unused: little-endian words
                var bits = look.noise > 0 ? dice.next() : 0
                for channel in 0..<3 {
                    let value = Int(source[2 - channel]) + ((Int(bits & 0xFFFF) * span) >> 16) - look.noise
                    pixels[(row * columns + column) * 3 + channel] = UInt8(min(max(value, 0), 255))
                    bits >>= 16
                }
            }
        }
        return Picture(width: columns, height: rows, pixels: pixels)
    }
}
