// libFuzzer harness of the tokenizer: text to ids and back, ids to text at once and in steps, and tokenizer.json itself.
//
// The first byte chooses. Uses the tiny vocabulary of the tests, found beside this checkout's sources.

import Foundation
import Tokenization

private let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Tests/Fixtures/tokenizer/tokenizer.json")
private let tokenizer: Tokenizer = {
    guard let tokenizer = try? Tokenizer(contentsOf: fixture) else {
        preconditionFailure("no tokenizer at \(fixture.path)")
    }
    return tokenizer
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let mode = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    switch mode {
    case 0..<96: checkText(String(decoding: bytes, as: UTF8.self))
    case 96..<192: checkIDs(bytes)
    default: checkFile(bytes)
    }
    return 0
}

/// Any text comes back from its ids, and control tokens appear only where they are asked for.
private func checkText(_ text: String) {
    for controlTokens in [false, true] {
        let ids = tokenizer.encode(text, controlTokens: controlTokens)
        precondition(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.count })
        precondition(controlTokens || !ids.contains(where: tokenizer.isSpecial))
        precondition(tokenizer.decode(ids, skipSpecial: false).utf8.elementsEqual(text.utf8))
        precondition(streamed(ids, skipSpecial: false).utf8.elementsEqual(text.utf8))
    }
}

/// Any ids give the same text at once and in steps.
private func checkIDs(_ bytes: [UInt8]) {
    // Ids a little outside the vocabulary, on both sides, are among them.
    let ids = stride(from: 0, to: bytes.count - 1, by: 2).map { index in
        (Int32(bytes[index]) << 8 | Int32(bytes[index + 1])) % Int32(tokenizer.count + 40) - 4
    }
    for skipSpecial in [false, true] {
        let text = tokenizer.decode(ids, skipSpecial: skipSpecial)
        precondition(streamed(ids, skipSpecial: skipSpecial).utf8.elementsEqual(text.utf8))
    }
}

private func streamed(_ ids: [Int32], skipSpecial: Bool) -> String {
    var stream = StreamingDetokenizer(tokenizer, skipSpecial: skipSpecial)
    var text = ids.reduce(into: "") { $0 += stream.append($1) ?? "" }
    text += stream.finish() ?? ""
    return text
}

/// Any bytes are a tokenizer file or are refused with a message; one that is accepted can be used.
private func checkFile(_ bytes: [UInt8]) {
    do throws(TokenizationError) {
        let tokenizer = Tokenizer(try TokenizerFile(bytes))
        let ids = tokenizer.encode("the <image> 12\n", controlTokens: true)
        precondition(tokenizer.decode(ids, skipSpecial: false) == "the <image> 12\n")
    } catch {
        precondition(!error.description.isEmpty)
    }
}
