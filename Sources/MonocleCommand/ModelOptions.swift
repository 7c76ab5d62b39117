// Options several verbs share: which model, and how it runs.

import ArgumentParser
import Foundation

/// `--model DIR`, or `$MONOCLE_MODEL`.
struct ModelFolderOption: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp("A published checkpoint folder. Default: $MONOCLE_MODEL.", valueName: "dir"))
    var path: String?

    func url() throws -> URL {
        guard let path = path ?? ProcessInfo.processInfo.environment["MONOCLE_MODEL"], !path.isEmpty else {
            throw UsageError(
                """
                no model: name a checkpoint folder with --model DIR or in $MONOCLE_MODEL. To try Monocle without one, \
                `monocle synth --shape tiny --format nvfp4 --out DIR` makes a small random checkpoint
                """)
        }
        return URL(filePath: path, directoryHint: .isDirectory)
    }
}
