import Foundation
import Imaging
import Testing

@Suite struct PDFRendererTests {
    /// A document of pages of the given sizes in points; page n has its left half filled with gray n/10.
    static func document(_ sizes: [(Int, Int)], rotation: Int = 0) -> Data {
        var text = "%PDF-1.4\n"
        var offsets: [Int] = []
        func object(_ body: String) {
            offsets.append(text.utf8.count)
            text += "\(offsets.count) 0 obj\n\(body)\nendobj\n"
        }
        object("<< /Type /Catalog /Pages 2 0 R >>")
        let kids = sizes.indices.map { "\(3 + 2 * $0) 0 R" }.joined(separator: " ")
        object("<< /Type /Pages /Kids [\(kids)] /Count \(sizes.count) >>")
        for (index, size) in sizes.enumerated() {
            object(
                "<< /Type /Page /Parent 2 0 R /Rotate \(rotation) /MediaBox [0 0 \(size.0) \(size.1)] "
                    + "/Contents \(4 + 2 * index) 0 R >>")
            let content = "0.\(index + 1) g 0 0 \(size.0 / 2) \(size.1) re f"
            object("<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream")
        }
        let table = text.utf8.count
        text += "xref\n0 \(offsets.count + 1)\n0000000000 65535 f \n"
        for offset in offsets {
            let digits = "\(offset)"
            text += String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n"
        }
        text += "trailer\n<< /Size \(offsets.count + 1) /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Data(text.utf8)
    }

    static let isInstalled = ChildProcess.find("pdftoppm") != nil && ChildProcess.find("pdfinfo") != nil

    private func load(_ data: Data, pages: ClosedRange<Int>? = nil, pdf: PDFRenderer = PDFRenderer())
        throws(ImagingError) -> [PixelImage]
    {
        try ImageLoader(pdf: pdf).load(.data(data, name: "report.pdf"), pages: pages)
    }

    private func refusal(
        _ data: Data, pages: ClosedRange<Int>? = nil, pdf: PDFRenderer = PDFRenderer()
    ) -> ImagingError? {
        failure { () throws(ImagingError) in _ = try load(data, pages: pages, pdf: pdf) }
    }

    @Test(.enabled(if: isInstalled, "needs pdftoppm of poppler-utils"))
    func pagesAreRendered() throws {
        let document = Self.document([(612, 792), (200, 100), (300, 300)])
        let first = try #require(try load(document).first)
        #expect((first.width, first.height) == (1700, 2200))
        #expect(first.pixels[..<3] == [26, 26, 26] || first.pixels[..<3] == [25, 25, 25])
        #expect(Array(first.pixels[3 * 1699..<3 * 1700]) == [255, 255, 255])
        let rest = try load(document, pages: 2...3)
        #expect(rest.count == 2)
        #expect((rest[0].width, rest[0].height) == (556, 278))
        #expect(rest[0].pixels[0] == 51)
        #expect((rest[1].width, rest[1].height) == (834, 834))
    }

    @Test(.enabled(if: isInstalled, "needs pdftoppm of poppler-utils"))
    func pagesFitTheBox() throws {
        for (size, rotation) in [((5000, 4000), 0), ((20, 14_400), 0), ((3000, 1000), 90)] {
            let page = try #require(try load(Self.document([size], rotation: rotation)).first)
            #expect(min(page.width, page.height) <= 2049 && max(page.width, page.height) <= 3073)
            #expect(max(page.width, page.height) >= 2048)
            if rotation == 90 { #expect(page.height > page.width) }
        }
    }

    @Test(.enabled(if: isInstalled, "needs pdftoppm of poppler-utils"))
    func wrongPagesAndDocuments() throws {
        let document = Self.document([(100, 100), (100, 100)])
        #expect(refusal(document, pages: 3...3) == .file("report.pdf", .pageOutOfRange(page: 3, pages: 2)))
        #expect("\(refusal(document, pages: 0...0) as Any)".contains("1 or more"))
        #expect("\(refusal(document, pages: 1...9) as Any)".contains("limit"))
        let encrypted = try Data(contentsOf: Fixture.folder.appending(path: "encrypted.pdf"))
        #expect(refusal(encrypted) == .file("report.pdf", .encryptedPDF))
        for broken in [Data("%PDF-1.7\nnothing".utf8), document.prefix(60)] {
            guard case .file("report.pdf", .programFailed) = refusal(broken) else {
                Issue.record("a broken document was accepted")
                continue
            }
        }
        #expect("\(refusal(document, pdf: PDFRenderer(bytes: 10)) as Any)".contains("bytes"))
    }

    @Test func childrenAreBounded() {
        func run(_ program: String, _ arguments: [String], outputLimit: Int = 1 << 20) -> Result<
            ChildProcess.Output, ChildProcess.Failure
        > {
            Result { () throws(ChildProcess.Failure) in
                try ChildProcess(
                    program: program, arguments: arguments, timeout: 0.3, outputLimit: outputLimit, memoryLimit: 1 << 30
                ).run()
            }
        }
        let start = ContinuousClock.now
        guard case .failure(.timedOut) = run("sleep", ["20"]) else {
            Issue.record("a child outlived its time")
            return
        }
        #expect(ContinuousClock.now - start < .seconds(5))
        guard case .failure(.outputRefused) = run("yes", []) else {
            Issue.record("a child wrote without bound")
            return
        }
        guard case .failure(.notFound) = run("monocle-no-such-program", []) else {
            Issue.record("a missing program was found")
            return
        }
        // Arguments reach the program as they are: no shell reads them.
        if case .success(let output) = run("printf", ["%s", "$(id); `id` && id"]) {
            #expect(output.standardOutput == Array("$(id); `id` && id".utf8))
            #expect(output.status == 0)
        } else {
            Issue.record("printf failed")
        }
        if case .success(let output) = run("cat", ["/monocle/no/such/file"]) {
            #expect(output.status == 1 && output.standardError.contains("No such file"))
        } else {
            Issue.record("cat did not run")
        }
    }

    @Test func missingProgramNamesItsPackage() {
        let error = ImagingError.missingProgram(
            name: "pdftoppm", package: "poppler-utils", purpose: "renders PDF pages")
        #expect("\(error)".contains("apt install poppler-utils"))
    }
}
