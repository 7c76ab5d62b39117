// Weights by path: the path written in a model file is the path in the checkpoint. Knows nothing of layers.

package import Checkpoint
package import Compute
package import Numerics

/// A place in a checkpoint's tree of names. `scope / "self_attn"` is the child; a missing tensor's error prints the path.
package struct WeightScope: Sendable {
    let folder: CheckpointFolder
    let path: String

    package init(_ folder: CheckpointFolder, path: String = "") {
        self.folder = folder
        self.path = path
    }

    package static func / (scope: WeightScope, child: String) -> WeightScope {
        WeightScope(scope.folder, path: scope.path.isEmpty ? child : scope.path + "." + child)
    }

    /// A linear layer's `weight` (with its scales, whatever its format) and, when asked for, `bias`.
    package func linear(outputs: Int, inputs: Int, bias: Bool = false) throws(CheckpointError) -> Weight {
        Weight(
            name: path, outputs: outputs, inputs: inputs,
            format: try folder.matrix(path, outputs: outputs, inputs: inputs),
            bias: bias ? try vector("bias", count: outputs) : nil)
    }

    /// `[count]` widened to float32.
    package func vector(_ name: String, count: Int) throws(CheckpointError) -> Tensor { try table(name, [count]) }

    /// A dense tensor of exactly `shape`, widened to float32.
    package func table(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let view = try folder.store.dense((self / name).path, shape: shape)
        return Tensor(view.floats() ?? [], shape: shape)
    }

    package func has(_ name: String) -> Bool { folder.has((self / name).path) }
}
