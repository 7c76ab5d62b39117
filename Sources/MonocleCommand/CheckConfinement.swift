// `monocle check-confinement`: the child process that tries what children which read untrusted files should not be able to.

import ArgumentParser
import Imaging

struct CheckConfinement: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Confinement.verb, abstract: "Try out how far decoders are confined, for monocle doctor and serve.",
        shouldDisplay: false)

    func run() throws { throw ExitCode(ConfinementCheck.run()) }
}
