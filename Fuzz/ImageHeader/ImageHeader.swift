// libFuzzer harness of the image headers: any bytes as a whole file, walked but not decoded.

import Imaging

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let limits = ImageLimits()
    let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count))
    guard let header = try? ImageHeader(bytes, limits: limits) else { return 0 }
    // An accepted header is within every limit, so that sizes computed from it cannot overflow.
    precondition((1...limits.side).contains(header.width) && (1...limits.side).contains(header.height))
    precondition(header.width * header.height <= limits.pixels && count <= limits.bytes)
    precondition((1...16).contains(header.bitDepth) && (1...4).contains(header.channels))
    if case .webP(let webP) = header.details, let frame = webP.firstFrame {
        precondition(frame.x + frame.width <= header.width && frame.y + frame.height <= header.height)
        precondition(frame.bitstream.upperBound <= count)
    }
    return 0
}
