// Pages of a PDF as pixels, through poppler's pdftoppm. Knows nothing of PDF's insides.

package import Foundation

/// Renders pages with a child process, so that a hostile document can cost no more than the bounds below.
package struct PDFRenderer: Sendable {
    /// Pixels of a rendered page fit into this box, either way up.
    package var shortSide: Int
    package var longSide: Int
    /// Dots per inch where the box does not ask for less. 200 gives an A4 page 1654 x 2339 pixels.
    package var resolution: Double
    /// Seconds for a page.
    package var timeout: Double
    /// Bytes of the document.
    package var bytes: Int
    /// Bytes of address space of the child.
    package var memory: Int
    /// Starts the child confined; see `ChildProcess.launcher`.
    package var launcher: [String] = []
    /// What the children can be called off by.
    package var leash: ChildLeash?

    package init(
        shortSide: Int = 2048, longSide: Int = 3072, resolution: Double = 200, timeout: Double = 10,
        bytes: Int = 256 << 20,
        memory: Int = 2 << 30
    ) {
        self.shortSide = shortSide
        self.longSide = longSide
        self.resolution = resolution
        self.timeout = timeout
        self.bytes = bytes
        self.memory = memory
    }

    private static let package = "poppler-utils"

    /// Number of pages of the document. Throws `encryptedPDF`, `missingProgram`, `programFailed` or `timedOut`.
    package func pageCount(of document: URL) throws(ImagingError) -> Int {
        try pageCount(in: information(document, page: nil))
    }

    /// Page `page` (from 1) of the document. Throws also `pageOutOfRange`.
    package func render(_ document: URL, page: Int) throws(ImagingError) -> PixelImage {
        guard page > 0 else { throw .parameter(name: "page", found: "\(page)", expected: "1 or more") }
        let information = try information(document, page: page)
        // pdfinfo says nothing at all about a page that is not there.
        guard information.contains(where: { $0.key == "Pages" }) else {
            throw .pageOutOfRange(page: page, pages: try pageCount(of: document))
        }
        let arguments = [
            "-f", "\(page)", "-l", "\(page)", "-singlefile", "-cropbox", "-r", dots(in: information), document.path,
        ]
        // Poppler rounds sides up.
        let limit = 3 * (shortSide + 1) * (longSide + 1) + 64
        let output = try run("pdftoppm", arguments, outputLimit: limit)
        guard let page = PortablePixmap.image(output.standardOutput.span.bytes) else {
            throw .programFailed(name: "pdftoppm", reason: "it wrote no whole page")
        }
        return page
    }

    // MARK: What pdfinfo says

    private func information(_ document: URL, page: Int?) throws(ImagingError) -> [(key: String, value: String)] {
        let range = page.map { ["-f", "\($0)", "-l", "\($0)"] } ?? []
        let output = try run("pdfinfo", range + [document.path], outputLimit: 1 << 20, acceptedStatus: [0, 99])
        return String(decoding: output.standardOutput, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap {
            line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (key: String(line[..<colon]), value: String(value))
        }
    }

    private func pageCount(in information: [(key: String, value: String)]) throws(ImagingError) -> Int {
        guard let text = information.first(where: { $0.key == "Pages" })?.value, let pages = Int(text) else {
            throw .programFailed(name: "pdfinfo", reason: "it does not say how many pages there are")
        }
        return pages
    }

    /// The resolution at which the page fits the box.
    private func dots(in information: [(key: String, value: String)]) -> String {
        let sides =
            information.first { $0.key.hasPrefix("Page") && $0.key.hasSuffix(" size") }?.value
            .split(separator: " ").compactMap { Double($0) } ?? []
        guard sides.count >= 2, let short = sides.prefix(2).min(), let long = sides.prefix(2).max(), short > 0 else {
            return "36"
        }
        let fitting = min(Double(shortSide) / short, Double(longSide) / long) * 72
        return "\(max(min(resolution, fitting), 0.01))"
    }

    // MARK: The child

    private func run(
        _ program: String, _ arguments: [String], outputLimit: Int, acceptedStatus: Set<Int32> = [0]
    ) throws(ImagingError) -> ChildProcess.Output {
        var process = ChildProcess(
            program: program, arguments: arguments, timeout: timeout, outputLimit: outputLimit, memoryLimit: memory)
        process.launcher = launcher
        process.leash = leash
        let output: ChildProcess.Output
        do {
            output = try process.run()
        } catch {
            switch error {
            case .notFound: throw .missingProgram(name: program, package: Self.package, purpose: "renders PDF pages")
            case .timedOut: throw .timedOut(name: program, seconds: timeout)
            case .calledOff: throw .calledOff
            case .notStarted(let reason): throw .programFailed(name: program, reason: reason)
            case .outputRefused:
                throw .programFailed(name: program, reason: "it wrote more than the allowed \(outputLimit) bytes")
            }
        }
        if output.standardError.contains("Incorrect password") { throw .encryptedPDF }
        if output.status < 0 { throw .decoderUnavailable }
        guard acceptedStatus.contains(output.status) else {
            let message = output.standardError.split(whereSeparator: \.isNewline).first.map(String.init)
            let status = "exit status \(output.status)"
            throw .programFailed(name: program, reason: message.map { "\($0) (\(status))" } ?? status)
        }
        return output
    }
}
