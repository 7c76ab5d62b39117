// Compares the tensors of a folder with its layout and its declarations.

import Numerics

/// One pass over the names of a store: everything required is there and sound, nothing unknown is, and the declared
/// quantisation is what the tensors show.
struct LayoutCheck {
    let store: TensorStore
    let layout: Layout
    let manifest: QuantizationManifest?
    let configuration: ModelConfiguration
    let language: LlamaShape
    let vision: VisionShape?
    private(set) var warnings: [String] = []
    /// Everything wrong, in the order found.
    private(set) var faults: [CheckpointError] = []

    init(
        store: TensorStore, layout: Layout, manifest: QuantizationManifest?, configuration: ModelConfiguration,
        language: LlamaShape, vision: VisionShape?
    ) {
        self.store = store
        self.layout = layout
        self.manifest = manifest
        self.configuration = configuration
        self.language = language
        self.vision = vision
    }

    mutating func run() {
        checkNames()
        checkEntries()
        checkScales()
        checkDeclarations()
    }

    /// The value of `body`, or nil and one fault more.
    private mutating func attempt<Value>(_ body: (TensorStore) throws(CheckpointError) -> Value?) -> Value? {
        do throws(CheckpointError) {
            return try body(store)
        } catch {
            faults.append(error)
            return nil
        }
    }

    // MARK: Names

    private mutating func checkNames() {
        var known: Set<String> = []
        for entry in layout.entries {
            switch entry.kind {
            case .dense: known.insert(entry.path)
            case .linear(_, _, let bias, let quantizable):
                if bias { known.insert(entry.path + ".bias") }
                known.insert(entry.path + ".weight")
                if quantizable { known.formUnion(TensorStore.linearSuffixes.map { entry.path + "." + $0 }) }
            }
        }
        for layer in 0..<language.layers {
            let attention = layout.languagePrefix + "model.layers.\(layer).self_attn."
            known.formUnion(
                ["k_proj.k_scale", "v_proj.v_scale", "k_scale", "v_scale", "kv_scale"].map { attention + $0 })
        }
        for name in store.names where !known.contains(name) && !isIgnored(name) {
            faults.append(unknown(name))
        }
    }

    /// Tensors that occur in exports and mean nothing here.
    private func isIgnored(_ name: String) -> Bool {
        if name.hasSuffix("rotary_emb.inv_freq") { return true }
        if language.tiesEmbeddings, name == layout.languagePrefix + "lm_head.weight" { return true }
        guard vision != nil, name.hasPrefix(Layout.visionPrefix) else { return false }
        let inner = name.dropFirst(Layout.visionPrefix.count)
        return inner == "summary_idxs" || inner.hasPrefix("input_conditioner.norm_mean")
            || inner.hasPrefix("input_conditioner.norm_std") || inner.hasPrefix("inter_feature_normalizer.")
    }

    private func unknown(_ name: String) -> CheckpointError {
        if name.contains("_quantizer") || name.hasSuffix("_amax") {
            return store.fault(
                name, found: "a quantiser's state", expected: "an exported checkpoint (ModelOpt's export_hf_checkpoint)"
            )
        }
        let kind = name.hasPrefix("vision_model.") ? "vision" : name.hasPrefix("mlp1.") ? "projector" : "language"
        let sizes = "with \(language.layers) decoder layers" + (vision.map { " and \($0.depth) encoder blocks" } ?? "")
        return store.fault(
            name, found: "an unknown \(kind) tensor",
            expected: "only tensors of a \(configuration.architecture.rawValue) \(sizes)")
    }

    // MARK: Tensors

