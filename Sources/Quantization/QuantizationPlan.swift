// Which weights of a checkpoint become NVFP4, which share scales, which stay. Knows names and headers, not values.

package import Checkpoint
import Numerics

/// The linear layers of the decoder, in groups that share their scales.
package struct QuantizationPlan: Sendable {
    package struct Layer: Sendable {
        /// The checkpoint key without `.weight`.
        package let path: String
        package let weight: TensorView
        /// Place in `groups`.
        package let group: Int
    }

    package let layers: [Layer]
    /// Paths of the layers that read the same input: q, k and v; gate and up; every other layer alone.
    package let groups: [[String]]
    /// Matrices that stay as they are.
    package let kept: [Kept]
    /// As the exported folder declares it.
    package let excludedModules: [String]

    package struct Kept: Sendable, Hashable {
        package let path: String
        package let format: String
    }

    /// - Throws: `QuantizationError` for a decoder that is quantised already or whose inputs are not whole blocks.
    package init(_ folder: CheckpointFolder) throws {
        var layers: [Layer] = []
        var groups: [[String]] = []
        var places: [String: Int] = [:]
        var kept: [Kept] = []
        for entry in folder.layout.entries {
            guard case .linear(let outputs, let inputs, _, let quantizable) = entry.kind else { continue }
            let stored = try folder.matrix(entry.path, outputs: outputs, inputs: inputs)
            guard quantizable, entry.part == .decoder else {
                kept.append(Kept(path: entry.path, format: stored.formatName))
                continue
            }
            let name = entry.path + ".weight"
            guard case .dense(let weight) = stored else {
                throw QuantizationError.quantized(
                    tensor: name, file: folder.store.file(of: name), format: stored.formatName)
            }
            guard inputs % NVFP4.blockSize == 0 else {
                throw QuantizationError.inputs(tensor: name, file: folder.store.file(of: name), inputs: inputs)
            }
            let key = Self.groupKey(entry.path)
            let group = places[key] ?? groups.count
            if group == groups.count { groups.append([]) }
            places[key] = group
            groups[group].append(entry.path)
            layers.append(Layer(path: entry.path, weight: weight, group: group))
        }
        self.layers = layers
        self.groups = groups
        self.kept = kept
        let vision = folder.vision == nil ? [] : ["mlp1*", "vision_model*"]
        excludedModules = [folder.languagePrefix + "lm_head"] + vision
    }

    /// The same for layers that read the same activations and are run as one by serving engines.
    private static func groupKey(_ path: String) -> String {
        let parts = path.split(separator: ".")
        let parent = parts.dropLast().joined(separator: ".")
        return switch parts.last {
        case "q_proj", "k_proj", "v_proj": parent + ".qkv"
        case "gate_proj", "up_proj": parent + ".gate_up"
        default: path
        }
    }
}
