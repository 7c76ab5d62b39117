// A JSON Lines file of calibration prompts. Knows its lines and how to lay them out, not what is measured on them.

import Foundation
import Monocle
import Quantization

/// A file of calibration prompts, one JSON object a line.
struct CalibrationFile {
    private struct Line: Decodable {
        let text: String
        let image: String?
    }

    private let url: URL
    private let lines: [(number: Int, line: Line)]

    init(_ url: URL) throws {
        self.url = url
        let path = url.path(percentEncoded: false)
        let text: String
        do {
            text = try String(contentsOf: url, encoding: .utf8)
        } catch {
            throw UsageError("--calibration \(path): \((error as NSError).localizedDescription)")
        }
        lines = try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
            index, line in
            if line.allSatisfy(\.isWhitespace) { return nil }
            do {
                return (index + 1, try JSONDecoder().decode(Line.self, from: Data(line.utf8)))
            } catch {
                throw UsageError(
                    "--calibration \(path), line \(index + 1): found \(line.prefix(60)); expected a JSON object with "
                        + "\"text\" and, if it shows something, \"image\"")
            }
        }
        guard !lines.isEmpty else { throw UsageError("--calibration \(path): found no prompts; expected one a line") }
    }

    var count: Int { lines.count }
    var name: String { url.lastPathComponent }

    /// The prompt at a place in the file, laid out as a question to the model.
    func sample(_ index: Int, for model: VisionLanguageModel) throws -> CalibrationSample {
        let (number, line) = lines[index]
        let image = line.image.map { URL(filePath: $0, relativeTo: url.deletingLastPathComponent()) }
        do {
            let prepared = try model.prepare(
                Inquiry(
                    .question(line.text, system: nil),
                    sources: image.map { [Inquiry.Source(.file($0), detail: .auto)] } ?? []))
            return CalibrationSample(
                tokens: prepared.request.prompt,
                images: prepared.request.images.map {
                    CalibrationSample.Image(rows: $0.rows, tiles: $0.content.tiles, pixels: $0.content.pixels)
                })
        } catch {
            throw UsageError("--calibration \(url.path(percentEncoded: false)), line \(number): \(error)")
        }
    }
}
