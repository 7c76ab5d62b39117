// The images of a report: taken from the data the runs were made with, and kept as files by their digest. Knows no page.

import BenchmarkData
import Documents
import Evaluation
import Foundation
import Imaging
import Scoring

/// Writes each image once, whatever the number of items that show it.
final class ReportImages {
    private let benchmark: any Benchmark
    private let folder: URL
    /// Names of files by digest.
    private var written: [String: String] = [:]
    /// The first reason why an image is not shown.
    private(set) var fault: String?

    /// - Parameters:
    ///   - data: where the data lie now; nil is where the header says.
    ///   - folder: of the image files.
    /// - Throws: why the images cannot be had.
    init(_ header: RunHeader, data: URL?, folder: URL) throws {
        benchmark = try Self.benchmark(header, data: data)
        self.folder = folder
        guard benchmark.settings.hasItems(of: header.items) else {
            throw BenchmarkDataError.option(
                name: "the data", found: "others than those of the run", expected: "the data that were asked about")
        }
    }

    private static func benchmark(_ header: RunHeader, data: URL?) throws -> any Benchmark {
        switch header.items {
        case .documents(let settings):
            guard let split = Split(rawValue: settings.split), let looks = Split(rawValue: settings.looks),
                let lowest = settings.levels.min(), let highest = settings.levels.max()
            else {
                throw BenchmarkDataError.option(
                    name: "the documents of the run", found: "settings of another version", expected: "known ones")
            }
            return try SyntheticDocuments(
                seed: settings.seed, split: split, looks: looks, levels: lowest...highest,
                family: settings.families.count == 1 ? settings.families.first.flatMap(Family.init) : nil,
                tileSize: settings.tileSize)
        case .table(let settings):
            guard let name = BenchmarkName(rawValue: settings.benchmark),
                let profile = Profile(rawValue: settings.askedUnder ?? settings.profile)
            else {
                throw BenchmarkDataError.option(
                    name: "the benchmark", found: settings.benchmark, expected: "a known one")
            }
            guard let url = data ?? header.dataPath.map({ URL(filePath: $0) }) else {
                throw BenchmarkDataError.option(name: "--data", found: "not given", expected: "where the data lie")
            }
            return try TableBenchmark(
                name, profile: profile, table: DataSource.table(url), frames: frames(settings, profile))
        }
    }

    /// How the run took frames of its videos, from the words in which its header says so.
    private static func frames(_ settings: TableSettings, _ profile: Profile) -> VideoFrames? {
        guard let rule = settings.frames, let number = rule.split(separator: " ").first else { return nil }
        let frames =
            rule.hasSuffix(" a second")
            ? Double(number).map { VideoFrames(count: 1, rate: $0, profile: profile) }
            : Int(number).map { VideoFrames(count: $0, rate: nil, profile: profile) }
        return frames?.rule == rule ? frames : nil
    }

    /// Names of the files that show the item's images; nil for one that is not there, or is not the one that was asked about.
    func files(of index: Int, _ images: [AnswerOutcome.Image]) throws(EvaluationError) -> [String?] {
        guard !images.isEmpty else { return [] }
        let item: BenchmarkItem
        do {
            item = try benchmark.item(at: index)
        } catch {
            fault = fault ?? (error as? ItemFault)?.reason ?? "\(error)"
            return []
        }
        var names: [String?] = []
        for (image, found) in zip(images, item.images) {
            let name = try file(image.digest, found.source)
            if name == nil {
                fault =
                    fault
                    ?? "\(image.reference) is not the image that was asked about, or is of no type a browser shows"
            }
            names.append(name)
        }
        return names
    }

    private func file(_ digest: String, _ source: ImageSource) throws(EvaluationError) -> String? {
        if let name = written[digest] { return name }
        let bytes: Data
        let suffix: String
        switch source {
        case .pixels(let pixels, _):
            guard FNV1a.digits(pixels.pixels.span.bytes) == digest, let png = try? pixels.png() else { return nil }
            (bytes, suffix) = (png, "png")
        case .data(let data, _):
            guard FNV1a.digits(data.bytes) == digest else { return nil }
            switch try? ImageFormat(sniffing: data.bytes) {
            case .jpeg: suffix = "jpg"
            case .png: suffix = "png"
            case .webP: suffix = "webp"
            case .pdf, .mp4, .matroska, .avi, nil: return nil
            }
            bytes = data
        case .file: return nil
        }
        let name = "images/\(digest).\(suffix)"
        try ReportWriter.write(bytes, to: folder.appending(path: name))
        written[digest] = name
        return name
    }
}
