// The families of documents and the benchmark each one mirrors. Knows no layouts and draws nothing.

/// A family of synthetic documents. Raw values are names in files and on the command line.
package enum Family: String, CaseIterable, Sendable {
    /// Words and codes on one or more lines: text recognition as in OCRBench.
    case lines
    /// Keys and values: key information extraction as in DocVQA and OCRBench.
    case form
    /// Items with prices, receipts and tables with a total: DocVQA, OCRBench.
    case receipt
    /// Bars, lines, points, pies and rings with values: ChartQA.
    case chart
    /// Coloured shapes with letters, chains of boxes, multiple choice: AI2D, MMMU.
    case diagram
    /// Windows, dialogs, telephones: OCRBench's scene and application text.
    case screen
    /// Sentences with facts over several lines: DocVQA, InfoVQA.
    case paragraph
    /// Several frames, one tile each: Video-MME.
    case video
    /// Shops' receipts with heading, quantities, currency, tax and payment: more of `receipt`, drawn only by name.
    case till

    /// The families that samples without a named family are of; part of what a seed means.
    package static let standard: [Family] = [.lines, .form, .receipt, .chart, .diagram, .screen, .paragraph, .video]
}

/// Which part of the endless supply. Their random streams differ; fonts and layouts differ as `Looks` says.
package enum Split: String, CaseIterable, Sendable {
    case train
    case validation
    case test

    /// Label of this split's random stream; part of what a seed means.
    var label: UInt64 {
        switch self {
        case .train: 1
        case .validation: 2
        case .test: 3
        }
    }
}
