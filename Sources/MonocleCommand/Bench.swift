// `monocle bench`: measures a model here, or a server. Knows its verbs alone.

import ArgumentParser

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a model on this machine (model, the default), or a server under load (serve).",
        subcommands: [BenchModel.self, BenchServe.self], defaultSubcommand: BenchModel.self)
}
