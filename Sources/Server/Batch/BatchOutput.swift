// The file of a batch's answers: whole lines, added as answers come. Knows OpenAI's envelope, not what is inside.

import Foundation
import JSONText
import OpenAIAPI
import Synchronization

/// A batch output that is being written. Requests without an answer stand at its end: they and what a killed run left cut short
/// are removed when it is gone on with.
final class BatchOutput: Sendable {
    private let path: String
    private let file: Mutex<FileHandle>
    /// The `custom_id`s that were answered when the file was opened.
    let answered: Set<String>

    /// Opens `path` to add lines, making it where it is missing.
    init(continuing path: String) throws(BatchError) {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .unwritable(path: path, reason: "another process is writing it")
        }
        do {
            let data = try handle.readToEnd() ?? Data()
            let whole = data.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            let end: Int
            (answered, end) = try Self.answered(data.prefix(whole), path)
            try handle.truncate(atOffset: UInt64(end))
            try handle.seekToEnd()
        } catch let error as BatchError {
            throw error
        } catch {
            throw .unwritable(path: path, reason: (error as NSError).localizedDescription)
        }
        file = Mutex(handle)
    }

    // By name: a child that is just being started may hold the file open a moment longer.
    deinit { file.withLock { _ = flock($0.fileDescriptor, LOCK_UN) } }

    /// - Returns: the requests that are answered, and where the last answer ends.
    private static func answered(_ data: Data, _ path: String) throws(BatchError) -> (ids: Set<String>, end: Int) {
        var answered: Set<String> = []
        var end = 0
        var failed: Int?
        var faults: [BatchError.Fault] = []
        for (index, line) in data.split(separator: 0x0A).enumerated() {
            let json = try? JSONBody(Array(line)).json
            switch (json?["custom_id"]?.text, json?["response"], json?["error"]) {
            case (let id?, .object, _):
                answered.insert(id)
                end = line.endIndex + 1
                if let failed { faults.append(.init(failed, "it has no answer, and answers follow it: remove it")) }
                failed = nil
            case (_?, .null, .object): failed = failed ?? index + 1
            default: faults.append(.init(index + 1, "this is no line of a batch's output"))
            }
        }
        guard faults.isEmpty else { throw .lines(path: path, faults) }
        return (answered, end)
    }

    /// Adds one answer.
    /// - Parameter body: one JSON value without line feeds.
    func append(_ customID: String, id: String, status: Int, body: Data) throws(BatchError) {
        let response = Data(#"{"status_code":\#(status),"request_id":"\#(id)","body":"#.utf8) + body + Data("}".utf8)
        try append(customID, id, response: response, error: Data("null".utf8))
    }

    /// Adds a request that got no answer. No answers may follow.
    func append(_ customID: String, id: String, failure: APIError) throws(BatchError) {
        let error = (try? APIEncoder.encode(["code": failure.code, "message": failure.message])) ?? Data("{}".utf8)
        try append(customID, id, response: Data("null".utf8), error: error)
    }

    private func append(_ customID: String, _ id: String, response: Data, error: Data) throws(BatchError) {
        let name = (try? APIEncoder.encode(customID)) ?? Data()
        var line = Data(#"{"id":"batch_req_\#(id)","custom_id":"#.utf8) + name
        line += Data(#","response":"#.utf8) + response + Data(#","error":"#.utf8) + error + Data("}\n".utf8)
        let failure: BatchError? = file.withLock { file in
            do {
                let end = try file.offset()
                do {
                    try file.write(contentsOf: line)
                } catch {
                    // Nothing may follow a part of a line.
                    try file.truncate(atOffset: end)
                    throw error
                }
                return nil
            } catch {
                return .unwritable(path: path, reason: (error as NSError).localizedDescription)
            }
        }
        if let failure { throw failure }
    }
}
