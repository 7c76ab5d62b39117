// A published checkpoint folder, opened and checked. Knows the layout, not how a model computes.

package import Foundation

/// A Hugging Face folder of a `Llama_Nemotron_Nano_VL` or `LlamaForCausalLM`, in BF16, NVFP4 or FP8.
///
/// Opening maps every file and checks all that headers, scalars and JSON show; weights are not read. What stands in
/// them is the business of ``Verification``.
package struct CheckpointFolder: Sendable {
    package let url: URL
    package let configuration: ModelConfiguration
    /// What the folder declares about quantisation, nil when nothing.
    package let manifest: QuantizationManifest?
    package let store: TensorStore
    package let language: LlamaShape
    /// Nil for a text-only model, as is `projector`.
    package let vision: VisionShape?
    package let projector: ProjectorShape?
    package let layout: Layout
    package let tokenizer: TokenizerFacts
    /// Things a person should know that keep nothing from working.
    package let warnings: [String]

    package var tokenizerURL: URL { tokenizer.url }
    /// What precedes every language name: `language_model.` or nothing.
    package var languagePrefix: String { layout.languagePrefix }
    /// Path of the output projection: the embedding's when they are tied.
    package var headPath: String { languagePrefix + (language.tiesEmbeddings ? "model.embed_tokens" : "lm_head") }

    /// Opens and checks a folder.
    /// - Throws: ``CheckpointError`` naming file, tensor or key.
    package init(at url: URL) throws(CheckpointError) {
        let url = URL(filePath: url.path(percentEncoded: false), directoryHint: .isDirectory)
        try Self.checkFolder(url)
        let root = try ConfigurationObject(file: url.appending(path: "config.json"))
        let configuration = try ModelConfiguration(root, folder: url)
        let manifest = try QuantizationManifest.read(root, folder: url)
        let store = try TensorStore(folder: url)
        let reader = ShapeReader(store: store, configuration: configuration, configurationFile: root.file)
        let language = try reader.llama()
        var vision: VisionShape?
        var projector: ProjectorShape?
        if let declared = configuration.vision {
            let shape = try reader.vision(declared)
            vision = shape
            projector = try reader.projector(shape, declared, hidden: language.hidden)
        }
        let layout = Layout(language: language, languagePrefix: reader.languagePrefix, vision: vision, projector: projector)
        let tokenizer = try TokenizerFacts(file: url.appending(path: "tokenizer.json"))
        guard tokenizer.highestID < language.vocabulary else {
            throw .tensor(
                layout.languagePrefix + "model.embed_tokens.weight",
                file: store.file(of: layout.languagePrefix + "model.embed_tokens.weight"),
                found: "\(language.vocabulary) rows",
                expected: "at least \(tokenizer.highestID + 1), one for every id of \(tokenizer.url.path(percentEncoded: false))")
        }
        var inspector = LayoutCheck(
            store: store, layout: layout, manifest: manifest, configuration: configuration, language: language,
            vision: vision)
        try inspector.run()

        self.url = url
        self.configuration = configuration
        self.manifest = manifest
        self.store = store
        self.language = language
        self.vision = vision
        self.projector = projector
        self.layout = layout
        self.tokenizer = tokenizer
        self.warnings = store.warnings + (manifest?.warnings ?? []) + inspector.warnings
    }

    private static func checkFolder(_ url: URL) throws(CheckpointError) {
        let path = url.path(percentEncoded: false)
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .file(path, found: MappedFile.reason(errno), expected: "a checkpoint folder")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .file(path, found: "a file", expected: "a checkpoint folder")
        }
        guard access(path, R_OK | X_OK) == 0 else {
            throw .file(path, found: MappedFile.reason(errno), expected: "a readable folder")
        }
    }

    // MARK: Tensors

    package var names: [String] { store.names }

    package func has(_ name: String) -> Bool { store.has(name) }

    /// The tensor called `name`.
    package func tensor(_ name: String) throws(CheckpointError) -> TensorView { try store.tensor(name) }

    /// The dense tensor `name` `[count]`, as float32.
    package func vector(_ name: String, count: Int) throws(CheckpointError) -> [Float] {
        try store.vector(name, count: count)
    }

    /// The weight of the linear layer `path` (the key without `.weight`), in the format its tensors show.
    package func matrix(_ path: String, outputs: Int, inputs: Int) throws(CheckpointError) -> StoredMatrix {
        try store.matrix(path, outputs: outputs, inputs: inputs)
    }

    /// Scales of a layer's key-value cache when it is kept in FP8: `value = e4m3 * scale`; nil when the file has none,
    /// which means 1.
    package func keyValueScales(layer: Int) throws(CheckpointError) -> (key: Float, value: Float)? {
        let attention = languagePrefix + "model.layers.\(layer).self_attn."
        let shared = try store.scale(attention + "kv_scale")
        let key = try store.scale(attention + "k_proj.k_scale").or(try store.scale(attention + "k_scale")) ?? shared
        let value = try store.scale(attention + "v_proj.v_scale").or(try store.scale(attention + "v_scale")) ?? shared
        guard key != nil || value != nil else { return nil }
        return (key ?? 1, value ?? 1)
    }

    /// Checks that no file was changed since it was opened; see ``MappedFile``.
    package func checkUnchanged() throws(CheckpointError) {
        for file in store.files { try file.mapping.checkUnchanged() }
    }
}
