// From a file, bytes or pixels in memory to images. Knows where they come from, not what is asked about them.

package import Foundation

/// Where an image or a document comes from.
package enum ImageSource: Sendable {
    case file(URL)
    /// Bytes and the name that messages give them.
    case data(Data, name: String)
    /// An image that is decoded already, and the name that messages give it.
    case pixels(PixelImage, name: String)

    package var name: String {
        switch self {
        case .file(let url): url.relativePath
        case .data(_, let name), .pixels(_, let name): name
        }
    }
}

/// Reads, checks and decodes. Every error is an `ImagingError.file` that names the source.
package struct ImageLoader: Sendable {
    package var limits: ImageLimits
    package var pdf: PDFRenderer
    package var video = VideoDecoder()
    /// Pages of a document that one source may ask for.
    package var pagesPerDocument: Int
    /// Whether a document of which no pages are named stands for all of them, or for its first.
    package var wholeDocuments = false
    /// Decodes an image; by default in this process.
    package var decode: @Sendable (Data, ImageLimits) throws(ImagingError) -> PixelImage = {
        (data, limits) throws(ImagingError) in try PixelImage(decoding: data.bytes, limits: limits)
    }

    package init(limits: ImageLimits = ImageLimits(), pdf: PDFRenderer = PDFRenderer(), pagesPerDocument: Int = 4) {
        self.limits = limits
        self.pdf = pdf
        self.pagesPerDocument = pagesPerDocument
    }

    /// The images of a source: one for an image file, one for each asked page of a PDF.
    ///
    /// - Parameters:
    ///   - pages: page numbers from 1. Nil is page 1 of a PDF; naming pages of an image file is an error.
    ///   - frames: nil; anything else is an error, as only a video has frames.
    package func load(
        _ source: ImageSource, pages: ClosedRange<Int>? = nil, frames: FrameSelection? = nil
    ) throws(ImagingError) -> [PixelImage] {
        do throws(ImagingError) {
            guard frames == nil else {
                throw .parameter(
                    name: "frames", found: "given for an image", expected: "none: only a video has frames")
            }
            switch source {
            case .file(let url): return try load(file: url, pages: pages)
            case .data(let data, _): return try load(data: data, pages: pages)
            case .pixels(let image, _):
                try Self.checkNoPages(pages)
                return [image]
            }
        } catch {
            throw .file(source.name, error)
        }
    }

    /// Decodes a source, one frame if it is a video, to see whether that can be done.
    package func check(_ source: ImageSource, pages: ClosedRange<Int>? = nil) throws(ImagingError) {
        if Self.format(of: source)?.isVideo == true {
            _ = try frames(of: source, .spread(1), pages: pages) { _ in }
        } else {
            _ = try load(source, pages: pages)
        }
    }

    /// What a source begins as; nil for what is not accepted, for a file that cannot be read, for pipes and devices, and for
    /// pixels.
    package static func format(of source: ImageSource) -> ImageFormat? {
        switch source {
        case .file(let url):
            guard (try? regularFileSize(url)) != nil, let beginning = try? beginning(of: url) else { return nil }
            return try? ImageFormat(sniffing: beginning.bytes)
        case .data(let data, _): return try? ImageFormat(sniffing: data.bytes)
        case .pixels: return nil
        }
    }

    /// The bytes that say what a file is.
    static func beginning(of url: URL) throws(ImagingError) -> Data {
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            return try handle.read(upToCount: ImageFormat.sniffedBytes) ?? Data()
        } catch {
            throw .unreadable(reason: reason(error))
        }
    }

    /// The frames of a video, one after another, so that only one of them is held in its own size.
    /// - Parameter pages: nil; anything else is an error, as only a PDF has pages.
    /// - Returns: the numbers of the frames.
    package func frames(
        of source: ImageSource, _ selection: FrameSelection, pages: ClosedRange<Int>? = nil,
        take: (PixelImage) -> Void
    ) throws(ImagingError) -> [Int] {
        do throws(ImagingError) {
            try Self.checkNoPages(pages)
            return try video.frames(of: source, selection, take: take)
        } catch {
            throw .file(source.name, error)
        }
    }

    private func load(file url: URL, pages: ClosedRange<Int>?) throws(ImagingError) -> [PixelImage] {
        let size = try Self.regularFileSize(url)
        guard size > 0 else { throw .empty }
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            let beginning = try handle.read(upToCount: ImageFormat.sniffedBytes) ?? Data()
            if try ImageFormat(sniffing: beginning.bytes) == .pdf { return try render(url, size: size, pages: pages) }
            try limits.check(byteCount: size)
            // One byte more than allowed shows a file that grew since its size was asked.
            let rest = try handle.read(upToCount: limits.bytes - beginning.count + 1) ?? Data()
            return [try image(beginning + rest, pages: pages)]
        } catch let error as ImagingError {
            throw error
        } catch {
            throw .unreadable(reason: Self.reason(error))
        }
    }

    private func load(data: Data, pages: ClosedRange<Int>?) throws(ImagingError) -> [PixelImage] {
        guard try ImageFormat(sniffing: data.bytes) == .pdf else { return [try image(data, pages: pages)] }
        let url = FileManager.default.temporaryDirectory.appending(path: "monocle-\(UUID().uuidString).pdf")
        let isWritten = FileManager.default.createFile(
            atPath: url.path, contents: data, attributes: [.posixPermissions: 0o600])
        defer { try? FileManager.default.removeItem(at: url) }
        guard isWritten else { throw .unreadable(reason: "no room for a temporary file at \(url.path)") }
        return try render(url, size: data.count, pages: pages)
    }

    private func image(_ data: Data, pages: ClosedRange<Int>?) throws(ImagingError) -> PixelImage {
        try Self.checkNoPages(pages)
        return try decode(data, limits)
    }

    private static func checkNoPages(_ pages: ClosedRange<Int>?) throws(ImagingError) {
        guard pages == nil else {
            throw .parameter(
                name: "page", found: "given for an image or a video", expected: "none: only a PDF has pages")
        }
    }

    private func render(_ url: URL, size: Int, pages asked: ClosedRange<Int>?) throws(ImagingError) -> [PixelImage] {
        guard size <= pdf.bytes else {
            throw .overLimit(what: "the PDF", found: size, allowed: pdf.bytes, unit: "bytes")
        }
        var pages = asked ?? 1...1
        if asked == nil, wholeDocuments { pages = 1...max(try pdf.pageCount(of: url.absoluteURL), 1) }
        guard pages.count <= pagesPerDocument else {
            throw .overLimit(what: "the page range", found: pages.count, allowed: pagesPerDocument, unit: "pages")
        }
        var images: [PixelImage] = []
        for page in pages { images.append(try pdf.render(url.absoluteURL, page: page)) }
        return images
    }

    /// Bytes of a regular file, or why there is none.
    static func regularFileSize(_ url: URL) throws(ImagingError) -> Int {
        var status = stat()
        guard stat(url.path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .missing }
            throw .unreadable(reason: String(cString: strerror(errno)))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR: throw .notAFile(found: "a directory")
        case S_IFIFO: throw .notAFile(found: "a pipe")
        case S_IFSOCK: throw .notAFile(found: "a socket")
        default: throw .notAFile(found: "a device")
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError,
            underlying.domain == NSPOSIXErrorDomain
        {
            return String(cString: strerror(Int32(truncatingIfNeeded: underlying.code)))
        }
        return error.localizedDescription
    }
}
