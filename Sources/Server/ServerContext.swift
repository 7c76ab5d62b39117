// What a request carries through the routes: its name, when it came, from which connection. Knows no route.

import Foundation
import Hummingbird
import NIOCore

struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let arrival = ContinuousClock.now
    /// The client's own name for the request, or one made here.
    var requestID: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        requestID = Self.makeID()
    }

    /// 24 hexadecimal digits.
    static func makeID() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
        return String((digits + String(repeating: "0", count: 24)).prefix(24))
    }
}
