// The public benchmarks whose replies can be scored. Knows their names and which protocols score them, not how.

package enum BenchmarkName: String, Sendable, CaseIterable, Codable {
    case mmmu, ai2d, chartqa, infovqa, docvqa, ocrbench
    case ocrbenchV2 = "ocrbench-v2"
    case videomme

    package var title: String {
        switch self {
        case .mmmu: "MMMU"
        case .ai2d: "AI2D"
        case .chartqa: "ChartQA"
        case .infovqa: "InfoVQA"
        case .docvqa: "DocVQA"
        case .ocrbench: "OCRBench"
        case .ocrbenchV2: "OCRBench v2"
        case .videomme: "Video-MME"
        }
    }
}
