// What a scorer knows of a question: the gold and what stands beside it. No image, no prompt.

/// One question of a benchmark, as far as its score depends on it.
package struct ScoringItem: Sendable {
    package struct Option: Sendable, Hashable {
        /// One capital letter.
        package let letter: String
        package let text: String

        package init(letter: String, text: String) {
            self.letter = letter
            self.text = text
        }
    }

    package let id: String
    package let question: String
    /// The gold as the data has it: a text (a letter, a cell, one answer), a list of accepted texts, or for OCRBench v2 whatever
    /// its task needs.
    package let gold: PythonValue
    /// Of a choice, in order; empty otherwise.
    package let options: [Option]
    /// OCRBench's and OCRBench v2's type; elsewhere a name to group by.
    package let category: String
    /// Other columns to group by: `split`, `l2-category`, `duration`, `domain`, `sub_category`, `task_type`.
    package let groups: [String: String]
    /// Name of the source, which decides OCRBench's formula rule in two protocols.
    package let dataset: String
    /// OCRBench v2's `eval`, nil where it has none.
    package let evaluation: String?
    /// OCRBench v2's `bbox` and `content`.
    package let boxes: PythonValue?
    package let contents: PythonValue?

    package init(
        id: String, question: String = "", gold: PythonValue, options: [Option] = [], category: String = "",
        groups: [String: String] = [:], dataset: String = "", evaluation: String? = nil, boxes: PythonValue? = nil,
        contents: PythonValue? = nil
    ) {
        self.id = id
        self.question = question
        self.gold = gold
        self.options = options
        self.category = category
        self.groups = groups
        self.dataset = dataset
        self.evaluation = evaluation
        self.boxes = boxes
        self.contents = contents
    }

    /// The gold as a list of texts, a single text being a list of one; nil for anything else.
    package var answers: [CodePoints]? {
        switch gold {
        case .text(let text): return [text]
        case .list(let values):
            let texts = values.compactMap { if case .text(let text) = $0 { text } else { nil } }
            return texts.count == values.count ? texts : nil
        default: return nil
        }
    }
}

extension ScoringItem {
    /// Accepted texts, at least one.
    func textAnswers() throws(ScoringError) -> [CodePoints] {
        guard let answers, !answers.isEmpty else {
            throw .item(
                id: id, field: "answers", found: gold.typeName, expected: "a text or a list of texts, not empty")
        }
        return answers
    }
}
