// What a fidelity file holds: its header and the figures of one item. Knows no models.

package import BenchmarkData

/// The header of a fidelity file.
package struct FidelityHeader: ResultHeader {
    package static var kind: String { "fidelity" }
    package let kind: String
    package let version: Int
    package let items: ItemSettings
    package let reference: ModelIdentity
    package let referencePrecision: String
    package let model: ModelIdentity
    package let precision: String
    package let instructionSet: String
    /// Images were embedded once for both: encoder and projector are the same bytes under the same arithmetic.
    package let sharedVision: Bool

    package var fileName: String { "\(model.name)-\(precision).jsonl" }

    package init(
        items: ItemSettings, reference: ModelIdentity, referencePrecision: String, model: ModelIdentity,
        precision: String,
        instructionSet: String, sharedVision: Bool
    ) {
        kind = Self.kind
        version = 2
        self.items = items
        self.reference = reference
        self.referencePrecision = referencePrecision
        self.model = model
        self.precision = precision
        self.instructionSet = instructionSet
        self.sharedVision = sharedVision
    }
}

/// Figures of one item; lists have one entry for each token of the answer, its end token included.
package struct FidelityOutcome: ResultOutcome, Equatable {
    package let question: String
    package let answer: String
    /// KL(reference || model), nats.
    package let divergence: [Double]?
    package let referenceCrossEntropy: [Double]?
    package let crossEntropy: [Double]?
    /// Whether both find the same token most likely.
    package let agreement: [Bool]?
    /// Whether greedy decoding writes exactly the canonical answer.
    package let referenceExact: Bool?
    package let exact: Bool?
    /// The item could not be measured; then there are no figures.
    package let error: String?

    package var failed: Bool { error != nil }

    package init(_ item: BenchmarkItem, error: String) {
        question = item.text
        answer = item.answers.first ?? ""
        self.error = error
        (divergence, referenceCrossEntropy, crossEntropy, agreement) = (nil, nil, nil, nil)
        (referenceExact, exact) = (nil, nil)
    }
}
