// From what a message's part refers to, to bytes that may be decoded. Knows what is accepted, not how it is decoded.

import Foundation
import Imaging
import Monocle
import OpenAIAPI
import Prompting

struct MediaSource: Sendable {
    private let limits: Limits
    private let fetcher: ImageFetcher?
    private let program: String?
    private let memory: Budget
    private let documentPlaces: Budget
    private let videoPlaces: Budget
    /// Images of earlier requests, cut into tiles.
    let kept: CutImages

    init(settings: ServerSettings, program: String?) {
        limits = settings.limits
        self.program = program
        fetcher = settings.imageHosts == .none ? nil : ImageFetcher(hosts: settings.imageHosts, limits: settings.limits)
        memory = Budget(settings.limits[.decodedBytesTotal], of: "memory")
        documentPlaces = Budget(settings.limits[.documentsAtOnce], of: "renderer of documents")
        videoPlaces = Budget(settings.limits[.videosAtOnce], of: "decoder of videos")
        kept = CutImages(limit: settings.limits[.keptImageBytes])
    }

    /// Checks types and fetches addresses.
    func sources(_ attachments: [OpenAIMessages.Attachment]) async throws -> [Inquiry.Source] {
        var sources: [Inquiry.Source] = []
        for attachment in attachments {
            let data: Data
            var type = ""
            switch attachment.media {
            case .data(let bytes, let declared): (data, type) = (bytes, declared)
            case .remote(let url):
                guard attachment.kind != .video else {
                    throw APIError(
                        400, "invalid_video", param: attachment.path,
                        "\(attachment.path) is a web address; a video is sent as a data URL")
                }
                guard let fetcher else {
                    throw APIError(
                        400, "image_url_not_allowed", param: attachment.path,
                        "\(attachment.path) is a web address, and this server fetches none; send a data URL")
                }
                data = try await fetcher.fetch(url, param: attachment.path)
            case .file:
                throw APIError(
                    400, APIError.code(ofMediaAt: attachment.path), param: attachment.path,
                    "\(attachment.path) names a file; send a data URL")
            }
            try check(data, declared: type, attachment)
            sources.append(Inquiry.Source(.data(data, name: attachment.path), attachment))
        }
        return sources
    }

    /// The bytes must be of a kind that is accepted where they stand, and what their type says.
    private func check(
        _ data: Data, declared type: String, _ attachment: OpenAIMessages.Attachment
    ) throws(APIError) {
        let path = attachment.path
        let format: ImageFormat
        do throws(ImagingError) {
            format = try ImageFormat(sniffing: data.bytes)
        } catch {
            throw APIError(any: ImagingError.file(path, error))
        }
        switch attachment.kind {
        case .document:
            guard format == .pdf else {
                throw APIError(
                    400, "invalid_document", param: path, "\(path) is \(format.rawValue) data, not a PDF document")
            }
        case .video:
            guard format.isVideo else {
                throw APIError(
                    415, "unsupported_video", param: path,
                    "\(path) is \(format.rawValue) data; accepted here are MP4, WebM, Matroska and AVI")
            }
            guard type.isEmpty || type == "application/octet-stream" || type.hasPrefix("video/") else {
                throw APIError(
                    415, "unsupported_video", param: path, "\(path) says a media type that is not video/…")
            }
        case .image:
            guard format != .pdf, !format.isVideo else {
                throw APIError(
                    415, "unsupported_image", param: path,
                    """
                    \(path) is \(format == .pdf ? "a PDF document" : "a video"); accepted here are JPEG, PNG and WebP, a PDF \
                    in a part of type file, and a video in one of type video_url
                    """)
            }
            try checkImage(type, format, path)
        }
    }

