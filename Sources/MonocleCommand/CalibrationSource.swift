// Prompts to calibrate on, as a person names them: a file, a folder of documents, a folder of images, or none at all. Knows
// how to lay them out, not what is measured on them.

import Checkpoint
import Documents
import Foundation
import Monocle
import Quantization

/// What `--calibration` names.
struct CalibrationSource {
    /// A question and the files it is about.
    private struct Prompt {
        /// What a message calls it: a line or a file.
        let place: String
        let text: String
        let images: [URL]
    }

    /// Asked of images that come without a question.
    static let question = "Read all text in this image and describe what it shows."
    static let imageTypes: Set = ["png", "jpg", "jpeg", "webp"]

    private let name: String
    private let prompts: [Prompt]

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

    // MARK: Lists

    /// A line of a prompt list, or of `monocle documents`.
    private struct Line: Decodable {
        let text: String?
        let image: String?
        let question: String?
        let images: [String]?
    }

    private static func lines(of url: URL) throws -> [Prompt] {
        let path = url.path(percentEncoded: false)
        let text: String
        do {
            text = try String(contentsOf: url, encoding: .utf8)
        } catch {
            throw UsageError("--calibration \(path): \((error as NSError).localizedDescription)")
        }
        let folder = url.deletingLastPathComponent()
        let prompts = try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
            index, line -> Prompt? in
            if line.allSatisfy(\.isWhitespace) { return nil }
            let place = "\(path), line \(index + 1)"
            guard let found = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                let question = found.text ?? found.question
            else {
                throw UsageError(
                    "--calibration \(place): found \(line.prefix(60)); expected a JSON object with \"text\" and, if it "
                        + "shows something, \"image\", or with \"question\" and \"images\"")
            }
            let images = (found.image.map { [$0] } ?? []) + (found.images ?? [])
            return Prompt(place: place, text: question, images: images.map { URL(filePath: $0, relativeTo: folder) })
        }
        guard !prompts.isEmpty else {
            throw UsageError("--calibration \(path): found no prompts; expected one a line")
        }
        return prompts
    }

    private static func images(in folder: URL) throws -> [Prompt] {
        let path = folder.path(percentEncoded: false)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw UsageError("--calibration \(path): \((error as NSError).localizedDescription)")
        }
        let prompts = names.sorted().compactMap { name -> Prompt? in
            let url = folder.appending(path: name)
            guard !name.hasPrefix("."), imageTypes.contains(url.pathExtension.lowercased()) else { return nil }
            return Prompt(place: url.path(percentEncoded: false), text: question, images: [url])
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

    private func sample(_ prompt: Prompt, for model: VisionLanguageModel) throws -> CalibrationSample {
        do {
            let prepared = try model.prepare(
                Inquiry(
                    .question(prompt.text, system: nil),
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
