// What can keep a checkpoint from being quantised, said for a person.

package enum QuantizationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A weight holds a NaN or an infinity.
    case notFinite(tensor: String, file: String, value: String, row: Int, column: Int)
    /// A weight whose rows are not whole blocks.
    case inputs(tensor: String, file: String, inputs: Int)
    /// A weight is already stored in few bits.
    case quantized(tensor: String, file: String, format: String)
    /// Not the version of a Model Optimizer release.
    case version(String)
    /// The destination cannot be written.
    case destination(String, reason: String)
    /// Calibration gave nothing to work with.
    case calibration(String)
    /// The recipe decides by what goes into the layers.
    case needsCalibration(Recipe)

    /// Whether the source checkpoint is at fault, rather than what was asked for.
    package var isFaultOfModel: Bool {
        switch self {
        case .notFinite, .inputs, .quantized: true
        case .version, .destination, .calibration, .needsCalibration: false
        }
    }

    package var description: String {
        switch self {
        case .notFinite(let tensor, let file, let value, let row, let column):
            "\(file): tensor '\(tensor)': found \(value) at row \(row), column \(column); expected finite weights"
        case .inputs(let tensor, let file, let inputs):
            "\(file): tensor '\(tensor)': found \(inputs) inputs; expected a multiple of 16, the block size of NVFP4"
        case .quantized(let tensor, let file, let format):
            "\(file): tensor '\(tensor)': found \(format); expected BF16, F16 or F32: quantise the original checkpoint"
        case .version(let text):
            "--compat-version \(text): expected a Model Optimizer release such as 0.37.0"
        case .destination(let path, let reason): "\(path): cannot write: \(reason)"
        case .calibration(let reason): "calibration: \(reason)"
        case .needsCalibration(let recipe):
            "recipe \(recipe.rawValue) weighs errors by what goes into the layers; give it prompts with --calibration"
        }
    }
}
