// Prompts to calibrate on, as a person names them: a file, a folder of documents, a folder of images, or none at all. Knows
// how to lay them out, not what is measured on them.

import Checkpoint
import Datasets
import Documents
import Foundation
import Monocle
import Prompting
import Quantization

/// What `--calibration` names.
struct CalibrationSource {
    /// Asked of images that come without a question.
    static let question = "Read all text in this image and describe what it shows."
    static let imageTypes: Set = ["png", "jpg", "jpeg", "webp"]

    private let name: String
    private let prompts: [ExampleList.Entry]

    /// - Parameter path: a JSON Lines file, or a folder.
    /// - Throws: `UsageError` for what cannot be read or holds no prompt.
    init(_ path: String) throws {
        let url = URL(filePath: path)
        name = url.lastPathComponent
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw UsageError(
                "--calibration \(path): found nothing there; expected a JSON Lines file, a folder of images or of "
                    + "documents, or synthetic")
        }
        let list = url.appending(path: DocumentFolder.listName)
        if !isFolder.boolValue {
            prompts = try Self.lines(of: url)
        } else if FileManager.default.fileExists(atPath: list.path(percentEncoded: false)) {
            prompts = try Self.lines(of: list)
        } else {
            prompts = try Self.images(in: url)
        }
    }

    private static func lines(of url: URL) throws -> [ExampleList.Entry] {
        let prompts: [ExampleList.Entry]
        do {
            prompts = try ExampleList.entries(of: url)
        } catch {
            throw UsageError("--calibration \(error)")
        }
        guard !prompts.isEmpty else {
            throw UsageError(
                "--calibration \(url.path(percentEncoded: false)): found no prompts; expected one a line")
        }
        return prompts
    }

    private static func images(in folder: URL) throws -> [ExampleList.Entry] {
        let path = folder.path(percentEncoded: false)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw UsageError("--calibration \(path): \((error as NSError).localizedDescription)")
        }
        let prompts = names.sorted().compactMap { name -> ExampleList.Entry? in
            let url = folder.appending(path: name)
            guard !name.hasPrefix("."), imageTypes.contains(url.pathExtension.lowercased()) else { return nil }
            return ExampleList.Entry(
                images: [url], conversation: Conversation([Message(.user, [.image(0), .text(question)])]), group: name,
                place: url.path(percentEncoded: false))
        }
        guard !prompts.isEmpty else {
            throw UsageError(
                "--calibration \(path): found neither \(DocumentFolder.listName) nor images "
                    + "(\(imageTypes.sorted().joined(separator: ", "))) among its \(names.count) entries")
        }
        return prompts
    }

    // MARK: Samples

    /// The first prompts, laid out as questions to the model.
    func prompts(atMost limit: Int, for model: VisionLanguageModel) throws -> CalibrationPrompts {
        try CalibrationPrompts(source: name, count: min(limit, prompts.count)) { try sample(prompts[$0], for: model) }
    }

    private func sample(_ prompt: ExampleList.Entry, for model: VisionLanguageModel) throws -> CalibrationSample {
        do {
            let prepared = try model.prepare(
                Inquiry(
                    .conversation(prompt.prompt),
                    sources: prompt.images.map { Inquiry.Source(.file($0), detail: .auto) }))
            return CalibrationSample(
                tokens: prepared.request.prompt,
                images: prepared.request.images.map {
                    CalibrationSample.Image(rows: $0.rows, tiles: $0.content.tiles, pixels: $0.content.pixels)
                })
        } catch {
            throw UsageError("--calibration \(prompt.place): \(error)")
        }
    }
}
