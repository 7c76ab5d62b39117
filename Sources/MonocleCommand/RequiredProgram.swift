// Programs that Monocle starts as child processes. Knows their names and packages, not how they are called.

import Imaging

package struct RequiredProgram: Sendable {
    package let name: String
    /// The Debian and Ubuntu package.
    package let package: String
    package let purpose: String

    package static let all = [
        RequiredProgram(name: "pdftoppm", package: "poppler-utils", purpose: "renders PDF pages"),
        RequiredProgram(name: "pdfinfo", package: "poppler-utils", purpose: "counts PDF pages"),
        RequiredProgram(name: "ffmpeg", package: "ffmpeg", purpose: "decodes videos"),
        RequiredProgram(name: "ffprobe", package: "ffmpeg", purpose: "lists the frames of videos"),
    ]

    /// Where `PATH` finds it; nil when it is missing.
    package var path: String? { ChildProcess.find(name) }
}
