// Requests of the Responses API: their parts mean what those of a chat mean.

import OpenAIAPI
import Prompting
import Testing

@Suite struct ResponsesRequestTests {
    static func read(_ parts: String) throws -> ChatRequest {
        let text = #"{"instructions": "Be brief.", "input": [{"role": "user", "content": [\#(parts)]}]}"#
        return try ResponsesRequest(JSONBody(Array(text.utf8)), ChatRequestTests.bounds).chat
    }

    @Test func partsAreThoseOfAChat() throws {
        let response = try Self.read(
            #"""
            {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low", "max_tiles": 2},
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "pages": "2-3"},
            {"type": "input_video", "video_url": "data:video/mp4;base64,AA==", "frames": 5},
            {"type": "input_text", "text": "What?"}
            """#)
        let chat = try ChatRequestTests.read(
            #"""
            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low", "max_tiles": 2}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "pages": "2-3"}},
            {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AA==", "frames": 5}},
            {"type": "text", "text": "What?"}]}]}
            """#)
        #expect(response.messages == chat.messages)
        #expect(response.messages.attachments.map(\.kind) == [.image, .document, .video])
        #expect(response.messages.attachments.last?.frames == 5)
    }

    @Test func otherPartsAreRefusedWhereTheyStand() {
        for part in [#"{"type": "video_url", "video_url": {"url": "a"}}"#, "{}"] {
            let error = #expect(throws: APIError.self) { try Self.read(part) }
            #expect(error?.status == 400 && error?.param == "input[0].content[0].type", "\(part)")
        }
    }
}
