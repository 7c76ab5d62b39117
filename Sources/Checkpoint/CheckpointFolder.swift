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
    /// - Throws: the first fault, naming file, tensor or key; ``Verification`` lists them all.
    package init(at url: URL) throws(CheckpointError) {
        let survey = FolderSurvey(of: url)
        if let fault = survey.faults.first { throw fault }
        guard let folder = survey.folder else {
            throw .file(url.path(percentEncoded: false), found: "an incomplete folder", expected: "a checkpoint folder")
        }
        self = folder
    }

    init(
        url: URL, configuration: ModelConfiguration, manifest: QuantizationManifest?, store: TensorStore,
        sizes: FolderSurvey.Sizes, layout: Layout, tokenizer: TokenizerFacts, warnings: [String]
    ) {
        self.url = url
        self.configuration = configuration
        self.manifest = manifest
        self.store = store
        self.language = sizes.language
        self.vision = sizes.vision
        self.projector = sizes.projector
        self.layout = layout
        self.tokenizer = tokenizer
        self.warnings = warnings
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
