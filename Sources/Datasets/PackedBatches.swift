// Examples packed into batches of about equal work, made ahead by a thread. Knows nothing of models.

import Foundation
package import Training

/// Takes examples in order and closes a batch before it would exceed its tiles.
package final class PackedBatches: BatchSource {
    private struct Made: Sendable {
        let batch: Batch
        let position: UInt64
    }

    package private(set) var position: UInt64
    private let queue = BoundedQueue<Made>(capacity: 2)

    /// - Parameters:
    ///   - start: number of the first example.
    ///   - tiles: of a batch at most, unless one example alone has more.
    ///   - example: gives example after example.
    package init(
        from start: UInt64, tiles: Int,
        example: @escaping @Sendable (_ index: UInt64) throws -> LabelledExample
    ) {
        position = start
        let queue = self.queue
        let thread = Thread {
            do {
                var index = start
                var pending: Batch.Example?
                while true {
                    var (group, tileCount) = ([Batch.Example](), 0)
                    while true {
                        let next = try pending ?? example(index).example
                        pending = next
                        if tileCount + next.tiles > tiles, !group.isEmpty { break }
                        group.append(next)
                        pending = nil
                        index += 1
                        tileCount += next.tiles
                    }
                    guard queue.append(Made(batch: try Batch(group), position: index)) else { return }
                }
            } catch {
                queue.fail(error)
            }
        }
        thread.start()
    }

    deinit { queue.close() }

    package func next() throws -> Batch {
        let made = try queue.next()
        position = made.position
        return made.batch
    }

    /// The first `count` examples in batches, with their groups.
    package static func validation(
        _ examples: some Examples, count: Int, tiles: Int
    ) throws -> TrainingRun.ValidationSet {
        var batches: [(batch: Batch, groups: [String])] = []
        var (group, names, tileCount) = ([Batch.Example](), [String](), 0)
        for index in 0..<UInt64(count) {
            let next = try examples.example(at: index)
            if !group.isEmpty, tileCount + next.example.tiles > tiles {
                batches.append((try Batch(group), names))
                (group, names, tileCount) = ([], [], 0)
            }
            group.append(next.example)
            names.append(next.group)
            tileCount += next.example.tiles
        }
        if !group.isEmpty { batches.append((try Batch(group), names)) }
        return TrainingRun.ValidationSet(batches: batches)
    }
}
