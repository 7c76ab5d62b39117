// Scores replies of a public benchmark: the protocol's rules, and for what they leave over a judge. Knows no model.

package import Scoring

package struct BenchmarkScorer: ReplyScorer {
    private let scorer: Scorer
    private let judge: (any Judge)?

    /// As often as VLMEvalKit asks.
    private static let attempts = 3

    package init(_ scorer: Scorer, judge: (any Judge)? = nil) {
        self.scorer = scorer
        self.judge = judge
    }

    /// Whether a judge is ever asked about replies of a benchmark under a protocol.
    package static func asksJudge(_ benchmark: BenchmarkName, _ profile: Profile) -> Bool {
        let hasOptions = [.mmmu, .ai2d, .videomme].contains(benchmark)
        return hasOptions && profile.tokenPlace != nil
    }

    package var rule: String {
        "\(scorer.benchmark.title) under \(scorer.profile.rawValue): \(scorer.profile.origin)"
            + (judge == nil ? ", rules alone" : ", with a judge")
    }

    package func verdict(
        on reply: String, gold: ScoringItem?, answers: [String]
    ) async throws(AnswerOutcome.Failure) -> RunVerdict {
        guard let gold else { throw AnswerOutcome.Failure(.scorer, "the line has no item to score by") }
        let verdict = try score(reply, gold)
        guard verdict.state == .undecided, let judge else { return RunVerdict(verdict) }
        return try await judged(reply, gold, by: judge) ?? RunVerdict(verdict)
    }

    private func score(_ reply: String, _ gold: ScoringItem) throws(AnswerOutcome.Failure) -> Verdict {
        do {
            return try scorer.score(reply, for: gold)
        } catch {
            throw AnswerOutcome.Failure(.scorer, "\(error)")
        }
    }

    /// What the judge makes of the reply. Where the public code would draw an option at random after the last attempt, the
    /// reply stays undecided.
    /// - Returns: nil for a question without options, about which the judge cannot be asked.
    private func judged(
        _ reply: String, _ gold: ScoringItem, by judge: any Judge
    ) async throws(AnswerOutcome.Failure) -> RunVerdict? {
        let options = scorer.judgedOptions(gold)
        guard !options.isEmpty, let place = scorer.profile.tokenPlace else { return nil }
        let prompt = JudgePrompt.text(question: gold.question, options: options, reply: reply)
        var record = RunVerdict.Judgement(model: judge.model, prompt: prompt, replies: [])
        var failure: AnswerOutcome.Failure?
        for attempt in 1...Self.attempts {
            let text: String
            do throws(AnswerOutcome.Failure) {
                text = try await judge.reply(to: prompt, attempt: attempt)
            } catch {
                failure = error
                continue
            }
            record.replies.append(text)
            guard let found = OptionTokens.infer(CodePoints(text), options, place) else { continue }
            // The letter alone is a reply that every rule reads.
            let score = try score(found.letter, gold).score
            return RunVerdict(score: score, rule: "judge: \(found.rule)", extracted: found.letter, judge: record)
        }
        if record.replies.isEmpty, let failure {
            throw AnswerOutcome.Failure(.judge, failure.message, status: failure.status)
        }
        return RunVerdict(
            score: 0, state: .undecided, rule: "judge: no option in \(record.replies.count) replies", judge: record)
    }
}

extension Scorer {
    /// The options a judge is shown.
    fileprivate func judgedOptions(_ item: ScoringItem) -> [ScoringItem.Option] {
        switch benchmark {
        case .mmmu: item.options.isEmpty ? MMMU.openOptions(item) : item.options
        case .ai2d: item.options
        case .videomme: VideoMME.judgedOptions(item)
        default: []
        }
    }
}

extension Profile {
    /// Where an option letter may stand in a reply; nil under protocols that know no judge.
    fileprivate var tokenPlace: ChoiceRules.TokenPlace? {
        switch self {
        case .vlmevalkit2025: .anywhere
        case .vlmevalkit: .nearEnd
        default: nil
        }
    }
}

extension Verdict {
    /// A verdict of a run file, as far as sums depend on it.
    init(_ verdict: RunVerdict) {
        let state: State =
            switch verdict.state {
            case .scored: .scored
            case .leftOut: .leftOut
            case .undecided: .undecided
            case .guess: .guess
            case .raises: .raises(verdict.note ?? "")
            case .missingData: .missingData(verdict.note ?? "")
            }
        self.init(verdict.score, state, rule: verdict.rule, extracted: verdict.extracted)
    }
}

extension RunVerdict {
    package init(_ verdict: Verdict) {
        self.init(score: verdict.score, rule: verdict.rule, extracted: verdict.extracted)
        switch verdict.state {
        case .scored: state = .scored
        case .leftOut: state = .leftOut
        case .undecided: state = .undecided
        case .guess: state = .guess
        case .raises(let words): (state, note) = (.raises, words)
        case .missingData(let words): (state, note) = (.missingData, words)
        }
    }
}
