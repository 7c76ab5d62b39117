// The scores that NVIDIA publishes for the 8B model. Figures only: knows no run.

/// What the model cards say of one benchmark, in the benchmark's own unit.
package struct CardFigures: Encodable, Sendable, Equatable {
    /// Llama-3.1-Nemotron-Nano-VL-8B-V1.
    package let bf16: Double
    /// Llama-3.1-Nemotron-Nano-VL-8B-V1-FP4-QAD; nil where its figure is not known here.
    package let fp4: Double?
}

/// A line of the cards' table. OCRBench v2 has two: English and Chinese.
package enum CardLine: String, CaseIterable, Sendable {
    case mmmu, ai2d, chartqa, infovqa, docvqa, ocrbench
    case ocrbenchV2English = "ocrbench-v2-en"
    case ocrbenchV2Chinese = "ocrbench-v2-cn"
    case videomme

    package var title: String {
        switch self {
        case .mmmu: "MMMU (val)"
        case .ai2d: "AI2D"
        case .chartqa: "ChartQA"
        case .infovqa: "InfoVQA (val)"
        case .docvqa: "DocVQA (val)"
        case .ocrbench: "OCRBench"
        case .ocrbenchV2English: "OCRBench v2, English"
        case .ocrbenchV2Chinese: "OCRBench v2, Chinese"
        case .videomme: "Video-MME"
        }
    }

    /// What a score of 1 is shown as.
    package var scale: Double { self == .ocrbench ? 1000 : 100 }

    package var figures: CardFigures {
        switch self {
        case .mmmu: CardFigures(bf16: 48.2, fp4: 47.9)
        case .ai2d: CardFigures(bf16: 85.0, fp4: 85.0)
        case .chartqa: CardFigures(bf16: 86.3, fp4: 86.5)
        case .infovqa: CardFigures(bf16: 77.4, fp4: 77.6)
        case .docvqa: CardFigures(bf16: 91.2, fp4: 91.5)
        case .ocrbench: CardFigures(bf16: 839, fp4: 836)
        case .ocrbenchV2English: CardFigures(bf16: 60.1, fp4: nil)
        case .ocrbenchV2Chinese: CardFigures(bf16: 37.9, fp4: nil)
        case .videomme: CardFigures(bf16: 54.7, fp4: 54.6)
        }
    }
}
