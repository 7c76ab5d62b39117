// The Responses API: the whole response, or its events. Knows OpenAI's form, not how tokens come about.

import Engine
import OpenAIAPI

struct ResponsesWriter: AnswerWriter {
    let id: String
    let created: Int
    let model: String
    private var sequence = 0

    init(id: String, created: Int, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    private var itemID: String { "msg_\(id)" }

    func response(_ run: AnswerRun, _ summary: AnswerSummary) -> ResponseObject {
        let choice = run.choices[0]
        return object(
            status: choice.finishReason == .length ? .incomplete : .completed, text: choice.text, usage: summary.usage)
    }

    private func object(status: ResponseObject.Status, text: String?, usage: TokenUsage?) -> ResponseObject {
        ResponseObject(
            id: "resp_\(id)", createdAt: created, status: status, model: model,
            output: text.map { [ResponseItem(id: itemID, status: status, text: $0)] } ?? [], usage: usage)
    }

    mutating func begin() throws -> [StreamEvent] {
        let response = object(status: .inProgress, text: nil, usage: nil)
        return try numbered([
            event("response.created") { $0.response = response },
            event("response.in_progress") { $0.response = response },
            event("response.output_item.added") {
                $0.outputIndex = 0
                $0.item = ResponseItem(id: itemID, status: .inProgress, text: nil)
            },
            part("response.content_part.added") { $0.part = .init(text: "") },
        ])
    }

    mutating func token(_ token: GeneratedToken, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        try delta(token.text)
    }

    mutating func finished(_ completion: Completion, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        try delta(completion.text)
    }

    mutating func end(_ summary: AnswerSummary, run: AnswerRun) throws -> [StreamEvent] {
        let response = response(run, summary)
        let text = run.choices[0].text
        let name = response.status == .incomplete ? "response.incomplete" : "response.completed"
        return try numbered([
            part("response.output_text.done") { $0.text = text },
            part("response.content_part.done") { $0.part = .init(text: text) },
            event("response.output_item.done") {
                $0.outputIndex = 0
                $0.item = response.output.first
            },
            event(name) { $0.response = response },
        ])
    }

    private mutating func delta(_ text: String) throws -> [StreamEvent] {
        text.isEmpty ? [] : try numbered([part("response.output_text.delta") { $0.delta = text }])
    }

    // MARK: Events

    private func event(_ type: String, _ fill: (inout ResponseEvent) -> Void) -> ResponseEvent {
        var event = ResponseEvent(type: type)
        fill(&event)
        return event
    }

    /// An event about the one part of the one item.
    private func part(_ type: String, _ fill: (inout ResponseEvent) -> Void) -> ResponseEvent {
        event(type) { event in
            event.itemId = itemID
            event.outputIndex = 0
            event.contentIndex = 0
            fill(&event)
        }
    }

    private mutating func numbered(_ events: [ResponseEvent]) throws -> [StreamEvent] {
        try events.map { event in
            var event = event
            event.sequenceNumber = sequence
            sequence += 1
            return try StreamEvent(event, name: event.type)
        }
    }
}
