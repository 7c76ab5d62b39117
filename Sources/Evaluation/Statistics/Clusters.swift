// Which items are not independent of each other: questions about one page, chart or video. Knows no scores.

package import BenchmarkData

/// Items by place, grouped: the bootstrap draws groups, not items.
package struct Clusters: Sendable, Equatable {
    /// Places of each cluster's items, in order of their first item.
    package let members: [[Int]]

    /// With fewer clusters a bootstrap draws the same few again and again: its interval says nothing, and there is none.
    package static let leastForInterval = 10

    package var areSingle: Bool { members.allSatisfy { $0.count == 1 } }

    package init(members: [[Int]]) { self.members = members }

    /// An item without a cluster is one of its own.
    package init(_ facts: [ItemFacts]) {
        var places: [String: Int] = [:]
        var members: [[Int]] = []
        for (place, facts) in facts.enumerated() {
            guard let name = facts.cluster else {
                members.append([place])
                continue
            }
            if let cluster = places[name] {
                members[cluster].append(place)
            } else {
                places[name] = members.count
                members.append([place])
            }
        }
        self.members = members
    }

    /// Clusters of some of the items, with their places among all.
    package init(_ facts: [ItemFacts], at places: [Int]) {
        members = Clusters(places.map { facts[$0] }).members.map { $0.map { places[$0] } }
    }
}
