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
        return [
            try event("response.created") { $0.response = response },
            try event("response.in_progress") { $0.response = response },
            try event("response.output_item.added") {
                $0.outputIndex = 0
                $0.item = ResponseItem(id: itemID, status: .inProgress, text: nil)
            },
            try event("response.content_part.added") { place(&$0, part: .init(text: "")) },
        ]
    }

    mutating func token(_ token: GeneratedToken, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        token.text.isEmpty ? [] : [try delta(token.text)]
    }

    mutating func finished(_ completion: Completion, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        completion.text.isEmpty ? [] : [try delta(completion.text)]
    }

    mutating func end(_ summary: AnswerSummary, run: AnswerRun) throws -> [StreamEvent] {
        let response = response(run, summary)
        let text = run.choices[0].text
        let name = response.status == .incomplete ? "response.incomplete" : "response.completed"
        return [
            try event("response.output_text.done") {
                place(&$0, part: nil)
                $0.text = text
            },
            try event("response.content_part.done") { place(&$0, part: .init(text: text)) },
            try event("response.output_item.done") {
                $0.outputIndex = 0
                $0.item = response.output.first
            },
            try event(name) { $0.response = response },
        ]
    }

    private mutating func delta(_ text: String) throws -> StreamEvent {
        try event("response.output_text.delta") {
            place(&$0, part: nil)
            $0.delta = text
        }
    }

    private func place(_ event: inout ResponseEvent, part: ResponseItem.Part?) {
        event.itemId = itemID
        event.outputIndex = 0
        event.contentIndex = 0
        event.part = part
    }

    private mutating func event(_ type: String, _ fill: (inout ResponseEvent) -> Void) throws -> StreamEvent {
        var event = ResponseEvent(type: type, sequenceNumber: sequence)
        sequence += 1
        fill(&event)
        return try StreamEvent(event, name: type)
    }
}
