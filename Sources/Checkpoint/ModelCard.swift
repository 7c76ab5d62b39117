// What a folder is, in figures, for `monocle inspect`. Data only: prints nothing.

import Foundation
import Numerics

/// The model card of a checkpoint folder, from headers, scalars and JSON.
package struct ModelCard: Sendable, Encodable {
    package struct Extremes: Sendable, Hashable, Encodable {
        package let smallest: Float
        package let largest: Float

        package init(smallest: Float, largest: Float) {
            self.smallest = smallest
            self.largest = largest
        }
    }

    package struct PartSize: Sendable, Encodable {
        package let part: Layout.Part
        /// Weights as the model has them: a packed byte counts as two, scales as none.
        package let parameters: Int
        /// Bytes in the files, scales included.
        package let bytes: Int
    }

    package struct LayerFormat: Sendable, Encodable {
        /// Path without prefix and layer number, such as `self_attn.q_proj`.
        package let kind: String
        package let format: String
        package let count: Int
    }

    package struct FileSize: Sendable, Encodable {
        package let name: String
        package let bytes: Int
    }

    package struct Tiles: Sendable, Encodable {
        /// Side of a tile in pixels.
        package let side: Int
        package let most: Int
        package let thumbnail: Bool
        package let tokensPerTile: Int
        /// Tokens of a picture cut into the most tiles, the thumbnail and the two image tags included.
        package let mostTokens: Int
    }

    package struct Quantization: Sendable, Encodable {
        package let declaredIn: String?
        package let algorithm: String?
        package let producer: String?
        package let quantizedLayers: Int
        package let denseLayers: Int
        package let excluded: [String]
        package let globalScales: Extremes?
        package let inputScales: Extremes?
        /// All of q/k/v, and all of gate/up, share their scales; nil when none has any.
        package let unified: Bool?
        /// Declared type of the key-value cache, nil for the model's own.
        package let keyValueCache: String?
        package let hasKeyValueScales: Bool
    }

    package let folder: String
    package let architecture: String
    /// The weights were drawn at random by `monocle synth`.
    package let isSynthetic: Bool
    package let parameters: Int
    package let bytes: Int
    package let files: [FileSize]
    package let parts: [PartSize]
    package let formats: [LayerFormat]
    package let quantization: Quantization
    package let language: LlamaShape
    package let vision: VisionShape?
    package let projector: ProjectorShape?
    package let tiles: Tiles?
    /// Longest context the files allow, and the one used unless asked otherwise, in tokens.
    package let maxContext: Int
    package let defaultContext: Int
    package let endTokens: [Int]
    package let tokenizerIDs: Int
    package let tokenizerBytes: Int
    package let warnings: [String]

    package init(of folder: CheckpointFolder) {
        let tally = Tally(folder)
        self.folder = folder.url.path(percentEncoded: false)
        architecture = folder.configuration.architecture.rawValue
        isSynthetic = folder.configuration.isSynthetic
        parts = Layout.Part.allCases.compactMap { part in
            tally.sizes[part].map { PartSize(part: part, parameters: $0.parameters, bytes: $0.bytes) }
        }
        parameters = parts.reduce(0) { $0 + $1.parameters }
        files = folder.store.files.map {
            FileSize(name: URL(filePath: $0.path).lastPathComponent, bytes: $0.mapping.byteCount)
        }
        bytes = files.reduce(0) { $0 + $1.bytes }
        formats = tally.formats
        quantization = Quantization(
            declaredIn: folder.manifest?.file, algorithm: folder.manifest?.algorithm.rawValue,
            producer: folder.manifest?.producer, quantizedLayers: tally.quantized, denseLayers: tally.dense,
            excluded: folder.manifest?.excluded ?? [], globalScales: tally.globalScales.extremes,
            inputScales: tally.inputScales.extremes,
            unified: tally.quantized == 0 ? nil : tally.isUnified, keyValueCache: folder.manifest?.keyValueCache,
            hasKeyValueScales: ((try? folder.keyValueScales(layer: 0)) ?? nil) != nil)
        language = folder.language
        vision = folder.vision
        projector = folder.projector
        tiles = folder.configuration.vision.map { vision in
            let tiles = vision.maxTiles + (vision.usesThumbnail && vision.maxTiles > 1 ? 1 : 0)
            return Tiles(
                side: vision.tileSize, most: vision.maxTiles, thumbnail: vision.usesThumbnail,
                tokensPerTile: vision.tokensPerTile, mostTokens: tiles * vision.tokensPerTile + 2)
        }
        maxContext = folder.configuration.language.maxPositions
        defaultContext = min(maxContext, ModelConfiguration.statedContext)
        endTokens = folder.configuration.endTokens
        tokenizerIDs = folder.tokenizer.highestID + 1
        tokenizerBytes = folder.tokenizer.byteCount
        warnings = folder.warnings
    }
}