    private func checkImage(_ type: String, _ format: ImageFormat, _ path: String) throws(APIError) {
        let known = ["image/jpeg": ImageFormat.jpeg, "image/jpg": .jpeg, "image/png": .png, "image/webp": .webP]
        if let declared = known[type], declared != format {
            throw APIError(
                400, "invalid_image", param: path,
                "\(path) says \(declared.rawValue) and its bytes are \(format.rawValue)")
        }
        guard type.isEmpty || type == "application/octet-stream" || known[type] != nil else {
            throw APIError(
                415, "unsupported_image", param: path,
                "\(path) says a media type that is not accepted; accepted are image/jpeg, image/png and image/webp")
        }
    }

    /// Starts other programs confined, by this program under another verb.
    private var launcher: [String] { program.map { [$0, ConfinedProgram.verb] } ?? [] }

    private var imageLimits: ImageLimits {
        ImageLimits(
            bytes: limits[.imageBytes], pixels: limits[.imagePixels], side: limits[.imageSide],
            decodedBytes: limits[.decodedBytes])
    }

    /// The loader for a request's images, with the server's limits.
    /// - Parameter leash: what its child processes can be called off by.
    func loader(on leash: ChildLeash) -> ImageLoader {
        var pdf = PDFRenderer(
            shortSide: limits[.pdfShortSide], longSide: limits[.pdfLongSide], timeout: Double(limits[.pdfSeconds]),
            bytes: limits[.pdfBytes])
        pdf.launcher = launcher
        pdf.leash = leash
        var loader = ImageLoader(limits: imageLimits, pdf: pdf, pagesPerDocument: limits[.pdfPages])
        loader.wholeDocuments = true
        loader.video = VideoDecoder(
            limits: VideoLimits(
                bytes: limits[.videoBytes], pixels: limits[.videoPixels], side: limits[.imageSide],
                frames: limits[.videoFrames], timeout: Double(limits[.videoSeconds])))
        loader.video.launcher = launcher
        loader.video.leash = leash
        if let program {
            let decoder = ChildDecoder(program: program, timeout: Double(limits[.imageSeconds]), leash: leash)
            loader.decode = { (data, limits) throws(ImagingError) in try decoder.decode(data, limits) }
        }
        return loader
    }

    /// Reserves what decoding takes, waiting while others have it: a place among the videos and the documents being decoded,
    /// which can take long, and then memory, so that nobody holds memory while he waits for a place.
    func reserve(_ sources: [Inquiry.Source]) async throws -> [Budget.Share] {
        let total = try decodedBytes(sources)
        let formats = sources.map { ImageLoader.format(of: $0.image) }
        var places: [Budget] = []
        if formats.contains(.pdf) { places.append(documentPlaces) }
        if formats.contains(where: { $0?.isVideo == true }) { places.append(videoPlaces) }
        var shares: [Budget.Share] = []
        let patience = Duration.seconds(limits[.queueSeconds])
        for place in places { shares.append(try await place.reserve(1, within: patience)) }
        shares.append(try await memory.reserve(total, within: patience))
        return shares
    }

    private func decodedBytes(_ sources: [Inquiry.Source]) throws(APIError) -> Int {
        var total = 0
        for source in sources {
            guard case .data(let data, let path) = source.image else { continue }
            let format = ImageLoader.format(of: source.image)
            if format?.isVideo == true {
                // The frame that arrives, the frame that is cut, and what has been cut, a mebibyte a tile.
                total += 6 * limits[.videoPixels] + limits[.videoFrames] << 20
                continue
            }
            if format == .pdf {
                let pages = min(source.pages?.count ?? limits[.pdfPages], limits[.pdfPages])
                total += 3 * limits[.pdfShortSide] * limits[.pdfLongSide] * pages
                continue
            }
            do throws(ImagingError) {
                let header = try ImageHeader(data.bytes, limits: imageLimits)
                total += 4 * header.width * header.height
            } catch {
                throw APIError(any: ImagingError.file(path, error))
            }
        }
        guard total <= limits[.decodedBytes] else {
            throw APIError(
                400, "invalid_image", param: "messages",
                "the images decode to \(total) bytes; the limit decoded-bytes is \(limits[.decodedBytes])")
        }
        return total
    }
}
