// What quantising a checkpoint cost, layer by layer. Knows figures and their JSON, not how they came about.

package import Foundation

/// The report written as quantization_report.json beside the weights.
package struct QuantizationReport: Sendable, Codable {
    /// File name in the quantised folder.
    package static let fileName = "quantization_report.json"

    package struct Layer: Sendable, Codable {
        package let path: String
        /// `[outputs, inputs]`.
        package let shape: [Int]
        package let weightScale2: Float
        /// Nil when only weights are quantised.
        package let inputScale: Float?
        /// Sum of squared errors over sum of squares.
        package let relativeMse: Double
        package let worstBlock: WorstBlock
        /// Blocks whose scale rounds to zero and whose weights are lost; none since Model Optimizer 0.45.
        package let lostBlocks: Int
        /// The weight is zero everywhere.
        package let isZero: Bool
        /// Squared error of the layer's output on the calibration inputs over the squared output; nil for recipes that
        /// do not watch inputs.
        package let outputError: Double?
        /// awq-lite: the exponent chosen; nil where inputs are not scaled.
        package let alpha: Float?
    }

    package struct WorstBlock: Sendable, Codable {
        package let row: Int
        /// First of its sixteen inputs.
        package let input: Int
        /// Share of the block's own energy that was lost.
        package let relativeError: Float
    }

    package struct Kept: Sendable, Codable {
        package let path: String
        package let format: String
    }

    package struct Inputs: Sendable, Codable {
        package let source: String
        package let samples: Int
        package let tokens: Int
    }

    package let producer: String
    package let recipe: String
    package let arithmetic: String
    package let compatVersion: String
    package let keyValueCache: String?
    /// Nil when activations are not quantised.
    package let calibration: Inputs?
    package let layers: [Layer]
    /// Over all quantised weights.
    package let relativeMse: Double
    /// Matrices that stay as they were.
    package let kept: [Kept]
    /// awq-lite: layers whose inputs could not be scaled.
    package let unscaled: [String]?
    /// Tensors of the source that are not part of the result.
    package let dropped: [String]
    package let sourceBytes: Int
    package let resultBytes: Int

    /// The layer that lost most, nil without layers.
    package var worstLayer: Layer? { layers.max { $0.relativeMse < $1.relativeMse } }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
