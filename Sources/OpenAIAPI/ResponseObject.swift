// Responses and their events as OpenAI writes them. Knows their form, not how they come about.

package struct ResponseObject: Sendable, Encodable {
    package enum Status: String, Sendable, Encodable {
        case inProgress = "in_progress"
        case completed
        case incomplete
    }

    package struct Incompleteness: Sendable, Encodable {
        package let reason = "max_output_tokens"
    }

    package struct ResponseUsage: Sendable, Encodable {
        package struct InputDetails: Sendable, Encodable {
            package let cachedTokens: Int
            package let imageTokens: Int
        }
        package struct OutputDetails: Sendable, Encodable {
            package let reasoningTokens = 0
        }
        package let inputTokens: Int
        package let inputTokensDetails: InputDetails
        package let outputTokens: Int
        package let outputTokensDetails = OutputDetails()
        package let totalTokens: Int
        package let images: [TokenUsage.Image]
    }

    package let id: String
    package let object = "response"
    package let createdAt: Int
    package let status: Status
    package let model: String
    package let output: [ResponseItem]
    package let usage: ResponseUsage?
    package let incompleteDetails: Incompleteness?
    package let parallelToolCalls = false
    package let toolChoice = "none"
    package let tools: [String] = []
    package let store = false

    package init(id: String, createdAt: Int, status: Status, model: String, output: [ResponseItem], usage: TokenUsage?)
    {
        self.id = id
        self.createdAt = createdAt
        self.status = status
        self.model = model
        self.output = output
        self.usage = usage.map { usage in
            ResponseUsage(
                inputTokens: usage.promptTokens,
                inputTokensDetails: .init(
                    cachedTokens: usage.promptTokensDetails.cachedTokens,
                    imageTokens: usage.promptTokensDetails.imageTokens),
                outputTokens: usage.completionTokens, totalTokens: usage.totalTokens, images: usage.images)
        }
        incompleteDetails = status == .incomplete ? Incompleteness() : nil
    }
}

package struct ResponseItem: Sendable, Encodable {
    package struct Part: Sendable, Encodable {
        package let type = "output_text"
        package let text: String
        package let annotations: [String] = []

        package init(text: String) { self.text = text }
    }
    package let type = "message"
    package let id: String
    package let status: ResponseObject.Status
    package let role = "assistant"
    package let content: [Part]

    package init(id: String, status: ResponseObject.Status, text: String?) {
        self.id = id
        self.status = status
        content = text.map { [Part(text: $0)] } ?? []
    }
}

package struct ResponseEvent: Sendable, Encodable {
    package let type: String
    package var sequenceNumber = 0
    package var response: ResponseObject?
    package var itemId: String?
    package var outputIndex: Int?
    package var contentIndex: Int?
    package var item: ResponseItem?
    package var part: ResponseItem.Part?
    package var delta: String?
    package var text: String?

    package init(type: String) { self.type = type }
}
