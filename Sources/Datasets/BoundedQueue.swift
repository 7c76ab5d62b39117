// A queue between threads that makes a fast writer wait. Knows nothing of what it carries.

import Foundation

/// First in, first out; at most `capacity` elements. The last element can be a failure, which every later reader gets.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Sendable: all state is read and written under the condition's lock.
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var failure: (any Error)?
    private var isClosed = false

    init(capacity: Int) { self.capacity = capacity }

    /// Waits for room. Returns false when nobody reads any more.
    func append(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while elements.count >= capacity, !isClosed { condition.wait() }
        guard !isClosed else { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    func fail(_ error: any Error) {
        condition.lock()
        failure = error
        condition.broadcast()
        condition.unlock()
    }

    /// Lets writers go.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for an element.
    func next() throws -> Element {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, failure == nil { condition.wait() }
        if let failure, elements.isEmpty { throw failure }
        defer { condition.broadcast() }
        return elements.removeFirst()
    }
}
