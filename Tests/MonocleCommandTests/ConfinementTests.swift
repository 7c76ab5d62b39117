// How far decoders are confined, as `doctor` and `serve` find out and say.

import Foundation
import Testing

@Suite struct ConfinementTests {
    private static let nowhere = ["PATH": "/nonexistent"]

    @Test func doctorTriesWhatDecodersMayNot() throws {
        for (environment, prlimit) in [([:], true), (Self.nowhere, false)] {
            let run = try Program.run(["doctor", "--json"], environment: environment)
            let found = try #require(try run.json()["confinement"] as? [String: Any], "\(run.output)")
            for kind in ["network", "processes", "files", "memory"] {
                #expect(found[kind] as? Bool == true, "\(kind): \(found)")
            }
            #expect((found["prlimit"] is String) == prlimit)
            #expect(run.output.contains("prlimit, which bounds") == !prlimit)
        }
    }

    @Test func serveSaysWhatIsMissing() throws {
        for (environment, isComplete) in [([:], true), (Self.nowhere, false)] {
            let server = try RunningServer(environment: environment)
            let warnings = server.greeting.split(separator: "\n").filter { $0.contains("prlimit") }
            #expect(warnings.count == (isComplete ? 0 : 1), "\(server.greeting)")
            #expect(server.stop() == 0)
        }
    }
}
