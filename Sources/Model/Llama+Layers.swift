// The decoder one layer at a time, for work that changes weights between two layers. Knows no weights of its own.

package import Checkpoint
package import Compute

extension Llama {
    package func layer(_ index: Int) -> LlamaLayer { layers[index] }

    /// The layer whose tensors stand under `scope`: `model.layers.{i}`, from any source.
    package func layer(from scope: WeightScope) throws(CheckpointError) -> LlamaLayer {
        try LlamaLayer(scope, shape: shape)
    }

    /// Runs one layer over the rows of `step`, its keys and values going to the one layer of `pages`.
    /// - Parameter x: `[rows, hidden]`, what the layer before gave.
    package func run(
        _ layer: LlamaLayer, _ x: Tensor, _ step: Step, pages: KVPages, on backend: any Backend
    ) throws(ComputeError) -> Tensor {
        try layer.run(
            x,
            LayerRun(
                index: 0, step: step, pages: pages, shape: shape, normEpsilon: normEpsilon,
                frequencies: frequencies.values, trace: nil), on: backend)
    }
}
