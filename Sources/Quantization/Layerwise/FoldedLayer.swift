// awq-lite on one decoder layer: which weights are searched together, and where their scales go. Knows the layer's parts,
// not how a scale is found.

import Checkpoint
import Compute
import Model

/// The scales of a decoder layer's weights and norms, under which it computes what it did before.
///
/// Layers that read the same input want scales of their own; they get the mean of what they want the input multiplied by,
/// as Model Optimizer's exporter does.
struct FoldedLayer {
    /// By layer of the plan: what rows and columns are multiplied by.
    private(set) var rows: [Int: [Float]] = [:]
    private(set) var columns: [Int: [Float]] = [:]
    /// bf16, by name.
    private(set) var norms: [String: TensorView] = [:]
    /// By layer of the plan; absent where inputs are not scaled.
    private(set) var alphas: [Int: Float] = [:]
    /// Squared error of a layer's output over its square, by layer of the plan.
    private(set) var errors: [Int: Double] = [:]
    private(set) var unscaled: [String] = []

    /// Where the scales of a group's inputs go.
    private enum Target {
        case norm(String, Tensor)
        /// The rows of the weight whose output is the input.
        case rows(String)
        /// Several heads read one row: no row can be scaled for all.
        case nowhere

        var exists: Bool { if case .nowhere = self { false } else { true } }
    }

    /// - Parameters:
    ///   - own: the layers of the plan that are part of the decoder layer.
    ///   - prefix: what precedes their names.
    ///   - largest: largest magnitude of the weights of each group.
    init(
        _ own: [Int], of plan: QuantizationPlan, prefix: String, layer: LlamaLayer, shape: LlamaShape,
        inputs: WatchedInputs, largest: [Float], _ awq: AWQLite
    ) throws(ComputeError) {
        let places = Dictionary(
            uniqueKeysWithValues: own.map { (String(plan.layers[$0].path.dropFirst(prefix.count)), $0) })
        let parts: [([String], Target)] = [
            (
                ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
                .norm("input_layernorm.weight", layer.inputNorm)
            ),
            (["self_attn.o_proj"], shape.heads == shape.keyValueHeads ? .rows("self_attn.v_proj") : .nowhere),
            (["mlp.gate_proj", "mlp.up_proj"], .norm("post_attention_layernorm.weight", layer.postNorm)),
            (["mlp.down_proj"], .rows("mlp.up_proj")),
        ]
        for (names, target) in parts {
            let members = names.compactMap { places[$0] }
            guard let group = members.first.map({ plan.layers[$0].group }), let seen = inputs.takeRows(of: group) else {
                continue
            }
            var scales = [Float](repeating: 1, count: seen.means.count)
            // Weights of zeros have no error to make smaller.
            if target.exists, largest[group] > 0 {
                var wanted: [[Float]] = []
                for member in members {
                    let choice = try awq.search(
                        plan.layers[member].weight, rows: seen.rows, meanMagnitudes: seen.means)
                    alphas[member] = choice.alpha
                    wanted.append(choice.scales)
                }
                let unified = FoldedNorm.unified(wanted)
                switch target {
                case .norm(let name, let norm):
                    let folded = FoldedNorm(norm, inputScales: unified)
                    norms[prefix + name] = folded.weight
                    scales = folded.columnScales
                case .rows(let name):
                    if let before = places[name] { rows[before] = unified }
                    scales = unified.map { 1 / $0 }
                case .nowhere: break
                }
            } else if !target.exists {
                unscaled += members.map { plan.layers[$0].path }
            }
            for member in members {
                columns[member] = scales
                let weight = plan.layers[member].weight
                let energy = try awq.outputError(of: weight, scales: nil, rows: seen.rows)
                let error = try awq.outputError(of: weight, scales: scales, rows: seen.rows)
                errors[member] = energy > 0 ? error / energy : 0
            }
        }
    }

    /// A layer's weight under its scales, in float32.
    func weight(_ place: Int, of plan: QuantizationPlan) -> TensorView {
        plan.layers[place].weight.scaled(rows: rows[place], columns: columns[place])
    }
}
