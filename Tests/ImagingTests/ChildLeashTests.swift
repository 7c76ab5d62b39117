// Children that are called off: before they start, while they run.

import Foundation
import Imaging
import Testing

@Suite struct ChildLeashTests {
    private func process(_ script: String, _ leash: ChildLeash) -> ChildProcess {
        var process = ChildProcess(
            program: "sh", arguments: ["-c", script], timeout: 60, outputLimit: 1 << 10, memoryLimit: 4 << 30)
        process.leash = leash
        return process
    }

    private func isCalledOff(_ process: ChildProcess, whenHeard: () -> Void = {}) -> Bool {
        do {
            _ = try process.run { _ in
                whenHeard()
                return true
            }
            return false
        } catch {
            if case .calledOff = error { return true }
            return false
        }
    }

    @Test func aChildEndsWhenItIsCalledOff() throws {
        let leash = ChildLeash()
        let start = ContinuousClock.now
        // It has a child of its own, which holds the pipe too.
        #expect(isCalledOff(process("sleep 50 & echo begun; wait", leash)) { leash.pull() })
        #expect(ContinuousClock.now - start < .seconds(25))
    }

    @Test func noChildStartsAfterwards() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let leash = ChildLeash()
        leash.pull()
        #expect(isCalledOff(process(": > '\(file)'", leash)))
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    /// A server's connections among them.
    @Test func aChildHoldsNothingOfItsParents() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        #expect(file > 2)
        defer {
            close(file)
            unlink(path)
        }
        let output = try process("ls -l /proc/self/fd", ChildLeash()).run()
        #expect(output.status == 0 && !String(decoding: output.standardOutput, as: UTF8.self).contains(path))
    }

    @Test func aChildThatHasEndedIsLetGo() throws {
        let leash = ChildLeash()
        #expect(try process("echo done; exit 3", leash).run().status == 3)
        #expect(try process("echo again", leash).run().standardOutput == Array("again\n".utf8))
    }
}
