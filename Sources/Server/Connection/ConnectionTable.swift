// Open connections by their channel, so that a request can learn that its client has left. Knows no HTTP.

package import NIOCore
import Synchronization

/// Connections that are open, each with what its requests hang on.
final class ConnectionTable: Sendable {
    private struct Entry {
        var isGone = false
        var lines: [ObjectIdentifier: Lifeline] = [:]
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    func opened(_ channel: any Channel) {
        entries.withLock { $0[ObjectIdentifier(channel)] = Entry() }
    }

    /// The client closed its side, or the connection is gone.
    func clientLeft(_ channel: any Channel) {
        let lines = entries.withLock { entries in
            entries[ObjectIdentifier(channel)]?.isGone = true
            return entries[ObjectIdentifier(channel)]?.lines.values.map(\.self) ?? []
        }
        for line in lines { line.cut(.clientGone) }
    }

    func closed(_ channel: any Channel) {
        clientLeft(channel)
        entries.withLock { $0[ObjectIdentifier(channel)] = nil }
    }

    /// Cuts `line` when the client of `channel` leaves. Channels that were never opened here have no client to leave.
    func attach(_ line: Lifeline, to channel: any Channel) {
        let isGone = entries.withLock { entries in
            entries[ObjectIdentifier(channel)]?.lines[ObjectIdentifier(line)] = line
            return entries[ObjectIdentifier(channel)]?.isGone ?? false
        }
        if isGone { line.cut(.clientGone) }
    }

    func detach(_ line: Lifeline, from channel: any Channel) {
        entries.withLock { entries in entries[ObjectIdentifier(channel)]?.lines[ObjectIdentifier(line)] = nil }
    }
}
