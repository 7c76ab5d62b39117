// Numbers within bounds as digits of a network. Knows no schema.

/// Writes JSON numbers into a network. A number has at most 32 digits before the point and 32 after it, and an exponent
/// below 200, so that it is always finite and a model cannot go on for ever; one with bounds has no exponent.
struct NumberEmitter {
    static let digitLimit = 32

    let isWhole: Bool
    let lower: NumberBound?
    let upper: NumberBound?

    func emit(in network: inout Network, _ from: Network.Node, _ to: Network.Node) throws(GrammarError) {
        guard lower != nil || upper != nil else { return try unbounded(&network, from, to) }
        // Numbers that are not negative, and the magnitudes of those that are.
        let zero = NumberBound(value: .zero, isExclusive: false)
        if let low = NumberBound.higher(lower, zero) { try magnitudes(low, upper, &network, from, to) }
        let above = NumberBound(value: .zero, isExclusive: true)
        if let low = NumberBound.higher(upper?.negated, above) {
            let sign = try network.node(beside: from)
            try network.literal("-", from, sign)
            try magnitudes(low, lower?.negated, &network, sign, to)
        }
    }

    private func unbounded(
        _ network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        let whole = "-?(0|[1-9][0-9]{0,\(Self.digitLimit - 1)})"
        let rest = "(\\.[0-9]{1,\(Self.digitLimit)})?([eE][+-]?([0-9]{1,2}|1[0-9]{2}))?"
        let expression = try RegexParser.parse(isWhole ? whole : whole + rest)
        try RegexEmitter(text: .plain).whole(expression, in: &network, from, to)
    }

    /// Numbers from `low`, which is not negative, to `high`.
    private func magnitudes(
        _ low: NumberBound, _ high: NumberBound?, _ network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        if let high, high.value.isNegative { return }
        var first = low.value.magnitude.whole
        if isWhole {
            if low.isExclusive || !low.value.isWhole { first = Magnitude.successor(first) }
            var last = high?.value.magnitude.whole
            if let high, high.isExclusive, high.value.isWhole {
                guard let below = Magnitude.predecessor(high.value.magnitude.whole) else { return }
                last = below
            }
            return try wholes(first, last, &network, from, to)
        }
        let lowest = FractionBound(digits: low.value.magnitude.fraction, isExclusive: low.isExclusive)
        let highest = high.map {
            FractionBound(digits: $0.value.magnitude.fraction, isExclusive: $0.isExclusive)
        }
        guard let last = high?.value.magnitude.whole else {
            try number(first, lowest, nil, &network, from, to)
            return try number(from: Magnitude.successor(first), nil, &network, from, to)
        }
        if first == last { return try number(first, lowest, highest, &network, from, to) }
        guard Magnitude.precedes(first, last) else { return }
        try number(first, lowest, nil, &network, from, to)
        try number(last, nil, highest, &network, from, to)
        if let below = Magnitude.predecessor(last) {
            try number(from: Magnitude.successor(first), below, &network, from, to)
        }
    }

    /// One whole part and the fractions within bounds.
    private func number(
        _ whole: [UInt8], _ low: FractionBound?, _ high: FractionBound?, _ network: inout Network,
        _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        guard whole.count <= Self.digitLimit else { return }
        let point = try network.node(beside: from)
        try network.literal(whole.map { $0 + 0x30 }, from, point)
        try fraction(low, high, &network, point, to)
    }

    /// Any whole part of a range and any fraction.
    private func number(
        from first: [UInt8], _ last: [UInt8]?, _ network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        let point = try network.node(beside: from)
        try wholes(first, last, &network, from, point)
        try fraction(nil, nil, &network, point, to)
    }

    // MARK: Digits

    /// Whole numbers from `first` to `last`.
    private func wholes(
        _ first: [UInt8], _ last: [UInt8]?, _ network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        if let last, Magnitude.precedes(last, first) { return }
        let longest = min(last?.count ?? Self.digitLimit, Self.digitLimit)
        guard first.count <= longest else { return }
        for length in first.count...longest {
            let low = length == first.count ? first : [1] + [UInt8](repeating: 0, count: length - 1)
            let high = length == last?.count ? last ?? [] : [UInt8](repeating: 9, count: length)
            try wholes(low, through: high, &network, from, to)
        }
    }

    /// Whole numbers between two of the same length.
    private func wholes(
        _ low: [UInt8], through high: [UInt8], _ network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        var nodes: [Tightness: Network.Node] = [Tightness(low: true, high: true): from]
        for place in low.indices {
            var next: [Tightness: Network.Node] = [:]
            for (tightness, node) in nodes {
                for digit in (tightness.low ? low[place] : 0)...(tightness.high ? high[place] : 9) {
                    let tightness = Tightness(
                        low: tightness.low && digit == low[place], high: tightness.high && digit == high[place])
                    let target =
                        if place == low.count - 1 {
                            to
                        } else if let known = next[tightness] {
                            known
                        } else {
                            try network.node(beside: from)
                        }
                    next[tightness] = target
                    try network.byte(digit + 0x30, digit + 0x30, node, target)
                }
            }
            nodes = next
        }
    }

    /// Whether the digits so far are those of a bound.
    private struct Tightness: Hashable {
        let low: Bool, high: Bool
    }

    private struct FractionBound {
        let digits: [UInt8]
        let isExclusive: Bool

        /// The digit at a place; zeros follow the last.
        func digit(_ place: Int) -> UInt8 { place < digits.count ? digits[place] : 0 }
        /// Whether only zeros are left at `place`.
        func isSpent(_ place: Int) -> Bool { place >= digits.count }
    }

    /// A fraction within bounds, or none if that is.
    private func fraction(
        _ low: FractionBound?, _ high: FractionBound?, _ network: inout Network, _ from: Network.Node,
        _ to: Network.Node
    ) throws(GrammarError) {
        func mayEnd(_ tightness: Tightness, _ place: Int) -> Bool {
            if let low, tightness.low, !low.isSpent(place) || low.isExclusive { return false }
            if let high, tightness.high, high.isSpent(place), high.isExclusive { return false }
            return true
        }
        let start = Tightness(low: low != nil, high: high != nil)
        if mayEnd(start, 0) { try network.nothing(from, to) }
        var nodes = [start: try network.node(beside: from)]
        for node in nodes.values { try network.literal(".", from, node) }
        let length = max(Self.digitLimit, (low?.digits.count ?? 0) + 1, (high?.digits.count ?? 0) + 1)
        for place in 0..<length {
            var next: [Tightness: Network.Node] = [:]
            for (tightness, node) in nodes {
                let least = tightness.low ? low?.digit(place) ?? 0 : 0
                let most = tightness.high ? high?.digit(place) ?? 9 : 9
                guard least <= most else { continue }
                for digit in least...most {
                    let after = Tightness(
                        low: tightness.low && digit == least, high: tightness.high && digit == most)
                    let target = if let known = next[after] { known } else { try network.node(beside: from) }
                    next[after] = target
                    try network.byte(digit + 0x30, digit + 0x30, node, target)
                }
            }
            for (tightness, node) in next where mayEnd(tightness, place + 1) { try network.nothing(node, to) }
            nodes = next
        }
    }
}
