// libFuzzer harness of the image decoders: any bytes as a whole file, decoded under small limits.

import Imaging

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let limits = ImageLimits(bytes: 1 << 20, pixels: 1 << 14, side: 1 << 12, decodedBytes: 1 << 18, scans: 20)
    let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count))
    guard let image = try? PixelImage(decoding: bytes, limits: limits) else { return 0 }
    precondition(image.width * image.height <= limits.pixels)
    precondition(image.pixels.count == 3 * image.width * image.height)
    return 0
}
