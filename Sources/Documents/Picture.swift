// Pixels of one finished image, and its PNG file through Cairo. Knows nothing of what is drawn.

import CCairo

/// 8-bit RGB, rows from the top, no padding: `pixels.count == width * height * 3`.
package struct Picture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    package let pixels: [UInt8]

    package init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Writes a PNG file. Throws `unwritable` with Cairo's reason.
    package func writePNG(to path: String) throws(DocumentsError) {
        let stride = width * 4
        var words = [UInt8](repeating: 255, count: stride * height)
        for index in 0..<width * height {
            words[index * 4] = pixels[index * 3 + 2]
            words[index * 4 + 1] = pixels[index * 3 + 1]
            words[index * 4 + 2] = pixels[index * 3]
        }
        let status = words.withUnsafeMutableBufferPointer { buffer in
            let surface = cairo_image_surface_create_for_data(
                buffer.baseAddress, CAIRO_FORMAT_RGB24, Int32(width), Int32(height), Int32(stride))
            defer { cairo_surface_destroy(surface) }
            return cairo_surface_write_to_png(surface, path)
        }
        guard status == CAIRO_STATUS_SUCCESS else {
            throw .unwritable(path: path, reason: String(cString: cairo_status_to_string(status)))
        }
    }
}
