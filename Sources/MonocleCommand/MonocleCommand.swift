// The command line's root: parses, runs a verb, turns errors into messages and exit codes. Knows the verbs, not what they do.

import ArgumentParser
import Foundation

struct MonocleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monocle",
        abstract: "Run, make and measure NVFP4 vision-language models on machines you own.",
        discussion: """
            Models are published Hugging Face folders, used as they lie on disk. --model DIR names one; without it \
            $MONOCLE_MODEL does, or else the small model that ships with Monocle answers.

            Exit codes: 0 done; 2 the command line, a question, image or document is at fault; 3 the model folder is; \
            4 this machine lacks something, such as memory; 70 a defect of Monocle.
            """,
        version: "monocle \(Version.current)",
        subcommands: [
            Ask.self, Chat.self, Serve.self, Batch.self, Tokenize.self, Inspect.self, Doctor.self, Bench.self,
            Synth.self,
            Quantize.self,
            Train.self, Distill.self, DocumentsVerb.self, DocumentWorker.self, Eval.self,
            DecodeImage.self,
            RunConfined.self,
            CheckConfinement.self,
        ])
}

enum Version {
    static let current = "0.1.0"
}

@main
enum Main {
    /// A verb that waits for nothing runs on this thread, the only one of its process: the children that read untrusted files are
    /// such verbs.
    static func main() {
        do {
            var command = try MonocleCommand.parseAsRoot()
            if let asynchronous = command as? any AsyncParsableCommand {
                runToEnd(asynchronous)
            } else {
                try command.run()
            }
        } catch {
            Failure.exit(with: error)
        }
    }

    private static func runToEnd(_ command: sending any AsyncParsableCommand) -> Never {
        Task {
            var command = command
            do {
                try await command.run()
                exit(0)
            } catch {
                Failure.exit(with: error)
            }
        }
        dispatchMain()
    }
}
