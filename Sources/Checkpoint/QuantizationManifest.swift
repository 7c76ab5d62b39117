// What a folder declares about its quantisation. Knows the two spellings of NVIDIA Model Optimizer (ModelOpt) and that
// of compressed-tensors; does not look at tensors, whose own types decide how a layer is read.

package import Foundation

/// The declared quantisation of a folder, to be compared with its tensors.
package struct QuantizationManifest: Sendable {
    package enum Algorithm: String, Sendable, CaseIterable {
        case nvfp4 = "NVFP4"
        /// Weights only: activations stay as they are.
        case weightOnlyNVFP4 = "W4A16_NVFP4"
        case fp8 = "FP8"
        /// Every layer names its own.
        case mixed = "MIXED_PRECISION"
    }

    package enum Dialect: String, Sendable {
        case modelOpt = "modelopt"
        case compressedTensors = "compressed-tensors"
    }

    /// The file the declaration was read from.
    package let file: String
    package let dialect: Dialect
    package let algorithm: Algorithm
    /// Layers with an algorithm of their own, only under `MIXED_PRECISION`.
    package let layerAlgorithms: [String: Algorithm]
    /// Modules that stay as they are, as written.
    package let excluded: [String]
    /// Declared type of the key-value cache: `FP8`, another name, or nil.
    package let keyValueCache: String?
    package let producer: String?
    package let warnings: [String]

    /// Reads `quantization_config` of config.json, or else hf_quant_config.json.
    /// - Returns: nil when the folder declares no quantisation.
    package static func read(_ root: ConfigurationObject, folder: URL) throws(CheckpointError) -> QuantizationManifest?
    {
        let legacy = try ModelConfiguration.optional(folder, "hf_quant_config.json")
        let fromLegacy: QuantizationManifest? =
            if let legacy { try QuantizationManifest(legacy: legacy) } else { nil }
        guard let embedded = try root.object("quantization_config") else { return fromLegacy }
        var manifest = try QuantizationManifest(embedded: embedded)
        if let fromLegacy { manifest = manifest.compared(with: fromLegacy) }
        return manifest
    }

    private init(
        file: String, dialect: Dialect, algorithm: Algorithm, layerAlgorithms: [String: Algorithm] = [:],
        excluded: [String], keyValueCache: String?, producer: String?, warnings: [String] = []
    ) {
        self.file = file
        self.dialect = dialect
        self.algorithm = algorithm
        self.layerAlgorithms = layerAlgorithms
        self.excluded = excluded
        self.keyValueCache = keyValueCache
        self.producer = producer
        self.warnings = warnings
        self.rules = excluded.map(Rule.init)
    }

    private func compared(with legacy: QuantizationManifest) -> QuantizationManifest {
        var differences: [String] = []
        func compare(_ key: String, _ mine: String, _ theirs: String) {
            if mine != theirs {
                differences.append("\(file) says \(key) \(mine), \(legacy.file) says \(theirs); the former is used")
            }
        }
        compare("quant_algo", algorithm.rawValue, legacy.algorithm.rawValue)
        compare("KV cache", keyValueCache ?? "none", legacy.keyValueCache ?? "none")
        compare("excluded modules", "\(excluded.sorted())", "\(legacy.excluded.sorted())")
        return QuantizationManifest(
            file: file, dialect: dialect, algorithm: algorithm, layerAlgorithms: layerAlgorithms, excluded: excluded,
            keyValueCache: keyValueCache, producer: producer ?? legacy.producer,
            warnings: warnings + legacy.warnings.filter { !warnings.contains($0) } + differences)
    }

    // MARK: ModelOpt

    /// hf_quant_config.json: everything under `quantization`.
    private init(legacy root: ConfigurationObject) throws(CheckpointError) {
        let object = try root.requiredObject("quantization")
        let (algorithm, layers) = try Self.algorithms(object)
        self.init(
            file: root.file, dialect: .modelOpt, algorithm: algorithm, layerAlgorithms: layers,
            excluded: try object.strings("exclude_modules") ?? [],
            keyValueCache: try object.string("kv_cache_quant_algo"), producer: try Self.producer(root))
    }

    private init(embedded object: ConfigurationObject) throws(CheckpointError) {
        let method = try object.requiredString("quant_method", expected: "'modelopt' or 'compressed-tensors'")
        switch method {
        // vLLM also answers to the two narrower names.
        case "modelopt", "modelopt_fp4", "modelopt_fp8":
            let (algorithm, layers) = try Self.algorithms(object)
            let scheme = try object.object("kv_cache_scheme").map(Self.cacheName)
                .or(try object.string("kv_cache_quant_algo"))
            self.init(
                file: object.file, dialect: .modelOpt, algorithm: algorithm, layerAlgorithms: layers,
                excluded: try object.strings("ignore").or(try object.strings("exclude_modules")) ?? [],
                keyValueCache: scheme, producer: try Self.producer(object))
        case "compressed-tensors":
            try self.init(compressedTensors: object)
        default:
            throw object.fault("quant_method", found: "'\(method)'", expected: "'modelopt' or 'compressed-tensors'")
        }
    }

    private static func algorithms(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> (Algorithm, [String: Algorithm]) {
        let declared = try algorithm(object)
        if declared == .mixed {
            let layers = try object.requiredObject("quantized_layers")
            var result: [String: Algorithm] = [:]
            for name in layers.members.keys.sorted() {
                guard let layer = try layers.object(name) else { continue }
                result[name] = try algorithm(layer)
            }
            return (declared, result)
        }
        guard declared == .nvfp4, let groups = try object.object("config_groups") else { return (declared, [:]) }
        // Groups without activations quantise weights only.
        var quantizesInputs = groups.members.isEmpty
        for name in groups.members.keys.sorted() {
            guard let group = try groups.object(name) else { continue }
            try checkGroupSize(group.object("weights"))
            if try group.object("input_activations") != nil { quantizesInputs = true }
        }
        return (quantizesInputs ? .nvfp4 : .weightOnlyNVFP4, [:])
    }

    private static func algorithm(_ object: ConfigurationObject) throws(CheckpointError) -> Algorithm {
        let expected = "one of " + Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
        let spelled = try object.requiredString("quant_algo", expected: expected)
        guard let algorithm = Algorithm(rawValue: spelled.uppercased()) else {
            throw object.fault("quant_algo", found: "'\(spelled)'", expected: expected)
        }
        if algorithm == .nvfp4 || algorithm == .weightOnlyNVFP4 { try checkGroupSize(object) }
        return algorithm
    }

    private static func checkGroupSize(_ object: ConfigurationObject?) throws(CheckpointError) {
        guard let object, let size = try object.integer("group_size", in: 1...(1 << 24)), size != 16 else { return }
        throw object.fault("group_size", found: "\(size)", expected: "16")
    }

    private static func producer(_ object: ConfigurationObject) throws(CheckpointError) -> String? {
        guard let producer = try object.object("producer") else { return nil }
        let parts = [try producer.string("name"), try producer.string("version")].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    /// `FP8` for eight-bit floats, otherwise the scheme in words.
    private static func cacheName(_ scheme: ConfigurationObject) throws(CheckpointError) -> String {
        let bits = try scheme.requiredInteger("num_bits", in: 1...64)
        let type = try scheme.string("type") ?? "float"
        return bits == 8 && type == "float" ? "FP8" : "\(bits)-bit \(type)"
    }

    // MARK: compressed-tensors

    private init(compressedTensors object: ConfigurationObject) throws(CheckpointError) {
        let known = ["nvfp4-pack-quantized": Algorithm.nvfp4, "float-quantized": .fp8]
        let expected = "one of " + known.keys.sorted().joined(separator: ", ")
        let format = try object.requiredString("format", expected: expected)
        guard var algorithm = known[format] else {
            throw object.fault("format", found: "'\(format)'", expected: expected)
        }
        let groups = try object.requiredObject("config_groups")
        var quantizesInputs = false
        for name in groups.members.keys.sorted() {
            guard let group = try groups.object(name) else { continue }
            let weights = try group.requiredObject("weights")
            let bits = try weights.requiredInteger("num_bits", in: 1...64)
            guard bits == (algorithm == .fp8 ? 8 : 4), try weights.string("type") ?? "float" == "float" else {
                throw weights.fault(
                    "num_bits", found: "\(bits)", expected: algorithm == .fp8 ? "8-bit floats" : "4-bit floats")
            }
            if algorithm == .nvfp4 { try Self.checkGroupSize(weights) }
            if algorithm == .fp8, let strategy = try weights.string("strategy"), strategy != "tensor" {
                throw weights.fault(
                    "strategy", found: "'\(strategy)'", expected: "'tensor', one scale for a whole weight")
            }
            if try group.object("input_activations") != nil { quantizesInputs = true }
        }
        if algorithm == .nvfp4 && !quantizesInputs { algorithm = .weightOnlyNVFP4 }
        let version = try object.string("version").map { " " + $0 } ?? ""
        let excluded = try object.strings("ignore") ?? []
        let unread = excluded.filter { if case .unread = Rule($0) { true } else { false } }
        self.init(
            file: object.file, dialect: .compressedTensors, algorithm: algorithm, excluded: excluded,
            keyValueCache: try object.object("kv_cache_scheme").map(Self.cacheName),
            producer: Dialect.compressedTensors.rawValue + version,
            warnings: unread.map { "\(object.file): the expression '\($0)' under 'ignore' is too rich to be checked" })
    }

    // MARK: Exclusion

    /// One entry of the exclude list, ready to match.
    private enum Rule: Sendable {
        case name(String, wildcards: [NamePattern])
        case expression(NamePattern)
        case unread

        init(_ entry: String) {
            guard !entry.hasPrefix("re:") else {
                self = NamePattern(simpleExpression: String(entry.dropFirst(3))).map(Rule.expression) ?? .unread
                return
            }
            // vLLM splits `x*` into `x` and `x.*`, so that `mlp1*` does not catch a module called `mlp10`.
            var patterns = [entry]
            if entry.hasSuffix("*"), !entry.hasSuffix(".*") {
                let stem = String(entry.dropLast())
                patterns = [stem, stem + ".*"]
            }
            self = .name(entry, wildcards: patterns.map(NamePattern.init(wildcard:)))
        }

        func matches(_ layer: String) -> Bool {
            switch self {
            case .name(let entry, let wildcards):
                entry == layer || (!entry.isEmpty && layer.contains(entry)) || wildcards.contains { $0.matches(layer) }
            case .expression(let pattern): pattern.matches(layer)
            case .unread: false
            }
        }
    }

    private let rules: [Rule]

    /// Whether the declaration leaves `layer` (the checkpoint key without `.weight`) as it is. vLLM's rules: exact
    /// name, substring (also without the leading `language_model.`), wildcard; the vision tower always.
    package func excludes(_ layer: String) -> Bool {
        for tower in ["vision_tower", "vision_model", "vit_large_projector"] where layer.contains(tower) { return true }
        let prefix = "language_model."
        let bare = layer.hasPrefix(prefix) ? String(layer.dropFirst(prefix.count)) : nil
        return rules.contains { rule in rule.matches(layer) || bare.map(rule.matches) == true }
    }

    /// The declared algorithm of a linear layer; nil when it is excluded.
    package func algorithm(of layer: String) -> Algorithm? {
        if algorithm == .mixed { return layerAlgorithms[layer] }
        return excludes(layer) ? nil : algorithm
    }
}
