// From stored PNG samples to RGB over white, as Pillow's modes convert. Knows nothing of chunks or compression.

/// Converts rows of one image.
///
/// Pillow's rules, which this follows: gray below 8 bits is spread over 0...255; 16-bit gray is clipped, not scaled;
/// other 16-bit samples keep their high byte; an index outside of the palette is black; the transparent gray level
/// is compared after conversion to 8 bits, by its low byte; a transparent colour of an RGB image is ignored.
struct PNGRowConverter {
    /// Bytes of a stored row without its filter byte.
    let rowBytes: Int
    private let width: Int
    private let bitDepth: Int
    private let colorType: PNGStructure.ColorType
    /// RGB for each stored value of up to 8 bits, for gray and palette images: `[256, 3]`.
    private let colors: [UInt8]
    /// The 8-bit gray level that is transparent.
    private let transparentGray: UInt8?

    init(_ structure: PNGStructure) throws(ImagingError) {
        width = structure.width
        bitDepth = structure.bitDepth
        colorType = structure.colorType
        rowBytes = (structure.width * structure.colorType.channels * structure.bitDepth + 7) / 8
        switch structure.colorType {
        case .gray:
            transparentGray = try Self.transparentGray(structure)
            colors = Self.grays(bitDepth: structure.bitDepth, transparent: transparentGray)
        case .palette:
            guard !structure.palette.isEmpty else {
                throw .corrupt(format: "PNG", detail: "a palette image without a PLTE chunk")
            }
            transparentGray = nil
            colors = Self.paletteColors(structure)
        case .rgb, .grayAlpha, .rgba:
            transparentGray = nil
            colors = []
        }
    }

    private static func transparentGray(_ structure: PNGStructure) throws(ImagingError) -> UInt8? {
        guard let transparency = structure.transparency else { return nil }
        guard transparency.count >= 2 else {
            throw .corrupt(format: "PNG", detail: "tRNS has \(transparency.count) bytes, expected 2")
        }
        if structure.bitDepth == 1 { return transparency[0] | transparency[1] == 0 ? 0 : 255 }
        return transparency[1]
    }

    private static func grays(bitDepth: Int, transparent: UInt8?) -> [UInt8] {
        let levels = bitDepth >= 8 ? 256 : 1 << bitDepth
        return (0..<256).flatMap { value in
            let gray = UInt8(truncatingIfNeeded: value % levels * (255 / (levels - 1)))
            return [UInt8](repeating: gray == transparent ? 255 : gray, count: 3)
        }
    }

    private static func paletteColors(_ structure: PNGStructure) -> [UInt8] {
        let transparency = structure.transparency ?? []
        return (0..<256).flatMap { index in
            let alpha = index < transparency.count ? transparency[index] : 255
            return (0..<3).map { channel in
                let place = 3 * index + channel
                return overWhite(place < structure.palette.count ? structure.palette[place] : 0, alpha: alpha)
            }
        }
    }

    /// - Parameters:
    ///   - row: `rowBytes` bytes, big-endian samples.
    ///   - output: `3 * width` bytes.
    func convert(_ row: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) {
        switch (colorType, bitDepth) {
        case (.gray, 16): convertGray16(row, to: output)
        case (.gray, _), (.palette, _): convertIndexed(row, to: output)
        case (.rgb, let depth):
            let step = depth / 8
            for sample in 0..<3 * width { output[sample] = row[sample * step] }
        case (.grayAlpha, let depth):
            let step = depth / 8
            for x in 0..<width {
                let gray = overWhite(row[2 * x * step], alpha: row[(2 * x + 1) * step])
                for channel in 0..<3 { output[3 * x + channel] = gray }
            }
        case (.rgba, let depth):
            let step = depth / 8
            for x in 0..<width {
                let alpha = row[(4 * x + 3) * step]
                for channel in 0..<3 {
                    output[3 * x + channel] = overWhite(row[(4 * x + channel) * step], alpha: alpha)
                }
            }
        }
    }

    private func convertGray16(_ row: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) {
        for x in 0..<width {
            let gray = row[2 * x] == 0 ? row[2 * x + 1] : 255
            let shown = gray == transparentGray ? 255 : gray
            for channel in 0..<3 { output[3 * x + channel] = shown }
        }
    }

    private func convertIndexed(_ row: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) {
        let perByte = 8 / bitDepth
        let mask = UInt8(truncatingIfNeeded: 1 << bitDepth - 1)
        colors.withUnsafeBufferPointer { colors in
            for x in 0..<width {
                let shift = 8 - bitDepth * (x % perByte + 1)
                let color = 3 * Int(row[x / perByte] >> UInt8(shift) & mask)
                for channel in 0..<3 { output[3 * x + channel] = colors[color + channel] }
            }
        }
    }
}
