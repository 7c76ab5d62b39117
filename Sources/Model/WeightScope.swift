// Weights by path: the path written in a model file is the path in the checkpoint. Knows nothing of layers.

package import Checkpoint
package import Compute
package import Numerics

/// Where a model's tensors come from: a checkpoint folder, or parameters in memory under a folder's names.
package protocol WeightSource: Sendable {
    /// What a message calls the source.
    var place: String { get }

    /// The linear layer at `path`: its `weight` (with its scales, whatever its format) and, when asked for, `bias`.
    func linear(_ path: String, outputs: Int, inputs: Int, bias: Bool) throws(CheckpointError) -> Weight

    /// A dense tensor of exactly `shape`, as float32.
    func table(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor

    func has(_ name: String) -> Bool
}

extension CheckpointFolder: WeightSource {
    package var place: String { url.lastPathComponent }

    package func linear(_ path: String, outputs: Int, inputs: Int, bias: Bool) throws(CheckpointError) -> Weight {
        Weight(
            name: path, outputs: outputs, inputs: inputs,
            format: try matrix(path, outputs: outputs, inputs: inputs),
            bias: bias ? try table(path + ".bias", [outputs]) : nil)
    }

    package func table(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        Tensor(try store.dense(name, shape: shape).floats() ?? [], shape: shape)
    }
}

/// A place in a checkpoint's tree of names. `scope / "self_attn"` is the child; a missing tensor's error prints the path.
package struct WeightScope: Sendable {
    let source: any WeightSource
    let path: String

    package init(_ source: any WeightSource, path: String = "") {
        self.source = source
        self.path = path
    }

    package static func / (scope: WeightScope, child: String) -> WeightScope {
        WeightScope(scope.source, path: scope.path.isEmpty ? child : scope.path + "." + child)
    }

    /// A linear layer's `weight` (with its scales, whatever its format) and, when asked for, `bias`.
    package func linear(outputs: Int, inputs: Int, bias: Bool = false) throws(CheckpointError) -> Weight {
        try source.linear(path, outputs: outputs, inputs: inputs, bias: bias)
    }

    /// `[count]` widened to float32.
    package func vector(_ name: String, count: Int) throws(CheckpointError) -> Tensor { try table(name, [count]) }

    /// A dense tensor of exactly `shape`, widened to float32.
    package func table(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        try source.table((self / name).path, shape)
    }

    package func has(_ name: String) -> Bool { source.has((self / name).path) }
}
