// The error object as clients see it.

import Foundation
import OpenAIAPI
import Testing

@Suite struct APIErrorTests {
    @Test func theBodyHasOpenAIsForm() throws {
        let data = try APIEncoder.encode(APIError(404, "model_not_found", "no such model"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
        let error = try #require(object["error"])
        #expect(Set(error.keys) == ["message", "type", "param", "code"])
        #expect(error["param"] is NSNull && error["type"] as? String == "not_found_error")
        #expect(error["code"] as? String == "model_not_found")
    }
}
