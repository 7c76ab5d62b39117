// Options of the verbs that answer requests in OpenAI's form: names, limits, images. Knows settings, not how they are kept.

import ArgumentParser
import Foundation
import OpenAIAPI

struct RequestOptions: ParsableArguments {
    @Option(help: "Names under which requests ask for the model, with commas. Default: the folder's name.")
    var servedModelName: String?

    @Option(help: "Hosts from which https image URLs are fetched, with commas, or all. Default: none.")
    var imageHosts: String?

    @Flag(help: "Decode images in this process instead of a confined child, and start pdftoppm and ffmpeg unconfined.")
    var trustMedia = false

    @Option(help: ArgumentHelp("Set a limit; may be given several times.", valueName: "name=value"))
    var limit: [String] = []

    /// What was given, by the settings' keys.
    func values() throws -> [String: String] {
        var values: [String: String] = [:]
        values["served-model-name"] = servedModelName
        values["image-hosts"] = imageHosts
        if trustMedia { values["trust-media"] = "true" }
        for setting in limit {
            let words = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard words.count == 2, let key = Limits.Key(rawValue: words[0]) else {
                let names = Limits.Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--limit \(setting) is not NAME=VALUE with a name of \(names)")
            }
            values["limit.\(key.rawValue)"] = words[1]
        }
        return values
    }

    /// This executable, which decodes images as a child.
    static var program: String? {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(percentEncoded: false)
    }
}
