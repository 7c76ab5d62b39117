// `monocle decode-image`: the child process in which `monocle serve` decodes an image that nobody vouches for.

import ArgumentParser
import Imaging

struct DecodeImage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode-image", abstract: "Decode an image on standard input for monocle serve.",
        shouldDisplay: false)

    @Argument var bytes: Int
    @Argument var pixels: Int
    @Argument var side: Int
    @Argument var decodedBytes: Int
    @Argument var scans: Int

    func run() throws {
        throw ExitCode(
            DecoderChild.run(
                limits: ImageLimits(bytes: bytes, pixels: pixels, side: side, decodedBytes: decodedBytes, scans: scans))
        )
    }
}
