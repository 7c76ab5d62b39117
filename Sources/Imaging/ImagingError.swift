// What can be wrong with an image or a document. Every case is a fault of the input or of the machine's programs.

/// A refusal to turn a file into pixels, worded for the person who gave the file.
package indirect enum ImagingError: Error, Equatable, CustomStringConvertible {
    /// Something about the named file: wraps the reason found in its bytes.
    case file(String, ImagingError)
    case missing
    /// A directory, a device, a pipe.
    case notAFile(found: String)
    case unreadable(reason: String)
    case empty
    /// `found` is a name such as "a GIF image", or nil when the bytes are not recognised.
    case unsupported(found: String?)
    /// A recognised format in a variant that is not decoded.
    case variant(format: String, found: String, expected: String)
    case truncated(format: String, detail: String)
    case corrupt(format: String, detail: String)
    /// A size over a limit of `ImageLimits`; `unit` follows both numbers.
    case overLimit(what: String, found: Int, allowed: Int, unit: String)
    case outOfMemory(bytes: Int)
    /// A parameter of the request, not a fault of the file.
    case parameter(name: String, found: String, expected: String)
    case pageOutOfRange(page: Int, pages: Int)
    /// A video of which there is no frame to look at.
    case noFrames
    case encryptedPDF
    /// `purpose` is what it is needed for, as in "renders PDF pages".
    case missingProgram(name: String, package: String, purpose: String)
    case programFailed(name: String, reason: String)
    case timedOut(name: String, seconds: Double)
    /// The child process that decodes ended without an answer.
    case decoderUnavailable
    /// Whoever asked does not want the answer any more.
    case calledOff

    /// The formats that are decoded, as messages name them.
    package static let acceptedFormats = "JPEG, PNG, WebP, PDF and video (MP4, WebM, Matroska, AVI)"

    package var description: String {
        switch self {
        case .file(let name, let error):
            "\(name): \(error)"
        case .missing:
            "no such file"
        case .notAFile(let found):
            "is \(found), expected a regular file"
        case .unreadable(let reason):
            "cannot be read: \(reason)"
        case .empty:
            "is empty (0 bytes), expected an image; accepted are \(Self.acceptedFormats)"
        case .unsupported(let found?):
            "is \(found), which is not accepted; accepted are \(Self.acceptedFormats)"
        case .unsupported(nil):
            "is of no recognised image type; accepted are \(Self.acceptedFormats)"
        case .variant(let format, let found, let expected):
            "\(format) data with \(found), expected \(expected)"
        case .truncated(let format, let detail):
            "truncated \(format) data: \(detail)"
        case .corrupt(let format, let detail):
            "corrupt \(format) data: \(detail)"
        case .overLimit(let what, let found, let allowed, let unit):
            "\(what) is \(found) \(unit), the limit is \(allowed) \(unit)"
        case .outOfMemory(let bytes):
            "not enough memory for \(bytes) bytes of pixels"
        case .parameter(let name, let found, let expected):
            "\(name) is \(found), expected \(expected)"
        case .pageOutOfRange(let page, let pages):
            "page \(page) was asked for, the document has \(pages) page\(pages == 1 ? "" : "s")"
        case .noFrames:
            "the video has no frames"
        case .encryptedPDF:
            "the PDF is encrypted with a password; save it without one and try again"
        case .missingProgram(let name, let package, let purpose):
            "the program \(name), which \(purpose), is not installed; install it with: apt install \(package)"
        case .programFailed(let name, let reason):
            "\(name) failed: \(reason)"
        case .timedOut(let name, let seconds):
            "\(name) took more than \(seconds.formatted()) seconds and was stopped"
        case .decoderUnavailable:
            "the process that decodes images ended without an answer"
        case .calledOff:
            "decoding was called off"
        }
    }
}

extension Double {
    /// "10" for 10, "0.5" for 0.5.
    fileprivate func formatted() -> String {
        self == rounded() && magnitude < 1e15 ? String(Int(self)) : String(self)
    }
}
