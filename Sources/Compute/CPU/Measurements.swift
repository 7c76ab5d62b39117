// Repeated measurements of one figure. Knows nothing of what was measured.

/// At least one measured value, in any unit.
package struct Measurements: Sendable, Hashable {
    /// In ascending order.
    package let values: [Double]

    /// - Precondition: there is at least one value.
    package init(_ values: [Double]) {
        precondition(!values.isEmpty, "a figure was measured at least once")
        self.values = values.sorted()
    }

    package var count: Int { values.count }
    package var minimum: Double { values[0] }
    package var maximum: Double { values[values.count - 1] }

    /// The middle value, or the mean of the two middle ones.
    package var median: Double {
        let middle = values.count / 2
        return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
    }

    package func merged(with other: Measurements) -> Measurements { Measurements(values + other.values) }

    /// Each value transformed, such as seconds into a rate.
    package func map(_ transform: (Double) -> Double) -> Measurements { Measurements(values.map(transform)) }
}
