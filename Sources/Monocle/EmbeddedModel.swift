// The model that ships with the package. Knows where its folder is, not what is in it.

public import Foundation

/// A small model of the published architecture, trained and quantised with Monocle: a demonstration that
/// reads documents like those it was made with. Its card is `docs/monocle-mini.md`.
public enum EmbeddedModel {
    public static let name = "monocle-mini"

    /// The checkpoint folder: in the resources beside the program, or in the sources that it was built from; nil when
    /// neither is there.
    public static var url: URL? {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let places = [
            program.appending(path: "monocle_Monocle.resources/\(name)"),
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources/\(name)"),
        ]
        return places.first {
            FileManager.default.fileExists(atPath: $0.appending(path: "config.json").path(percentEncoded: false))
        }
    }
}
