// Opens a folder piece by piece and keeps going, so that every fault that headers, scalars and JSON show is found.

import Foundation

/// What could be opened of a folder, and everything that was wrong on the way.
struct FolderSurvey {
    struct Sizes {
        let language: LlamaShape
        let vision: VisionShape?
        let projector: ProjectorShape?
    }

    /// Nil when a fault left a part unknown.
    private(set) var folder: CheckpointFolder?
    private(set) var faults: [CheckpointError] = []
    /// The safetensors files that could be opened.
    private(set) var files: [SafetensorsFile] = []

    init(of given: URL) {
        let url = URL(filePath: given.path(percentEncoded: false), directoryHint: .isDirectory)
        guard let root = attempt({ () throws(CheckpointError) in try Self.root(url) }) else { return }
        let configuration = attempt { () throws(CheckpointError) in try ModelConfiguration(root, folder: url) }
        let manifest = attempt { () throws(CheckpointError) in try QuantizationManifest.read(root, folder: url) }
        let store = attempt { () throws(CheckpointError) in try TensorStore(folder: url) }
        if let store { files = store.files } else { openSeparately(url) }
        let tokenizer = attempt { () throws(CheckpointError) in
            try TokenizerFacts(file: url.appending(path: "tokenizer.json"))
        }
        guard let configuration, let store else { return }
        let reader = ShapeReader(store: store, configuration: configuration, configurationFile: root.file)
        guard let sizes = attempt({ () throws(CheckpointError) in try Self.sizes(reader, configuration) }) else {
            return
        }
        let layout = Layout(
            language: sizes.language, languagePrefix: reader.languagePrefix, vision: sizes.vision,
            projector: sizes.projector)
        if let tokenizer { check(tokenizer, against: sizes.language, store, layout) }
        var check = LayoutCheck(
            store: store, layout: layout, manifest: manifest ?? nil, configuration: configuration,
            language: sizes.language, vision: sizes.vision)
        check.run()
        faults += check.faults
        guard let tokenizer, let manifest else { return }
        folder = CheckpointFolder(
            url: url, configuration: configuration, manifest: manifest, store: store, sizes: sizes, layout: layout,
            tokenizer: tokenizer, warnings: store.warnings + (manifest?.warnings ?? []) + check.warnings)
    }

    /// The value of `body`, or nil and one fault more.
    private mutating func attempt<Value>(_ body: () throws(CheckpointError) -> Value) -> Value? {
        do throws(CheckpointError) {
            return try body()
        } catch {
            if !faults.contains(error) { faults.append(error) }
            return nil
        }
    }

    private static func root(_ url: URL) throws(CheckpointError) -> ConfigurationObject {
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
        return try ConfigurationObject(file: url.appending(path: "config.json"))
    }

    /// Opens the files one by one after they failed together, to find the faults of each.
    private mutating func openSeparately(_ url: URL) {
        let index = try? ShardIndex(file: url.appending(path: ShardIndex.fileName))
        for name in index?.files ?? [] {
            let file = attempt { () throws(CheckpointError) in try SafetensorsFile(mapping: url.appending(path: name)) }
            if let file { files.append(file) }
        }
    }

    private static func sizes(
        _ reader: ShapeReader, _ configuration: ModelConfiguration
    ) throws(CheckpointError) -> Sizes {
        let language = try reader.llama()
        guard let declared = configuration.vision else { return Sizes(language: language, vision: nil, projector: nil) }
        let vision = try reader.vision(declared)
        let projector = try reader.projector(vision, declared, hidden: language.hidden)
        return Sizes(language: language, vision: vision, projector: projector)
    }

    private mutating func check(
        _ tokenizer: TokenizerFacts, against language: LlamaShape, _ store: TensorStore, _ layout: Layout
    ) {
        guard tokenizer.highestID >= language.vocabulary else { return }
        let embedding = layout.languagePrefix + "model.embed_tokens.weight"
        let path = tokenizer.url.path(percentEncoded: false)
        faults.append(
            store.fault(
                embedding, found: "\(language.vocabulary) rows",
                expected: "at least \(tokenizer.highestID + 1), one for every id of \(path)"))
    }
}
