// A whole checkpoint from BF16 to NVFP4, layer by layer. Knows the steps and the folder, not the arithmetic.

package import Checkpoint
package import Compute
package import Foundation
package import Numerics

/// Quantises the decoder's linear layers of a folder and writes the folder NVIDIA's exporter would write.
///
/// Weights are read where they are mapped, three times: for their range, for their block scales, for their codes.
/// Beside one packed layer only block scales are held, so that memory stays far below the checkpoint's size. Recipes that
/// watch inputs hold what one decoder layer needs, and the hidden states of the prompts.
package struct CheckpointQuantizer {
    package struct Options: Sendable {
        package var recipe: Recipe
        package var division: NVFP4WeightScales.Division
        package var version: CompatibleVersion
        package var declaresFP8Cache: Bool
        /// Bytes of tensors in a file at most.
        package var shardLimit: Int

        package init(
            recipe: Recipe, division: NVFP4WeightScales.Division = .cpu, version: CompatibleVersion = .current,
            declaresFP8Cache: Bool = false, shardLimit: Int = ShardedWriter.standardLimit
        ) {
            self.recipe = recipe
            self.division = division
            self.version = version
            self.declaresFP8Cache = declaresFP8Cache
            self.shardLimit = shardLimit
        }
    }

    /// A step of the work, for a progress display.
    package enum Stage: String, Sendable {
        case calibrating
        case layers = "quantising layer by layer"
        case ranges = "reading weights"
        case writing = "quantising"
    }

    package let plan: QuantizationPlan
    private let folder: CheckpointFolder
    private let options: Options
    private let quantizer: WeightQuantizer

    /// - Throws: for a folder that is quantised already, or has a weight whose inputs are not whole blocks.
    package init(_ folder: CheckpointFolder, _ options: Options) throws {
        self.folder = folder
        self.options = options
        plan = try QuantizationPlan(folder)
        quantizer = WeightQuantizer(
            rule: options.recipe.scaleRule,
            scales: NVFP4WeightScales(division: options.division, rule: options.version.rule))
    }

    /// Writes the quantised folder. It appears under its name when it is complete; a failure leaves nothing behind.
    /// - Parameters:
    ///   - destination: a folder that does not exist or is empty.
    ///   - calibration: gives the input scales; nil quantises weights only, and the folder declares so.
    ///   - progress: called with the stage and bytes done and in all.
    /// - Throws: `QuantizationError`, for a recipe that watches inputs too, and `CheckpointError`.
    package func write(
        to destination: URL, calibration: Calibration?,
        progress: (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) throws -> QuantizationReport {
        guard !options.recipe.watchesInputs else { throw QuantizationError.needsCalibration(options.recipe) }
        return try write(to: destination) { draft in
            try write(into: draft, try groupScales(calibration, progress), calibration, nil, progress)
        }
    }

    /// Writes the quantised folder with input scales, and what else the recipe takes from inputs.
    /// - Parameters:
    ///   - destination: a folder that does not exist or is empty.
    ///   - prompts: what the model is run on.
    ///   - backend: runs it; bf16 activations are what the checkpoint was made for.
    ///   - products: carries out the recipe's own matrix products.
    ///   - progress: called with the stage and what is done and in all: prompts, layers or bytes.
    package func write(
        to destination: URL, prompts: CalibrationPrompts, on backend: any Backend, products: Products,
        progress: (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) throws -> QuantizationReport {
        try write(to: destination) { draft in
            guard options.recipe.watchesInputs else {
                let calibration = try Calibration(folder, prompts, on: backend) { progress(.calibrating, $0, $1) }
                return try write(into: draft, try groupScales(calibration, progress), calibration, nil, progress)
            }
            let largest = try groupScales(nil, progress).map(\.largest)
            let walk = try LayerWalk(folder, prompts, on: backend) { progress(.calibrating, $0, $1) }
            let made = try LayerwiseQuantizer(
                folder: folder, plan: plan, quantizer: quantizer, products: products,
                scratch: try ScratchFile(in: draft)
            ).run(options.recipe, walk, source: prompts.source, largest: largest) { progress(.layers, $0, $1) }
            let scales = try plan.groups.enumerated().map { index, paths in
                let weights = made.weights.scales[index]
                return GroupScales(
                    largest: weights?.largest ?? 0, weightScale2: weights?.weightScale2 ?? 1,
                    inputScale: quantizer.scales.globalScale(largest: try made.calibration.largestInput(of: paths)))
            }
            return try write(into: draft, scales, made.calibration, made.weights, progress)
        }
    }

    private func write(to destination: URL, _ body: (URL) throws -> QuantizationReport) throws -> QuantizationReport {
        do {
            let draft = try DraftFolder(for: destination)
            let report = try body(draft.url)
            try draft.complete()
            return report
        } catch CheckpointError.writing(_, let reason) {
            // The draft is gone by the time anybody could look for the file.
            throw QuantizationError.destination(destination.path(percentEncoded: false), reason: reason)
        }
    }

    private func write(
        into draft: URL, _ scales: [GroupScales], _ calibration: Calibration?, _ made: LayerwiseWeights?,
        _ progress: (Stage, Int, Int) -> Void
    ) throws -> QuantizationReport {
        let configuration = ExportedConfiguration(
            version: options.version, quantizesInputs: calibration != nil, declaresFP8Cache: options.declaresFP8Cache,
            excludedModules: plan.excludedModules)
        let text = try configuration.configurationText(from: folder.url.appending(path: "config.json"))
        try copySideFiles(to: draft)
        try JSONFile.write(Array(text.utf8), to: draft.appending(path: "config.json"))
        try JSONFile.write(
            Array(configuration.legacyText.utf8), to: draft.appending(path: "hf_quant_config.json"))
        var export = WeightExport(
            folder: folder, plan: plan, quantizer: quantizer, scales: scales, shardLimit: options.shardLimit,
            made: made)
        try export.write(to: draft) { progress(.writing, $0, $1) }
        let report = self.report(export, scales, calibration)
        try JSONFile.write(Array(try report.json()), to: draft.appending(path: QuantizationReport.fileName))
        return report
    }

    /// The ranges of all groups, found before anything is written: a NaN anywhere ends the work here.
    private func groupScales(
        _ calibration: Calibration?, _ progress: (Stage, Int, Int) -> Void
    ) throws -> [GroupScales] {
        let total = plan.layers.reduce(0) { $0 + $1.weight.bytes.count }
        var done = 0
        var largest = [Float](repeating: 0, count: plan.groups.count)
        for layer in plan.layers {
            progress(.ranges, done, total)
            switch WeightRows(layer.weight).largestMagnitude() {
            case .success(let found): largest[layer.group] = max(largest[layer.group], found)
            case .failure(let fault):
                let name = layer.path + ".weight"
                throw QuantizationError.notFinite(
                    tensor: name, file: folder.store.file(of: name), value: "\(fault.value)", row: fault.row,
                    column: fault.column)
            }
            done += layer.weight.bytes.count
        }
        return try zip(plan.groups, largest).map { paths, largest in
            let input = try calibration?.largestInput(of: paths)
            return GroupScales(
                largest: largest, weightScale2: quantizer.globalScale(largest: largest),
                inputScale: input.map { quantizer.scales.globalScale(largest: $0) })
        }
    }

    /// Everything beside weights and what is written anew: tokenizer, processor, generation, code, licence.
    private func copySideFiles(to draft: URL) throws {
        let replaced: Set = ["config.json", "hf_quant_config.json", ShardIndex.fileName, QuantizationReport.fileName]
        let kinds: Set = ["json", "py", "jinja", "txt", "model"]
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path(percentEncoded: false))
        } catch {
            throw CheckpointError.file(
                folder.url.path(percentEncoded: false), found: (error as NSError).localizedDescription,
                expected: "a readable folder")
        }
        for name in names.sorted() where !name.hasPrefix(".") && !replaced.contains(name) {
            let url = folder.url.appending(path: name)
            let isLicence = name.uppercased().hasPrefix("LICENSE") || name.uppercased().hasPrefix("NOTICE")
            guard isLicence || kinds.contains(url.pathExtension.lowercased()) else { continue }
            // A folder of links, as Hugging Face's cache is, becomes files.
            let resolved = url.resolvingSymlinksInPath()
            guard (try? resolved.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true else { continue }
            let contents: Data
            do {
                contents = try Data(contentsOf: resolved)
            } catch {
                throw CheckpointError.file(
                    url.path(percentEncoded: false), found: (error as NSError).localizedDescription,
                    expected: "a readable file")
            }
            try JSONFile.write(Array(contents), to: draft.appending(path: name))
        }
    }

    private func report(
        _ export: WeightExport, _ scales: [GroupScales], _ calibration: Calibration?
    ) -> QuantizationReport {
        var total = WeightQuantizer.Loss()
        let layers = plan.layers.enumerated().map { index, layer in
            let loss = export.losses[index] ?? WeightQuantizer.Loss()
            total.add(loss)
            return QuantizationReport.Layer(
                path: layer.path, shape: layer.weight.shape.extents, weightScale2: scales[layer.group].weightScale2,
                inputScale: scales[layer.group].inputScale, relativeMse: loss.relative,
                worstBlock: QuantizationReport.WorstBlock(
                    row: loss.worst.row, input: loss.worst.block * NVFP4.blockSize,
                    relativeError: loss.worst.relativeError),
                lostBlocks: loss.lostBlocks, isZero: loss.energy == 0,
                outputError: export.made?.matrices[index]?.outputError,
                alpha: export.made?.matrices[index]?.alpha)
        }
        return QuantizationReport(
            producer: "monocle", recipe: options.recipe.rawValue, arithmetic: options.division.rawValue,
            compatVersion: options.version.text, keyValueCache: options.declaresFP8Cache ? "FP8" : nil,
            calibration: calibration.map {
                QuantizationReport.Inputs(source: $0.source, samples: $0.samples, tokens: $0.tokens)
            },
            layers: layers, relativeMse: total.relative,
            kept: plan.kept.map { QuantizationReport.Kept(path: $0.path, format: $0.format) },
            unscaled: export.made?.unscaled, dropped: export.dropped, sourceBytes: export.sourceBytes,
            resultBytes: export.resultBytes)
    }
}

/// The scales that the layers of a group share.
struct GroupScales: Sendable {
    /// Largest magnitude of their weights.
    let largest: Float
    let weightScale2: Float
    /// Nil when activations are not quantised.
    let inputScale: Float?
}
