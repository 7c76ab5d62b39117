// libFuzzer harness of the safetensors header: any bytes as a whole file.

import Checkpoint
import Numerics

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    guard let header = try? SafetensorsHeader(prefix: bytes, fileSize: count, file: "fuzz") else { return 0 }
    // An accepted header accounts for every byte of the file, once and in order.
    var end = header.dataStart
    for entry in header.entries {
        precondition(entry.range.lowerBound == end && entry.range.count == entry.shape.count * entry.dtype.size)
        end = entry.range.upperBound
    }
    precondition(end == count && Set(header.entries.map(\.name)).count == header.entries.count)
    return 0
}
