// The protocols under which published scores were made, and how each scores each benchmark: a table, no code.

/// A protocol. A score without its protocol is not comparable, so every report names it.
package enum Profile: String, Sendable, CaseIterable, Codable {
    /// VLMEvalKit's rules of 2025, as NVIDIA packages them.
    case vlmevalkit2025 = "vlmevalkit-2025"
    /// VLMEvalKit of August 2026.
    case vlmevalkit
    /// lmms-eval 0.7.3.
    case lmmsEval = "lmms-eval"
    /// lmms-eval from 2025-06-23 to 0.7.2, which scored MMMU's open questions wrongly.
    case lmmsEval072 = "lmms-eval-0.7.2"
    /// The scorer of each benchmark's authors; for DocVQA and InfoVQA the strict threshold of PyPI's `anls`.
    case official

    package var origin: String {
        switch self {
        case .vlmevalkit2025: "nvidia-vlmeval 25.9.1 (VLMEvalKit's rules of 2025)"
        case .vlmevalkit: "VLMEvalKit e8e78f05 (2026-08-18)"
        case .lmmsEval: "lmms-eval 0.7.3 (2026-08-28)"
        case .lmmsEval072: "lmms-eval 0.7.2 (75571cfe, 2026-08-06)"
        case .official: "the benchmark's own scorer"
        }
    }

    package var rules: ProtocolRules {
        switch self {
        case .vlmevalkit2025:
            ProtocolRules(
                stripsReply: false, mmmuChoice: .tokens(.anywhere), mmmuOpen: .goldAsOption(.anywhere),
                ai2d: .tokens(.anywhere),
                chartqa: RelaxedRules(toleranceOf: .prediction, evaluatesCell: true),
                anls: ANLSRules(lengthOf: .rawText, keepsHalf: true),
                ocrbench: ContainmentRules(formulasBy: .category, foldsWidth: false),
                ocrbenchV2: .original, videomme: .firstLetter(otherwise: .anywhere))
        case .vlmevalkit:
            ProtocolRules(
                stripsReply: false, mmmuChoice: .tokens(.nearEnd), mmmuOpen: .goldAsOption(.nearEnd),
                ai2d: .tokens(.nearEnd),
                chartqa: RelaxedRules(toleranceOf: .gold, evaluatesCell: true),
                anls: ANLSRules(lengthOf: .rawText, keepsHalf: true),
                ocrbench: ContainmentRules(formulasBy: .category, foldsWidth: false),
                ocrbenchV2: .original, videomme: .firstLetter(otherwise: .nearEnd))
        case .lmmsEval: Self.lmms(open: .candidates)
        case .lmmsEval072: Self.lmms(open: .charactersOfCandidates)
        case .official:
            ProtocolRules(
                stripsReply: false, mmmuChoice: .parsed(.spaced), mmmuOpen: .candidates, ai2d: nil, chartqa: nil,
                anls: ANLSRules(lengthOf: .normalisedText, keepsHalf: false),
                ocrbench: ContainmentRules(formulasBy: .dataset, foldsWidth: false),
                ocrbenchV2: .original, videomme: .firstLetter(otherwise: nil))
        }
    }

    private static func lmms(open: OpenRules) -> ProtocolRules {
        ProtocolRules(
            stripsReply: true, mmmuChoice: .parsed(.followed), mmmuOpen: open, ai2d: .leadingLetter,
            chartqa: RelaxedRules(toleranceOf: .gold, evaluatesCell: false),
            anls: ANLSRules(lengthOf: .rawText, keepsHalf: true),
            ocrbench: ContainmentRules(formulasBy: .dataset, foldsWidth: true),
            ocrbenchV2: .lmmsEval, videomme: .ranked)
    }
}

/// How a protocol scores each benchmark; nil where it has no scorer.
package struct ProtocolRules: Sendable {
    /// Whether white space at both ends of a reply is taken away before anything looks at it.
    package let stripsReply: Bool
    package let mmmuChoice: ChoiceRules?
    package let mmmuOpen: OpenRules?
    package let ai2d: ChoiceRules?
    package let chartqa: RelaxedRules?
    /// DocVQA and InfoVQA.
    package let anls: ANLSRules?
    package let ocrbench: ContainmentRules?
    package let ocrbenchV2: SuiteRules?
    package let videomme: ChoiceRules?

    package func scores(_ benchmark: BenchmarkName) -> Bool {
        switch benchmark {
        case .mmmu: mmmuChoice != nil && mmmuOpen != nil
        case .ai2d: ai2d != nil
        case .chartqa: chartqa != nil
        case .infovqa, .docvqa: anls != nil
        case .ocrbench: ocrbench != nil
        case .ocrbenchV2: ocrbenchV2 != nil
        case .videomme: videomme != nil
        }
    }
}

/// How an option is read out of a reply.
package enum ChoiceRules: Sendable, Equatable {
    package enum TokenPlace: Sendable, Equatable {
        case anywhere
        /// Among the last four tokens, or after "answer is".
        case nearEnd
    }

    package enum Boundary: Sendable, Equatable {
        /// ` X ` between spaces.
        case spaced
        /// `X ` or `X.`, whatever stands before it.
        case followed
    }

    /// VLMEvalKit: the only option letter that is a token, else the only option text contained; what is left is a judge's.
    case tokens(TokenPlace)
    /// MMMU's own parser, which guesses where it finds nothing.
    case parsed(Boundary)
    /// lmms-eval on AI2D: `X.` at the start, else the whole reply without punctuation.
    case leadingLetter
    /// Video-MME: the first capital A to D after common prefixes are taken away. What has none goes to VLMEvalKit's tokens, or
    /// is left out of the mean as the authors do.
    case firstLetter(otherwise: TokenPlace?)
    /// lmms-eval: the best of a ranked list of forms.
    case ranked
}

/// How MMMU's open questions are scored.
package enum OpenRules: Sendable, Equatable {
    /// VLMEvalKit: a choice between the gold as A and "Other Answers" as B.
    case goldAsOption(ChoiceRules.TokenPlace)
    /// MMMU's own parser.
    case candidates
    /// The same, its list of candidates read character by character.
    case charactersOfCandidates
}

package struct RelaxedRules: Sendable, Equatable {
    package enum Side: Sendable, Equatable { case gold, prediction }
    /// Five per cent of what.
    package let toleranceOf: Side
    /// Whether a gold that looks like a Python list stands for its elements.
    package let evaluatesCell: Bool
}

package struct ANLSRules: Sendable, Equatable {
    package enum Length: Sendable, Equatable { case rawText, normalisedText }
    package let lengthOf: Length
    /// Whether a distance of exactly one half still scores one half.
    package let keepsHalf: Bool
}

package struct ContainmentRules: Sendable, Equatable {
    package enum Column: Sendable, Equatable { case category, dataset }
    /// Which column tells formulas, whose case counts.
    package let formulasBy: Column
    /// Whether full-width ASCII counts as ASCII.
    package let foldsWidth: Bool
}

/// OCRBench v2's two scorers, which differ in items that the original cannot score and in the mean.
package enum SuiteRules: Sendable, Equatable {
    case original
    case lmmsEval
}
