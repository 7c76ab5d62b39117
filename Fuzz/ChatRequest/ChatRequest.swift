// libFuzzer harness of requests: any bytes as the body of each route. Nothing is decoded or computed.

import OpenAIAPI

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let limits = Limits()
    let bounds = RequestBounds(limits: limits, vocabulary: 1024, context: 4096)
    guard let body = try? JSONBody(Array(UnsafeBufferPointer(start: start, count: count))) else { return 0 }
    if let request = try? ChatRequest(body, bounds) {
        // What is accepted is within every limit.
        precondition((1...limits[.choices]).contains(request.sampling.choices))
        precondition(request.sampling.stop.count <= limits[.stops])
        precondition(request.sampling.logitBias.keys.allSatisfy { (0..<1024).contains($0) })
        precondition(request.messages.conversation.messages.count <= limits[.messages])
        precondition(request.messages.attachments.count <= limits[.images] + limits[.pdfPages])
    }
    _ = try? CompletionRequest(body, bounds)
    _ = try? ResponsesRequest(body, bounds)
    _ = try? TokenizeRequest(body, bounds)
    _ = try? DetokenizeRequest(body, bounds)
    return 0
}
