// The images of a report: taken from the data the runs were made with, and kept as files by their digest. Knows no page.

import BenchmarkData
import Documents
import Evaluation
import Foundation
import Imaging
import Scoring

/// A file of the report that shows an image, or a frame of a video.
struct ShownFile {
    /// In the report's folder.
    let name: String
    /// The frame's number in its video; nil for an image.
    let frame: Int?
}

/// Writes each image once, whatever the number of items that show it.
final class ReportImages {
    private let benchmark: any Benchmark
    private let report: ReportFiles
    /// By digest.
    private var written: [String: [ShownFile]] = [:]
    /// The first reason why an image is not shown.
    private(set) var fault: String?

    /// - Parameters:
    ///   - data: where the data lie now; nil is where the header says.
    ///   - report: where the images are written.
    /// - Throws: why the images cannot be had.
    init(_ header: RunHeader, data: URL?, report: ReportFiles) throws {
        benchmark = try Self.benchmark(header, data: data)
        self.report = report
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

    /// What shows the item's images, for each in its place: empty for one that is not there, or is not the one that was asked
    /// about.
    func files(of index: Int, _ images: [AnswerOutcome.Image]) throws(EvaluationError) -> [[ShownFile]] {
        guard !images.isEmpty else { return [] }
        let item: BenchmarkItem
        do {
            item = try benchmark.item(at: index)
        } catch {
            fault = fault ?? (error as? ItemFault)?.reason ?? "\(error)"
            return []
        }
        var files: [[ShownFile]] = []
        for (image, found) in zip(images, item.images) {
            let shown = try self.files(image.digest, found)
            if shown.isEmpty {
                fault =
                    fault
                    ?? "\(image.reference) is not the image that was asked about, or is of no type a browser shows"
            }
            files.append(shown)
        }
        return files
    }

    private func files(_ digest: String, _ image: ItemImage) throws(EvaluationError) -> [ShownFile] {
        if let files = written[digest] { return files }
        var files: [ShownFile] = []
        switch image.source {
        case .pixels(let pixels, _):
            guard FNV1a.digits(pixels.pixels.span.bytes) == digest, let png = try? pixels.png() else { return [] }
            files.append(try write(png, "\(digest).png"))
        case .data(let data, _):
            guard FNV1a.digits(data.bytes) == digest, let suffix = Self.suffix(data) else { return [] }
            files.append(try write(data, "\(digest).\(suffix)"))
        case .file(let url):
            guard let selection = image.frames, FNV1a.file(url)?.digits == digest else { return [] }
            for (number, png) in Self.frames(of: image.source, selection) {
                files.append(try write(png, "\(digest)-\(number).png", frame: number))
            }
        }
        written[digest] = files
        return files
    }

    /// What browsers show; nil for anything else.
    private static func suffix(_ data: Data) -> String? {
        switch try? ImageFormat(sniffing: data.bytes) {
        case .jpeg: "jpg"
        case .png: "png"
        case .webP: "webp"
        case .pdf, .mp4, .matroska, .avi, nil: nil
        }
    }

    /// Larger frames are shown smaller: a page has many.
    private static let frameSide = 512

    /// Numbers and images of a video's frames; empty when it cannot be decoded.
    private static func frames(of video: ImageSource, _ selection: FrameSelection) -> [(number: Int, png: Data)] {
        var coded: [Data?] = []
        let numbers = try? VideoDecoder().frames(of: video, selection) { frame in
            let scale = min(1, Double(frameSide) / Double(max(frame.width, frame.height)))
            func side(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
            coded.append(
                try? PillowResize.resize(frame, width: side(frame.width), height: side(frame.height)).png())
        }
        return zip(numbers ?? [], coded).compactMap { number, png in png.map { (number, $0) } }
    }

    private func write(_ bytes: Data, _ name: String, frame: Int? = nil) throws(EvaluationError) -> ShownFile {
        let name = "images/\(name)"
        try report.write(bytes, name)
        return ShownFile(name: name, frame: frame)
    }
}
