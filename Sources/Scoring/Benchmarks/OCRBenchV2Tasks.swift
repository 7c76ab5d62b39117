// The thirty task types of OCRBench v2: the ability each belongs to and the rule that scores it. A table, no code.

package enum OCRBenchV2 {
    package enum Language: String, Sendable, CaseIterable {
        case english = "en"
        case chinese = "cn"

        package var title: String { self == .english ? "English" : "Chinese" }
    }

    /// What a headline is the mean over.
    package enum Ability: String, Sendable, CaseIterable {
        case textRecognition = "text_recognition"
        /// The authors' table calls it text referring.
        case textDetection = "text_detection"
        case textSpotting = "text_spotting"
        case relationshipExtraction = "relationship_extraction"
        case elementParsing = "element_parsing"
        case mathematicalCalculation = "mathematical_calculation"
        case visualTextUnderstanding = "visual_text_understanding"
        case knowledgeReasoning = "knowledge_reasoning"
    }

    package enum Rule: Sendable, Equatable {
        case shortAnswer(chinese: Bool)
        case counting
        case formula(unwrapsText: Bool)
        case grounding
        case positionedAnswer
        case spotting
        case keyValues
        /// Golds that a text spells as a Python literal.
        case spelledKeyValues
        case outline
        case chart
        /// HTML or, where the question says so, Markdown.
        case table(markdown: Bool)
        case longText(needsF: Bool)
        case translation
        case handwriting
    }

    package struct Task: Sendable, Equatable {
        package let type: String
        package let language: Language
        package let ability: Ability
        package let rule: Rule

        fileprivate init(_ type: String, _ language: Language, _ ability: Ability, _ rule: Rule) {
            self.type = type + " " + language.rawValue
            self.language = language
            self.ability = ability
            self.rule = rule
        }
    }

    package static let tasks: [Task] = [
        Task("text recognition", .english, .textRecognition, .shortAnswer(chinese: false)),
        Task("fine-grained text recognition", .english, .textRecognition, .longText(needsF: false)),
        Task("full-page OCR", .english, .textRecognition, .longText(needsF: false)),
        Task("text grounding", .english, .textDetection, .grounding),
        Task("VQA with position", .english, .textDetection, .positionedAnswer),
        Task("text spotting", .english, .textSpotting, .spotting),
        Task("key information extraction", .english, .relationshipExtraction, .keyValues),
        Task("key information mapping", .english, .relationshipExtraction, .keyValues),
        Task("document parsing", .english, .elementParsing, .outline),
        Task("chart parsing", .english, .elementParsing, .chart),
        Task("table parsing", .english, .elementParsing, .table(markdown: true)),
        Task("formula recognition", .english, .elementParsing, .formula(unwrapsText: false)),
        Task("math QA", .english, .mathematicalCalculation, .shortAnswer(chinese: false)),
        Task("text counting", .english, .mathematicalCalculation, .counting),
        Task("document classification", .english, .visualTextUnderstanding, .shortAnswer(chinese: false)),
        Task("cognition VQA", .english, .visualTextUnderstanding, .shortAnswer(chinese: false)),
        Task("diagram QA", .english, .visualTextUnderstanding, .shortAnswer(chinese: false)),
        Task("reasoning VQA", .english, .knowledgeReasoning, .shortAnswer(chinese: false)),
        Task("science QA", .english, .knowledgeReasoning, .shortAnswer(chinese: false)),
        Task("APP agent", .english, .knowledgeReasoning, .shortAnswer(chinese: false)),
        Task("ASCII art classification", .english, .knowledgeReasoning, .shortAnswer(chinese: false)),
        Task("full-page OCR", .chinese, .textRecognition, .longText(needsF: true)),
        Task("key information extraction", .chinese, .relationshipExtraction, .spelledKeyValues),
        Task("handwritten answer extraction", .chinese, .relationshipExtraction, .handwriting),
        Task("document parsing", .chinese, .elementParsing, .outline),
        Task("table parsing", .chinese, .elementParsing, .table(markdown: false)),
        Task("formula recognition", .chinese, .elementParsing, .formula(unwrapsText: true)),
        Task("cognition VQA", .chinese, .visualTextUnderstanding, .shortAnswer(chinese: true)),
        Task("reasoning VQA", .chinese, .knowledgeReasoning, .shortAnswer(chinese: true)),
        Task("text translation", .chinese, .knowledgeReasoning, .translation),
    ]

    private static let byType = Dictionary(uniqueKeysWithValues: tasks.map { ($0.type, $0) })

    package static func task(_ type: String) -> Task? { byType[type] }

    /// Abilities of a language in the order of the tables.
    package static func abilities(_ language: Language) -> [Ability] {
        Ability.allCases.filter { ability in tasks.contains { $0.language == language && $0.ability == ability } }
    }
}
