import Foundation
import Scoring
import TestSupport

/// The optional data of long texts, where a machine has it: Debian's wordnet-base, and jieba's package folder named by
/// MONOCLE_JIEBA or unpacked beside the development data.
enum Languages {
    static let jieba: String? = {
        let named = ProcessInfo.processInfo.environment["MONOCLE_JIEBA"]
        let places = [named, Goldens.data?.appending(path: "jieba").path].compactMap { $0 }
        return places.first { FileManager.default.fileExists(atPath: $0 + "/dict.txt") }
    }()

    static let hasWordNet = FileManager.default.fileExists(atPath: LanguageData.wordNetFolder + "/data.noun")

    static let data: LanguageData = (try? LanguageData(jieba: jieba, wordNet: nil)) ?? .none
}
