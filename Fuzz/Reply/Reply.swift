// libFuzzer harness of replies: whatever a model writes, every scorer reads it to a score or a stated reason.
//
// The first byte chooses the benchmark and the profile, the second the task of OCRBench v2; the rest is the reply.

import Scoring

private let scorers: [Scorer] = BenchmarkName.allCases.flatMap { benchmark in
    Profile.allCases.compactMap { try? Scorer(benchmark, profile: $0) }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard count >= 2 else { return 0 }
    let reply = String(decoding: input.dropFirst(2), as: UTF8.self)
    let scorer = scorers[Int(input[0]) % scorers.count]
    let task = OCRBenchV2.tasks[Int(input[1]) % OCRBenchV2.tasks.count]
    let item = ScoringItem(
        id: "1", question: "as HTML or markdown", gold: .list([.text(CodePoints(reply))]),
        options: ["A", "B", "C"].map { ScoringItem.Option(letter: $0, text: String(reply.prefix(4))) },
        category: scorer.benchmark == .ocrbenchV2 ? task.type : "", evaluation: input[1] > 127 ? "regression" : nil,
        boxes: .list([.integer("0"), .integer("0"), .integer("9"), .integer("9")]), contents: .list([]))
    if let verdict = try? scorer.score(reply, for: item) { precondition(!verdict.rule.isEmpty && !verdict.score.isNaN) }
    return 0
}
