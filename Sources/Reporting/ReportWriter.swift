// Writes a report: a page that opens without a server, its data in script files, its images as files. Knows files, not figures.

package import Evaluation
package import Foundation

package struct ReportWriter {
    private let version: String
    private let data: URL?
    private let withImages: Bool
    private let margin: Double?
    private let bootstrap: PairedBootstrap

    /// Samples whose details share a script file, which the page loads when one of them is opened.
    private static let samplesPerFile = 50

    /// - Parameters:
    ///   - version: of the program, for the foot of the page.
    ///   - data: where the data lie now; nil is where the runs say.
    ///   - margin: of non-inferiority, 0...1; nil asks for no such verdict.
    package init(
        version: String, data: URL? = nil, withImages: Bool = true, margin: Double? = nil,
        bootstrap: PairedBootstrap = PairedBootstrap(resamples: 2000)
    ) {
        self.version = version
        self.data = data
        self.withImages = withImages
        self.margin = margin
        self.bootstrap = bootstrap
    }

    /// - Parameters:
    ///   - folder: made where it is missing; an earlier report in it is replaced, other files stay.
    ///   - progress: samples done, of all.
    /// - Returns: what the reader should know: images that are missing, and why.
    package func write(
        _ runs: [ReportRun], to folder: URL, progress: (Int, Int) -> Void = { _, _ in }
    ) throws(EvaluationError) -> [String] {
        let files = try ReportFiles(folder)
        let groups = RunGroup.groups(runs)
        let total = groups.reduce(0) { $0 + $1.indices.count }
        var done = 0
        var rows: [ReportSummary.Row] = []
        var benchmarks: [ReportSummary.Benchmark] = []
        var warnings: [String] = []
        for (number, group) in groups.enumerated() {
            let images = images(of: group, files)
            let entries = try writeSamples(of: group, number, images: try? images.get(), to: files) {
                done += 1
                progress(done, total)
            }
            let missing =
                switch images {
                case .success(let images): images.fault
                case .failure(let reason): reason.text
                }
            if let missing, withImages {
                warnings.append("\(group.header.items.benchmark): images are missing: \(missing)")
            }
            benchmarks.append(
                ReportSummary.Benchmark(
                    group, entries: entries, imagesMissing: missing, margin: margin, bootstrap: bootstrap))
            rows += self.rows(group, number)
        }
        let summary = ReportSummary(
            version: version, samplesPerFile: Self.samplesPerFile, rows: rows, benchmarks: benchmarks)
        try script("summary", summary, "data/summary.js", files)
        for (name, bytes) in [
            ("index.html", PackageResources.report_html), ("report.css", PackageResources.report_css),
            ("report.js", PackageResources.report_js),
        ] {
            try files.write(Data(bytes), name)
        }
        try files.finish()
        return warnings
    }

    /// Writes the samples and their images.
    /// - Returns: their lines in the list.
    private func writeSamples(
        of group: RunGroup, _ number: Int, images: ReportImages?, to files: ReportFiles, progress: () -> Void
    ) throws(EvaluationError) -> [ReportEntry] {
        let indices = group.indices
        var entries: [ReportEntry] = []
        for first in stride(from: 0, to: indices.count, by: Self.samplesPerFile) {
            var samples: [ReportSample] = []
            for index in indices[first..<min(first + Self.samplesPerFile, indices.count)] {
                samples.append(try sample(index, group, images: images))
                progress()
            }
            try script("samples", samples, "data/samples-\(number)-\(first / Self.samplesPerFile).js", files)
            entries += samples.map { ReportEntry($0) }
        }
        return entries
    }

    private func sample(
        _ index: Int, _ group: RunGroup, images: ReportImages?
    ) throws(EvaluationError) -> ReportSample {
        let asked = group.runs.lazy.compactMap { $0.results.lines[index]?.outcome.images }.first { !$0.isEmpty }
        return ReportSample(index, group, files: try images?.files(of: index, asked ?? []) ?? [])
    }

    private func rows(_ group: RunGroup, _ number: Int) -> [ReportSummary.Row] {
        let figures = group.runs.map { HeadlineRow.rows(of: $0, bootstrap: bootstrap) }
        var titles: Set<String> = []
        return figures.joined().filter { titles.insert($0.title).inserted }.map { line in
            ReportSummary.Row(
                title: line.title, profile: group.profile, scale: line.card?.scale ?? 100,
                card: line.card?.figures, benchmark: number,
                figures: figures.map { rows in
                    rows.first { $0.title == line.title }?.figure
                        ?? Headline(count: 0, mean: nil, lower: nil, upper: nil)
                })
        }
    }

    private struct NoImages: Error {
        let text: String
    }

    private func images(of group: RunGroup, _ files: ReportFiles) -> Result<ReportImages, NoImages> {
        guard withImages else { return .failure(NoImages(text: "the report was made without them")) }
        do {
            return .success(try ReportImages(group.header, data: data, report: files))
        } catch {
            return .failure(NoImages(text: "\(error)"))
        }
    }

    /// A script that hands a value to the page: pages opened from a disk may load scripts, but no data.
    private func script(
        _ name: String, _ value: some Encodable, _ file: String, _ files: ReportFiles
    ) throws(EvaluationError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let json: Data
        do {
            json = try encoder.encode(value)
        } catch {
            throw .unwritable(path: file, reason: "\(error)")
        }
        try files.write(Data("report.\(name)(".utf8) + Self.harmless(json) + Data(");\n".utf8), file)
    }

    /// JSON in which no text can be taken for markup, whatever reads it. `<` stands in JSON only inside strings.
    static func harmless(_ json: Data) -> Data {
        var safe = Data(capacity: json.count + json.count / 50)
        for byte in json {
            if byte == UInt8(ascii: "<") {
                safe.append(contentsOf: Array("\\u003c".utf8))
            } else {
                safe.append(byte)
            }
        }
        return safe
    }
}
