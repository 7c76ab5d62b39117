// Decodes an image that nobody vouches for in a child process. Knows the child's command line, not what it does inside.

import Foundation
import Imaging

/// The child is this program under another verb, with limits on memory, time and files and without a network. Its death
/// costs the image it was decoding.
struct ChildDecoder: Sendable {
    let program: String
    /// Seconds.
    let timeout: Double
    let leash: ChildLeash

    /// The verb that runs `DecoderChild`.
    static let verb = "decode-image"

    func decode(_ data: Data, _ limits: ImageLimits) throws(ImagingError) -> PixelImage {
        // Refused here already: what is too large, or no image at all.
        let header = try ImageHeader(data.bytes, limits: limits)
        let pixels = 3 * header.width * header.height
        var process = ChildProcess(
            program: program,
            arguments: [
                Self.verb, "\(limits.bytes)", "\(limits.pixels)", "\(limits.side)", "\(limits.decodedBytes)",
                "\(limits.scans)",
            ],
            timeout: timeout, outputLimit: pixels + 64, memoryLimit: limits.decodedBytes + (1 << 30))
        process.leash = leash
        let output: ChildProcess.Output
        do {
            output = try process.run(input: .data(data))
        } catch {
            switch error {
            case .timedOut: throw .timedOut(name: "the decoder", seconds: timeout)
            case .calledOff: throw .calledOff
            case .notFound, .notStarted, .outputRefused: throw .decoderUnavailable
            }
        }
        switch output.status {
        case 0:
            guard let image = PortablePixmap.image(output.standardOutput.span.bytes) else { throw .decoderUnavailable }
            return image
        case DecoderChild.refused:
            throw .corrupt(format: header.format.rawValue, detail: "it cannot be decoded")
        default: throw .decoderUnavailable
        }
    }
}
