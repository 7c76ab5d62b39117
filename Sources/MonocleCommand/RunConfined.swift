// `monocle run-confined`: the child process that becomes pdftoppm or ffmpeg for `monocle serve`.

import ArgumentParser
import Imaging

struct RunConfined: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ConfinedProgram.verb,
        abstract: "Become another program, without network, processes or files to write, for monocle serve.",
        shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough) var command: [String]

    func run() throws { throw ExitCode(ConfinedProgram.run(command)) }
}
