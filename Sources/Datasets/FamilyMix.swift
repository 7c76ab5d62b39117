// How often each family of synthetic documents is drawn. Knows names and weights, not drawing.

package import Documents

/// Whole weights of families, such as `chart=3,diagram=3,lines=1`; a family that is not named is not drawn.
package struct FamilyMix: Sendable, Equatable, CustomStringConvertible {
    private let weights: [(family: Family, weight: Int)]

    /// The standard families alike.
    package init() { weights = Family.standard.map { ($0, 1) } }

    /// `family` or `family=weight`, with commas between; nil for anything else, a weight outside 1 to 100, or a family named twice.
    package init?(_ text: String) {
        var weights: [(family: Family, weight: Int)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let family = Family(rawValue: String(sides[0])), !weights.contains(where: { $0.family == family }),
                let weight = sides.count == 1 ? 1 : Int(sides[1]), (1...100).contains(weight)
            else { return nil }
            weights.append((family, weight))
        }
        guard !weights.isEmpty else { return nil }
        self.weights = weights
    }

    /// One entry for each unit of weight.
    var entries: [Family] { weights.flatMap { Array(repeating: $0.family, count: $0.weight) } }

    package var description: String { weights.map { "\($0.family.rawValue)=\($0.weight)" }.joined(separator: ",") }

    package static func == (a: Self, b: Self) -> Bool { a.description == b.description }
}
