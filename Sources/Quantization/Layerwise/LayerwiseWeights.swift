// The weights of recipes that go through the model layer by layer, until they are written. Knows no arithmetic.

import Checkpoint
import Compute
import Model
import Numerics

/// What such a recipe made of a checkpoint.
struct LayerwiseWeights {
    struct Matrix {
        let packed: TensorView
        let blockScales: TensorView
        let loss: WeightQuantizer.Loss
        /// Squared error of the layer's output on the calibration inputs over the squared output.
        let outputError: Double
        /// awq-lite: the exponent of the layer's scales; nil where inputs are not scaled.
        let alpha: Float?
    }

    /// By layer of the plan.
    var matrices: [Int: Matrix] = [:]
    /// By group of the plan.
    var scales: [Int: GroupScales] = [:]
    /// Norm weights that took up scales, bf16, by name.
    var norms: [String: TensorView] = [:]
    /// Layers whose inputs no weight before them could scale.
    var unscaled: [String] = []
}

/// A layer of the decoder with the weights made for it.
struct FinishedLayer: WeightSource {
    let folder: CheckpointFolder
    let matrices: [String: StoredMatrix]
    let norms: [String: TensorView]

    var place: String { folder.place }

    func linear(_ path: String, outputs: Int, inputs: Int, bias: Bool) throws(CheckpointError) -> Weight {
        guard let format = matrices[path] else {
            return try folder.linear(path, outputs: outputs, inputs: inputs, bias: bias)
        }
        return Weight(name: path, outputs: outputs, inputs: inputs, format: format)
    }

    func table(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        guard let values = norms[name]?.floats() else { return try folder.table(name, shape) }
        return Tensor(values, shape: shape)
    }

    func has(_ name: String) -> Bool { folder.has(name) }
}
