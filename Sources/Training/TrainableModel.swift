// A model over parameters in memory, and the way from its nodes back to their names. Knows nothing of losses.

package import Checkpoint
package import Compute
package import Model
import Numerics
import Synchronization

/// The network of a folder with its weights taken from `Parameters`.
package struct TrainableModel: Sendable {
    package let network: NemotronNanoVL
    /// The linear layers and embedding tables, whose matrices are parameters.
    package let weights: [Weight]
    private let nodes: [ObjectIdentifier]
    /// Checkpoint keys of the parameters, in their order.
    package let names: [String]
    private let alignCorners: Bool

    package init(
        _ folder: CheckpointFolder, _ parameters: Parameters, alignCorners: Bool = true
    ) throws(TrainingError) {
        let source = ParameterSource(folder, parameters)
        network = try source.network(alignCorners: alignCorners)
        self.alignCorners = alignCorners
        let made = source.made
        names = made.map(\.name)
        guard names == parameters.entries.map(\.name) else {
            throw .state(
                file: folder.url.lastPathComponent, found: "a model of \(names.count) parameters",
                expected: "the \(parameters.entries.count) parameters given")
        }
        let positions = network.vision?.encoder.positions
        nodes = made.map { made in
            made.name.hasSuffix(Self.positionTable) ? positions?.node ?? made.node : made.node
        }
        weights = made.compactMap(\.weight)
    }

    /// The one table that the model uses in another form than the file's: resampled to the tile's grid.
    private static let positionTable = "patch_generator.pos_embed"

    /// Nodes of the parameters whose names are wanted, for `Autodiff`.
    package func nodes(where isWanted: (_ name: String) -> Bool = { _ in true }) -> Set<ObjectIdentifier> {
        Set(zip(names, nodes).filter { isWanted($0.0) }.map(\.1))
    }

    /// The gradients of all parameters in their order; nil for one that the loss does not depend on.
    package func gradients(_ gradients: Gradients) -> [Tensor?] {
        zip(names, nodes).map { name, node in
            guard let gradient = gradients[node] else { return nil }
            guard name.hasSuffix(Self.positionTable), let encoder = network.vision?.encoder else { return gradient }
            let (grid, width) = (encoder.shape.positionGrid, encoder.shape.width)
            let table = PositionTable.tableGradient(
                of: gradient.array(), grid: grid, width: width, side: encoder.side, alignCorners: alignCorners)
            return Tensor(table, shape: [1, grid * grid, width])
        }
    }
}

/// Gives a model its tensors and remembers what it gave.
final class ParameterSource: WeightSource {
    struct Made: Sendable {
        let name: String
        let value: Tensor
        let weight: Weight?
        let isMatrix: Bool

        var node: ObjectIdentifier { weight.map { ObjectIdentifier($0) } ?? value.node }
    }

    private let folder: CheckpointFolder
    /// Nil for the folder's own.
    private let values: [String: Tensor]?
    private let record = Mutex<[Made]>([])

    init(_ folder: CheckpointFolder, _ parameters: Parameters? = nil) {
        self.folder = folder
        values = parameters.map { parameters in
            Dictionary(zip(parameters.entries.map(\.name), parameters.values)) { first, _ in first }
        }
    }

    var made: [Made] { record.withLock { $0 } }

    func network(alignCorners: Bool) throws(TrainingError) -> NemotronNanoVL {
        do throws(CheckpointError) {
            return try NemotronNanoVL(folder, weights: self, alignCorners: alignCorners)
        } catch {
            throw .checkpoint(error)
        }
    }

    // MARK: WeightSource

    var place: String { folder.place }

    func has(_ name: String) -> Bool { folder.has(name) }

    func linear(_ path: String, outputs: Int, inputs: Int, bias: Bool) throws(CheckpointError) -> Weight {
        let name = path + ".weight"
        let value = try value(name, [outputs, inputs])
        let vector = bias ? try self.value(path + ".bias", [outputs]) : nil
        let weight = Weight(name: path, parameter: value, bias: vector)
        record.withLock { record in
            record.append(Made(name: name, value: value, weight: weight, isMatrix: true))
            if let vector { record.append(Made(name: path + ".bias", value: vector, weight: nil, isMatrix: false)) }
        }
        return weight
    }

    func table(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let value = try value(name, shape)
        record.withLock { $0.append(Made(name: name, value: value, weight: nil, isMatrix: false)) }
        return value
    }

    private func value(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        guard let values else { return try folder.table(name, shape) }
        guard let value = values[name], value.shape == shape else {
            throw .tensor(
                name, file: "the parameters", found: values[name].map { "\($0.shape)" } ?? "no such parameter",
                expected: "\(shape)")
        }
        return value
    }
}
