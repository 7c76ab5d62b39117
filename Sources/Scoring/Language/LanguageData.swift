// The two data sets that long texts are scored with, which users fetch themselves. Knows where they come from.

import Foundation

/// Chinese word segmentation and English synonyms; either may be absent.
package struct LanguageData: Sendable {
    package enum Part: Sendable, Equatable {
        case segmenter
        case wordNet

        /// What to do about it.
        package var remedy: String {
            switch self {
            case .segmenter:
                "jieba's dictionary is needed: `pip download jieba==0.42.1`, unpack it, and name its folder `jieba` "
                    + "(with dict.txt and finalseg/) with --jieba"
            case .wordNet:
                "WordNet 3.0 is needed: install Debian's wordnet-base, or name a folder with data.noun and index.noun "
                    + "with --wordnet"
            }
        }
    }

    package let segmenter: ChineseSegmenter?
    package let wordNet: WordNet?

    package static let none = LanguageData(segmenter: nil, wordNet: nil)
    /// Where Debian puts WordNet.
    package static let wordNetFolder = "/usr/share/wordnet"

    package init(segmenter: ChineseSegmenter?, wordNet: WordNet?) {
        self.segmenter = segmenter
        self.wordNet = wordNet
    }

    /// - Parameter jieba: folder of the package; nil for none.
    /// - Parameter wordNet: folder of WordNet's files; nil for Debian's, when it is there.
    package init(jieba: String?, wordNet: String?) throws(ScoringError) {
        segmenter = try jieba.map { path throws(ScoringError) in try ChineseSegmenter(folder: path) }
        let folder = wordNet ?? Self.wordNetFolder
        let isThere = FileManager.default.fileExists(atPath: folder + "/data.noun")
        self.wordNet = wordNet != nil || isThere ? try WordNet(folder: folder) : nil
    }
}
