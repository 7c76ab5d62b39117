// How each protocol words its questions and how long a reply may be: a table, no code. The wording is the protocols' own, to
// the letter.

package import Scoring

/// The wording of one benchmark's questions under one protocol.
package struct PromptRules: Sendable {
    /// Where images stand.
    package enum Images: Sendable {
        case first
        /// Where the text says `<image 1>`; first when it never does.
        case inText
        /// First, and only those that the text names.
        case namedFirst
    }

    /// Text before the images; nil for none.
    package var lead: String?
    package var images = Images.first
    /// Texts after the images, with `{hint}`, `{question}` and `{options}` to be filled in.
    package var texts: [String]
    /// Of a question without options.
    package var open: [String]?
    /// How an option is written, with `{letter}` and `{text}`.
    package var option = "{letter}. {text}\n"
    /// Whether white space at the question's ends is taken away.
    package var strips = false
    package var maxTokens: Int
}

extension Profile {
    /// How this protocol asks; nil where it does not know the benchmark.
    package func prompts(_ benchmark: BenchmarkName) -> PromptRules? {
        guard rules.scores(benchmark) else { return nil }
        return switch self {
        case .vlmevalkit2025, .vlmevalkit: Self.vlmevalkit(benchmark)
        case .lmmsEval, .lmmsEval072: Self.lmmsEval(benchmark)
        case .official: Self.official(benchmark)
        }
    }

    private static let phrase = "Answer the question using a single word or phrase."
    private static let letter = "Answer with the option's letter from the given choices directly."
    private static let frames = "These are the frames of a video. "
    private static let select =
        "Select the best answer to the following multiple-choice question based on the video. "
        + "Respond with only the letter (A, B, C, or D) of the correct option.\n"

    private static func vlmevalkit(_ benchmark: BenchmarkName) -> PromptRules {
        let choice =
            "{hint}Question: {question}\nOptions:\n{options}Please select the correct answer from the options above. \n"
        let open = "{hint}Question: {question}\n"
        return switch benchmark {
        case .mmmu: PromptRules(images: .inText, texts: [choice], open: [open], maxTokens: 2048)
        case .ai2d: PromptRules(texts: [choice], open: [open], maxTokens: 2048)
        case .chartqa, .docvqa, .infovqa: PromptRules(texts: ["{question}\n" + phrase], maxTokens: 2048)
        case .ocrbench, .ocrbenchV2: PromptRules(texts: ["{question}"], maxTokens: 2048)
        case .videomme:
            PromptRules(
                lead: "", texts: ["\n" + frames + select, "Question: {question}\n{options}Answer: "],
                option: "{text}\n", maxTokens: 2048)
        }
    }

    private static func lmmsEval(_ benchmark: BenchmarkName) -> PromptRules {
        switch benchmark {
        case .mmmu:
            PromptRules(
                images: .namedFirst, texts: ["{question}\n{options}\n" + letter], open: ["{question}\n\n" + phrase],
                maxTokens: 128)
        case .ai2d: PromptRules(texts: ["{question}\n{options}" + letter], maxTokens: 16)
        case .chartqa: PromptRules(texts: ["{question}\nAnswer the question with a single word."], maxTokens: 16)
        case .docvqa, .infovqa: PromptRules(texts: ["{question}\n" + phrase], maxTokens: 32)
        case .ocrbench, .ocrbenchV2: PromptRules(texts: ["{question}"], strips: true, maxTokens: 128)
        case .videomme:
            PromptRules(
                texts: [
                    select.replacing("the video.", with: "the video and the subtitles.")
                        + "{question}\n{options}\n" + letter
                ], option: "{text}\n", maxTokens: 16)
        }
    }

    private static func official(_ benchmark: BenchmarkName) -> PromptRules {
        switch benchmark {
        case .mmmu:
            PromptRules(
                images: .namedFirst, texts: ["{question}\n{options}\n" + letter], open: ["{question}\n\n" + phrase],
                option: "({letter}) {text}\n", maxTokens: 128)
        case .ai2d: PromptRules(texts: ["{question}\n{options}" + letter], maxTokens: 16)
        case .chartqa, .docvqa, .infovqa: PromptRules(texts: ["{question}\n" + phrase], maxTokens: 2048)
        case .ocrbench: PromptRules(texts: ["{question}"], maxTokens: 100)
        case .ocrbenchV2: PromptRules(texts: ["{question}"], maxTokens: 2048)
        case .videomme:
            PromptRules(
                texts: [frames + select + "{question}\n{options}The best answer is:"], option: "{text}\n",
                maxTokens: 16)
        }
    }
}
