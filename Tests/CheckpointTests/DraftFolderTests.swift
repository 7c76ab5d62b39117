import Checkpoint
import Foundation
import TestSupport
import Testing

struct DraftFolderTests {
    @Test func aFolderAppearsWhenItIsComplete() throws {
        let temporary = try TemporaryFolder()
        let place = temporary.url.appending(path: "out")
        do {
            let draft = try DraftFolder(for: place)
            try Data("half".utf8).write(to: draft.url.appending(path: "a"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path).isEmpty, "nothing is left")
        let draft = try DraftFolder(for: place)
        try Data("whole".utf8).write(to: draft.url.appending(path: "a"))
        try draft.complete()
        #expect(try String(contentsOf: place.appending(path: "a"), encoding: .utf8) == "whole")
        #expect(throws: CheckpointError.self) { try DraftFolder(for: place) }
        #expect(throws: CheckpointError.self) { try DraftFolder(for: URL(filePath: "/proc/none/out")) }
    }
}
