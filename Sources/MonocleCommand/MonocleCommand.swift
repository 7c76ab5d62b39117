// The command line's root. Knows the verbs, not what they do.

import ArgumentParser

@main
struct MonocleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monocle",
        abstract: "Run, make and measure NVFP4 vision-language models on machines you own.")
}