/// Sums over the layout of a folder.
private struct Tally {
    struct Scales {
        var values: [Float] = []
        var extremes: ModelCard.Extremes? {
            guard let smallest = values.min(), let largest = values.max() else { return nil }
            return ModelCard.Extremes(smallest: smallest, largest: largest)
        }
    }

    var sizes: [Layout.Part: (parameters: Int, bytes: Int)] = [:]
    var formats: [ModelCard.LayerFormat] = []
    var quantized = 0
    var dense = 0
    var globalScales = Scales()
    var inputScales = Scales()
    var isUnified = true

    init(_ folder: CheckpointFolder) {
        var counts: [String: [String: Int]] = [:]
        var order: [String] = []
        /// Scales of layers that share an input, by block and group.
        var groups: [String: Set<Float>] = [:]
        for entry in folder.layout.entries {
            let names = folder.store.tensors(of: entry)
            let bytes = names.reduce(0) { $0 + ((try? folder.tensor($1))?.bytes.count ?? 0) }
            let parameters: Int
            switch entry.kind {
            case .dense(let shape): parameters = shape.count
            case .linear(let outputs, let inputs, let bias, let quantizable):
                parameters = outputs * inputs + (bias ? outputs : 0)
                guard let matrix = try? folder.matrix(entry.path, outputs: outputs, inputs: inputs) else { break }
                let kind = Self.kind(entry.path, folder)
                if counts[kind] == nil { order.append(kind) }
                counts[kind, default: [:]][matrix.formatName, default: 0] += 1
                guard quantizable else { break }
                switch matrix {
                case .dense: dense += 1
                case .fp8(_, let scale, let input):
                    quantized += 1
                    globalScales.values.append(scale)
                    if let input { inputScales.values.append(input) }
                case .nvfp4(_, _, let scale, let input):
                    quantized += 1
                    globalScales.values.append(scale)
                    if let input { inputScales.values.append(input) }
                    if let group = Self.group(entry.path) {
                        groups[group + " weights", default: []].insert(scale)
                        if let input { groups[group + " inputs", default: []].insert(input) }
                    }
                }
            }
            let sum = sizes[entry.part] ?? (0, 0)
            sizes[entry.part] = (sum.parameters + parameters, sum.bytes + bytes)
        }
        isUnified = groups.values.allSatisfy { $0.count == 1 }
        formats = order.flatMap { kind in
            (counts[kind] ?? [:]).sorted { $0.key < $1.key }.map {
                ModelCard.LayerFormat(kind: kind, format: $0.key, count: $0.value)
            }
        }
    }

    /// The path without prefix and number: `language_model.model.layers.3.mlp.up_proj` becomes `mlp.up_proj`.
    private static func kind(_ path: String, _ folder: CheckpointFolder) -> String {
        for stem in [folder.languagePrefix + "model.layers.", Layout.visionPrefix + "model.blocks."]
        where path.hasPrefix(stem) {
            let tail = path.dropFirst(stem.count).drop { $0 != "." }.dropFirst()
            return stem.hasPrefix("vision") ? "vision \(tail)" : String(tail)
        }
        if path.hasPrefix(Layout.visionPrefix) { return "vision \(path.dropFirst(Layout.visionPrefix.count))" }
        return path.hasPrefix(folder.languagePrefix) ? String(path.dropFirst(folder.languagePrefix.count)) : path
    }

    /// Names the set of layers that read the same input, nil for a layer that is alone.
    private static func group(_ path: String) -> String? {
        let parts = path.split(separator: ".")
        let block = parts.dropLast().joined(separator: ".")
        return switch parts.last {
        case "q_proj", "k_proj", "v_proj", "gate_proj", "up_proj": block
        default: nil
        }
    }
}