    private mutating func checkEntries() {
        var dense: [String] = []
        var undeclared: [String: [String]] = [:]
        for entry in layout.entries {
            switch entry.kind {
            case .dense(let shape):
                _ = attempt { (store) throws(CheckpointError) in try store.dense(entry.path, shape: shape) }
            case .linear(let outputs, let inputs, let bias, false):
                _ = attempt { (store) throws(CheckpointError) in
                    try store.dense(entry.path + ".weight", shape: [outputs, inputs])
                }
                guard bias else { continue }
                _ = attempt { (store) throws(CheckpointError) in try store.dense(entry.path + ".bias", shape: [outputs])
                }
            case .linear(let outputs, let inputs, _, true):
                let stored = attempt { (store) throws(CheckpointError) in
                    try store.matrix(entry.path, outputs: outputs, inputs: inputs)
                }
                guard let matrix = stored else { continue }
                let declared = manifest?.algorithm(of: entry.path)
                switch (matrix, declared) {
                case (.dense, nil), (.fp8, .fp8), (.nvfp4, .nvfp4), (.nvfp4, .weightOnlyNVFP4): break
                case (.dense, _): dense.append(entry.path)
                case (_, _): undeclared[matrix.formatName, default: []].append(entry.path)
                }
            }
        }
        if !dense.isEmpty, let manifest {
            warnings.append(
                "\(manifest.file) declares \(manifest.algorithm.rawValue) for layers that are not quantised: "
                    + dense.joined(separator: ", "))
        }
        for (format, paths) in undeclared.sorted(by: { $0.key < $1.key }) {
            let source = manifest.map { "\($0.file) does not declare" } ?? "no quantisation is declared for"
            warnings.append("\(source) layers that are stored in \(format): " + paths.joined(separator: ", "))
        }
    }

    /// Layers that read the same input should share their scales; fused kernels elsewhere take the larger one.
    private mutating func checkScales() {
        var differing: [String] = []
        for layer in 0..<language.layers {
            let block = layout.languagePrefix + "model.layers.\(layer)."
            for group in [
                ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], ["mlp.gate_proj", "mlp.up_proj"],
            ] {
                for suffix in ["weight_scale_2", "input_scale", "weight_global_scale", "input_global_scale"] {
                    // A scale that cannot be read is a fault of its layer already.
                    let values = Set(group.compactMap { (try? store.scale("\(block)\($0).\(suffix)")) ?? nil })
                    guard values.count > 1 else { continue }
                    let members = group.dropFirst().map { $0.drop { $0 != "." }.dropFirst() }
                    differing.append(block + ([group[0][...]] + members).joined(separator: "/") + "." + suffix)
                }
            }
            for name in ["k_proj.k_scale", "v_proj.v_scale", "k_scale", "v_scale", "kv_scale"] {
                _ = attempt { (store) throws(CheckpointError) in try store.scale(block + "self_attn." + name) }
            }
        }
        if !differing.isEmpty {
            warnings.append(
                "scales differ between layers that share an input; each layer's own is used: "
                    + differing.joined(separator: ", "))
        }
    }

    // MARK: Declarations

    private mutating func checkDeclarations() {
        if let declared = configuration.language.declaredVocabulary, declared != language.vocabulary {
            warnings.append(
                "config.json declares vocab_size \(declared), the embedding has \(language.vocabulary) rows; "
                    + "the rows count"
            )
        }
        if language.tiesEmbeddings, store.has(layout.languagePrefix + "lm_head.weight") {
            warnings.append("lm_head.weight is ignored because config.json ties it to the embedding")
        }
        if let cache = manifest?.keyValueCache, cache != "FP8" {
            warnings.append(
                "\(manifest?.file ?? "config.json") declares a \(cache) key-value cache, which is not supported; "
                    + "BF16 is used"
            )
        }
        for token in configuration.endTokens where token >= language.vocabulary {
            warnings.append("end token \(token) lies beyond the \(language.vocabulary) rows of the embedding")
        }
        guard let vision, let declared = configuration.vision else { return }
        if let size = declared.positionSize, size / declared.patchSize != vision.positionGrid {
            warnings.append(
                "config.json: cpe_max_size \(size) is not the position table's "
                    + "\(vision.positionGrid) x \(vision.positionGrid) patches; the table counts")
        }
        for (name, constants) in [("norm_mean", VisionConstants.mean), ("norm_std", VisionConstants.deviation)] {
            let path = Layout.visionPrefix + "input_conditioner." + name
            if let values = (try? store.tensor(path))?.floats(), values != constants,
                zip(values, constants).contains(where: { abs($0 - $1) > 0.005 }) || values.count != constants.count
            {
                warnings.append("\(path) is \(values), not the constants \(constants) that are used")
            }
        }
    }
}
