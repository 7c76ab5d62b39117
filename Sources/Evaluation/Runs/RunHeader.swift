// The header of a run file: what was asked, of whom, how it was scored. Knows no item.

package import BenchmarkData

package struct RunHeader: ResultHeader {
    package static let kind = "answers"
    package let kind: String
    /// 2; files of version 1 are read as well.
    package let version: Int
    package let items: ItemSettings
    package let model: ModelIdentity
    /// Arithmetic of the model in this process; `endpoint` where another program answers.
    package let precision: String
    /// Kernels sum in other orders on other instruction sets; `endpoint` where another program answers.
    package let instructionSet: String
    package let decoding: String
    package let maxTokens: Int
    /// What counts as correct.
    package let rule: String
    /// The judge's model; nil when rules alone decide.
    package let judge: String?
    /// Where the data lay when the file was begun; a file is continued wherever they lie now.
    package let dataPath: String?

    package static let endpoint = "endpoint"

    package var fileName: String { "\(model.name)-\(precision).jsonl" }

    package var identity: RunHeader {
        RunHeader(
            version: Self.currentVersion, items: items, model: model, precision: precision,
            instructionSet: instructionSet, maxTokens: maxTokens, rule: rule, judge: judge, dataPath: nil)
    }

    private static let currentVersion = 2

    package init(
        items: ItemSettings, model: ModelIdentity, precision: String, instructionSet: String, maxTokens: Int,
        rule: String, judge: String? = nil, dataPath: String? = nil
    ) {
        self.init(
            version: Self.currentVersion, items: items, model: model, precision: precision,
            instructionSet: instructionSet, maxTokens: maxTokens, rule: rule, judge: judge, dataPath: dataPath)
    }

    private init(
        version: Int, items: ItemSettings, model: ModelIdentity, precision: String, instructionSet: String,
        maxTokens: Int, rule: String, judge: String?, dataPath: String?
    ) {
        kind = Self.kind
        self.version = version
        decoding = "greedy"
        self.items = items
        self.model = model
        self.precision = precision
        self.instructionSet = instructionSet
        self.maxTokens = maxTokens
        self.rule = rule
        self.judge = judge
        self.dataPath = dataPath
    }
}
